"""What was asked for, and why nothing came: none there, no such namespace, or nothing that matches."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mcp_kubernetes import NotFound, Selectors, ToolCall, ToolError

if TYPE_CHECKING:
    from mcp_kubernetes_resources.ways import Lines


@dataclass(frozen=True, kw_only=True)
class Scope:
    """Which objects of which kind, and where."""

    kind: str
    api_group: str | None
    namespace: str | None
    all_namespaces: bool
    selectors: Selectors

    @property
    def options(self) -> dict[str, Any]:
        """What every way to read a list takes, beside kind and namespace."""
        return {"where": self.selectors, "all_namespaces": self.all_namespaces, "api_group": self.api_group}


async def noting_none(call: ToolCall, scope: Scope, lines: Lines) -> Lines:
    """Pass everything on; an empty list says why it is empty."""
    empty = True
    async for line in lines:
        empty = False
        yield line
    if empty:
        await _note(call, scope)


async def _note(call: ToolCall, scope: Scope) -> None:
    if scope.namespace and await _is_missing(call, scope.namespace):
        call.notes.add("There is no namespace {namespace}.", namespace=scope.namespace)
    elif scope.selectors.label_selector or scope.selectors.field_selector:
        call.notes.add("Nothing matches the selector there.")
    elif not scope.selectors.where:
        call.notes.add("There are none.")


async def _is_missing(call: ToolCall, namespace: str) -> bool:
    """Whether the API server says that there is no such namespace; who may not ask is not told so."""
    try:
        await call.cluster.get("v1/Namespace", namespace)
    except NotFound:
        return True
    except ToolError:
        return False
    return False
