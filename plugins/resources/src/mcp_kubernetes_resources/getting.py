"""`k8s_get_resource`: one object or several, slim, whole, or some fields of them."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import Field

from mcp_kubernetes import (
    APIGroup,
    Effect,
    InvalidArguments,
    Namespace,
    Object,
    ResourceType,
    Rows,
    ToolCall,
    ToolError,
    tool,
)
from mcp_kubernetes_resources.columns import parts

MOST_NAMES = 20
"""In one call."""

_AT_ONCE = 4

Names = Annotated[str, Field(min_length=1, max_length=MOST_NAMES * 254, description="Name, or several: a,b.")]
Fields = Annotated[str | None, Field(max_length=4_000, description="Only these paths: .status,.spec.replicas.")]
Full = Annotated[bool, Field(description="Keep defaults and managedFields.")]
Output = Annotated[Literal["yaml", "json"], Field(description="Form.")]


@tool(effect=Effect.READ, title="Get resource", max_bytes=True)
async def k8s_get_resource(
    call: ToolCall,
    resource_type: ResourceType,
    name: Names,
    api_group: APIGroup = None,
    namespace: Namespace = None,
    fields: Fields = None,
    output: Output = "json",
    full: Full = False,
) -> Object | Rows:
    """Get objects of any kind."""
    names, paths = _names(name), list(parts(fields, "fields")) if fields else []
    _check(paths)
    at_once = asyncio.Semaphore(_AT_ONCE)

    async def read(one: str) -> Object | ToolError:
        async with at_once:
            try:
                return await call.cluster.get(
                    resource_type, one, namespace, api_group=api_group, full=full, form=output
                )
            except ToolError as error:
                return error

    results = await asyncio.gather(*map(read, names))
    found = _found(call, names, results)
    chosen = [each.only(paths) for each in found] if paths else found
    if any(each.lacks_fields for each in chosen):
        call.notes.add("Fields with the usual defaults are left out; full=true shows them.")
    return chosen[0] if len(names) == 1 else Rows((), chosen)


def _names(text: str) -> list[str]:
    names = list(dict.fromkeys(text.replace(", ", ",").split(",")))
    if "" in names or len(names) > MOST_NAMES:
        raise InvalidArguments(f"name takes 1 to {MOST_NAMES} names.", hint="Write them with commas between: a,b.")
    return names


def _check(paths: Sequence[str]) -> None:
    """Refuse what is no path before anything is read."""
    try:
        Object.of({}).only(paths)
    except ValueError as error:
        raise InvalidArguments(f"fields cannot be read: {error}.", hint="Write it as .status,.spec.replicas.") from None


def _found(call: ToolCall, names: Sequence[str], results: Sequence[Object | ToolError]) -> list[Object]:
    """The objects. Raises the first failure if there are none, and notes each otherwise."""
    failures = {name: each for name, each in zip(names, results, strict=True) if isinstance(each, ToolError)}
    if len(failures) == len(results):
        raise next(iter(failures.values()))
    for name, failure in failures.items():
        call.notes.add("{name} could not be read: {failure}", name=name, failure=failure)
    return [each for each in results if isinstance(each, Object)]
