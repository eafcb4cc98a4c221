"""Whose an object is: the chain of its controllers, from a pod to its ReplicaSet to the Deployment behind that."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mcp_kubernetes import Object, Rows, Text, ToolCall, ToolError

MOST_OWNERS = 4
"""Of the chain; the first costs no request, each further one does."""


async def owners(call: ToolCall, found: Object) -> Sequence[Text | Rows]:
    """The chain, the nearest owner first. Where it breaks off becomes a note."""
    chain: list[tuple[str, str]] = []
    owned: Object | None = found
    while owned and (owner := _controller(owned)):
        chain.append((str(owner.get("kind")), str(owner.get("name"))))
        owned = await _read(call, owner, found.at(".metadata.namespace")) if len(chain) < MOST_OWNERS else None
    return [Text("Owned by:"), Rows(("KIND", "NAME"), chain)] if chain else []


def _controller(owned: Object) -> Mapping[str, Any] | None:
    """The owner that manages the object; else the first of those that keep it from being garbage."""
    references = [one for one in owned.all(".metadata.ownerReferences[*]") if isinstance(one, dict)]
    managing = [one for one in references if one.get("controller")]
    return next(iter(managing or references), None)


async def _read(call: ToolCall, owner: Mapping[str, Any], namespace: str | None) -> Object | None:
    kind, name = f"{owner.get('apiVersion')}/{owner.get('kind')}", str(owner.get("name"))
    try:
        resource = await call.cluster.resource(kind, None, namespace)
        return await call.cluster.get(kind, name, namespace if resource.namespaced else None, full=True)
    except ToolError as error:
        call.notes.add("Its owner {kind} {name} could not be read: {error}", kind=kind, name=name, error=error)
        return None
