"""What was asked for, and why nothing came: none there, no such namespace, or nothing that matches."""

from __future__ import annotations

from contextlib import aclosing
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from mcp_kubernetes import Forbidden, NotFound, Selectors, ToolCall, ToolError

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator

Line = TypeVar("Line")


@dataclass(frozen=True, kw_only=True)
class Scope:
    """Which objects of which kind, and where. `unmatched` says that the selectors, of whoever, match none."""

    kind: str
    api_group: str | None
    namespace: str | None
    all_namespaces: bool
    selectors: Selectors
    is_continued: bool = False
    unmatched: str = "Nothing matches the selector there."

    @property
    def options(self) -> dict[str, Any]:
        """What every way to read a list takes, beside kind and namespace."""
        return {"where": self.selectors, "all_namespaces": self.all_namespaces, "api_group": self.api_group}


async def noting_none(call: ToolCall, scope: Scope, lines: AsyncGenerator[Line]) -> AsyncGenerator[Line]:
    """Pass everything on; an empty list says why it is empty, and one that is forbidden what is not."""
    empty = True
    try:
        async with aclosing(lines):
            async for line in lines:
                empty = False
                yield line
    except Forbidden:
        if empty and await _may_get(call, scope):
            call.notes.add("This user may not list these, but may read one by its name: use k8s_get_resource.")
        raise
    if empty:
        await _note(call, scope)


async def _note(call: ToolCall, scope: Scope) -> None:
    namespace = scope.namespace or call.cluster.entry.namespace or "default"
    if scope.is_continued:
        call.notes.add("There are no more.")
    elif await _is_within(call, scope) and await _is_missing(call, namespace):
        call.notes.add("There is no namespace {namespace}.", namespace=namespace)
    elif scope.selectors.where:
        return  # the listing itself says how many it looked at
    elif scope.selectors.label_selector or scope.selectors.field_selector:
        call.notes.add(scope.unmatched)
    else:
        call.notes.add("There are none.")


async def _is_within(call: ToolCall, scope: Scope) -> bool:
    """Whether it was one namespace that was looked at."""
    if scope.all_namespaces:
        return False
    return (await call.cluster.resource(scope.kind, scope.api_group, scope.namespace)).namespaced


async def _may_get(call: ToolCall, scope: Scope) -> bool:
    """Whether the caller may read single objects; where the API server does not tell, it is not said."""
    try:
        return await call.cluster.may(
            "get", scope.kind, scope.namespace, api_group=scope.api_group, all_namespaces=scope.all_namespaces
        )
    except ToolError:
        return False


async def _is_missing(call: ToolCall, namespace: str) -> bool:
    """Whether the API server says that there is no such namespace; who may not ask is not told so."""
    try:
        await call.cluster.get("v1/Namespace", namespace)
    except NotFound:
        return True
    except ToolError:
        return False
    return False
