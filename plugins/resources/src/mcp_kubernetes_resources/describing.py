"""`k8s_describe_resource`: what one asks first about an object: its conditions, its events, then itself."""

from __future__ import annotations

import heapq
from collections.abc import Sequence
from typing import Annotated, Any

from pydantic import Field

from mcp_kubernetes import (
    APIGroup,
    Effect,
    Name,
    Namespace,
    Object,
    ResourceType,
    Rows,
    Selectors,
    Text,
    ToolCall,
    ToolError,
    tool,
)

EventsLimit = Annotated[int, Field(ge=0, le=1_000, description="At most this many events, the newest.")]

_EVENT: dict[str, Any] = {
    "uid": ".involvedObject.uid",
    "last": ".lastTimestamp",
    "time": ".eventTime",
    "first": ".firstTimestamp",
    "created": ".metadata.creationTimestamp",
    "type": ".type",
    "reason": ".reason",
    "count": ".count",
    "message": ".message",
}


@tool(effect=Effect.READ, title="Describe resource", max_bytes=True)
async def k8s_describe_resource(
    call: ToolCall,
    resource_type: ResourceType,
    name: Name,
    api_group: APIGroup = None,
    namespace: Namespace = None,
    events_limit: EventsLimit = 20,
) -> list[Text | Rows | Object]:
    """Describe one object: conditions, events, then the object."""
    found = await call.cluster.get(resource_type, name, namespace, api_group=api_group)
    events = await _events(call, found, events_limit)
    return [*_conditions(found), *events, Text("Object:"), _without_conditions(found)]


def _conditions(found: Object) -> list[Text | Rows]:
    conditions = [c for c in _listed(found.at(".status.conditions")) if isinstance(c, dict)]
    if not conditions:
        return []
    keys = ("type", "status", "reason", "lastTransitionTime", "message")
    rows = [tuple(condition.get(key) for key in keys) for condition in conditions]
    return [Text("Conditions:"), Rows(("TYPE", "STATUS", "REASON", "SINCE", "MESSAGE"), rows)]


def _without_conditions(found: Object) -> Object:
    """The object once more, less what the table above has shown."""
    if not _listed(found.at(".status.conditions")):
        return found
    status = {key: value for key, value in found.value["status"].items() if key != "conditions"}
    return Object.of({**found.value, "status": status})


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []


async def _events(call: ToolCall, found: Object, limit: int) -> list[Text | Rows]:
    """The newest events about this very object, not about an older one of its name."""
    if not limit:
        return []
    try:
        newest = await _newest(call, found, limit)
    except ToolError as error:
        call.notes.add("Its events could not be read: {error}", error=error)
        return []
    if not newest:
        return [Text("There are no events about it.")]
    rows = [(_when(e), e.type, e.reason, e.count or 1, e.message) for e in newest]
    return [
        Text("Events, the newest first:"),
        Rows(("LAST SEEN", "TYPE", "REASON", "COUNT", "MESSAGE"), rows),
    ]


async def _newest(call: ToolCall, found: Object, limit: int) -> Sequence[Any]:
    namespace, uid, name = (found.at(f".metadata.{key}") for key in ("namespace", "uid", "name"))
    if namespace:
        where = Selectors(field_selector=f"involvedObject.uid={uid}")
    else:
        # The kubelet writes a node's name where its uid belongs, so the uid alone would miss its events.
        where = Selectors(field_selector=f"involvedObject.name={name},involvedObject.kind={found.at('.kind')}")
    events = call.cluster.rows("v1/Event", namespace, where=where, all_namespaces=not namespace, **_EVENT)
    about = [event async for event in events if event.uid in {uid, name, None}]
    newest = heapq.nlargest(limit, about, key=_when)
    if len(about) > limit:
        call.notes.add("{shown} of {all} events are shown; ask for more with eventsLimit.", shown=limit, all=len(about))
    return newest


def _when(event: Any) -> str:
    return event.last or event.time or event.first or event.created or ""
