"""Every object as an MCP resource, `k8s://{context}/{namespace}/{kind}/{name}`, and what completes such an address.

Something without a namespace has a hyphen in its place, which no namespace can be called.
"""

from __future__ import annotations

from itertools import islice
from typing import Annotated

from pydantic import Field

from mcp_kubernetes import (
    Effect,
    InvalidArguments,
    Name,
    Object,
    ResourceTemplate,
    ResourceType,
    Rows,
    ToolCall,
    completion,
    tool,
)
from mcp_kubernetes_resources.ways import name_column

NOWHERE = "-"

_LOOKED_AT = 10_000
"""Names that a completion looks at: who has more types more of it."""

Place = Annotated[str, Field(max_length=63, description="Namespace, or - for none.")]
Typed = Annotated[str, Field(max_length=1_024, description="What was typed so far.")]


@tool(effect=Effect.READ)
async def read_object(call: ToolCall, namespace: Place, kind: ResourceType, name: Name) -> Object:
    """Read the object at an address."""
    where = _where(namespace)
    resource = await call.cluster.resource(kind, None, where)
    if resource.namespaced is (where is None):
        raise InvalidArguments(
            f"{resource.kind} has no namespaces." if where else f"{resource.kind} is kept in namespaces.",
            hint="Write - in the place of the namespace." if where else "Name one.",
        )
    return await call.cluster.get(kind, name, where)


@tool(effect=Effect.READ)
async def complete_namespace(call: ToolCall, value: Typed) -> Rows:
    """Complete a namespace."""
    return completion([NOWHERE, *await _names(call, "namespaces", None)], value)


@tool(effect=Effect.READ)
async def complete_kind(call: ToolCall, value: Typed, namespace: Place) -> Rows:
    """Complete a kind: one that the caller may list there."""
    return completion(await call.cluster.kinds(_where(namespace)), value)


@tool(effect=Effect.READ)
async def complete_name(call: ToolCall, value: Typed, namespace: Place, kind: ResourceType) -> Rows:
    """Complete the name of an object."""
    return completion(await _names(call, kind, _where(namespace)), value)


async def _names(call: ToolCall, kind: str, namespace: str | None) -> list[str]:
    names: list[str] = []
    async for page in call.cluster.table(kind, namespace):
        column = name_column(page)
        names += [str(row[column]) for row in islice(page, _LOOKED_AT - len(names))]
        if len(names) == _LOOKED_AT:
            break
    return names


def _where(namespace: str) -> str | None:
    return None if namespace == NOWHERE else namespace


OBJECTS = ResourceTemplate(
    "k8s://{context}/{namespace}/{kind}/{name}",
    name="object",
    description="One object; the namespace of something without one is -.",
    read=read_object,
    complete={"namespace": complete_namespace, "kind": complete_kind, "name": complete_name},
)
