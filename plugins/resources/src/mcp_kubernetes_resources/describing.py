"""`k8s_describe_resource`: what one asks first about an object: conditions, whose it is, what belongs to it, events.

The object is read first, and then everything about it at once, in less than eight requests.
"""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Annotated, Any

from pydantic import Field

from mcp_kubernetes import (
    APIGroup,
    Effect,
    Happening,
    Happenings,
    Name,
    Namespace,
    Object,
    Page,
    ResourceType,
    Rows,
    Selectors,
    Tally,
    Text,
    ToolCall,
    ToolError,
    age,
    tool,
)
from mcp_kubernetes_resources.owners import owners
from mcp_kubernetes_resources.relations import Parts, named, related

EventsLimit = Annotated[int, Field(ge=0, le=1_000, description="Most events.")]

_LOOKED_AT = 500


@tool(effect=Effect.READ, title="Describe resource", max_bytes=True)
async def k8s_describe_resource(
    call: ToolCall,
    resource_type: ResourceType,
    name: Name,
    api_group: APIGroup = None,
    namespace: Namespace = None,
    events_limit: EventsLimit = 20,
) -> list[Text | Rows | Object]:
    """Describe one object: conditions, owners, related objects, events."""
    found = await call.cluster.get(resource_type, name, namespace, api_group=api_group)
    profile = await call.cluster.profile(resource_type, api_group, namespace)
    if found.lacks_fields:
        call.notes.add("Fields with the usual defaults are left out.")
    about = await _at_once(
        owners(call, found),
        *(related(call, found, relation) for relation in profile.related),
        _events(call, found, events_limit),
    )
    parts = [part for each in (*about[:-1], named(found, profile), about[-1]) for part in each]
    return [*_conditions(found), *parts, Text("Object:"), _without_conditions(found)]


async def _at_once(*reads: Coroutine[Any, Any, Parts]) -> list[Parts]:
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(read) for read in reads]
    return [task.result() for task in tasks]


def _conditions(found: Object) -> Parts:
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


async def _events(call: ToolCall, found: Object, limit: int) -> Parts:
    """The newest events about this very object, not about an older one of its name."""
    if not limit:
        return []
    try:
        happenings = await _happenings(call, found, limit)
    except ToolError as error:
        call.notes.add("Its events could not be read: {error}", error=error)
        return []
    newest = happenings.newest()
    if not newest:
        return [Text("There are no events about it.")]
    if len(newest) > limit:
        call.notes.add(
            "{shown} of {all} events are shown; ask for more with eventsLimit.", shown=limit, all=len(newest)
        )
    rows = [_row(call, *each) for each in newest[:limit]]
    return [
        Text("Events, the newest first:"),
        Rows(("LAST SEEN", "FIRST SEEN", "TYPE", "REASON", "COUNT", "MESSAGE"), rows),
    ]


def _row(call: ToolCall, happening: Happening, tally: Tally) -> tuple[Any, ...]:
    times = (age(tally.last, call.now), age(tally.first, call.now))
    return (*times, happening.type, happening.reason, tally.count, happening.message)


async def _happenings(call: ToolCall, found: Object, limit: int) -> Happenings:
    namespace, uid, name = (found.at(f".metadata.{key}") for key in ("namespace", "uid", "name"))
    if namespace:
        where = Selectors(field_selector=f"involvedObject.uid={uid}")
    else:
        # The kubelet writes a node's name where its uid belongs, so the uid alone would miss its events.
        where = Selectors(field_selector=f"involvedObject.name={name},involvedObject.kind={found.at('.kind')}")
    page = Page(limit=_LOOKED_AT)
    happenings, count = Happenings(limit), 0
    async for event in call.cluster.rows(
        Happenings.KIND, namespace, where=where, page=page, all_namespaces=not namespace, columns=Happenings.PATHS
    ):
        if event.uid in {uid, name, None}:
            happenings.take(event)
        count += 1
        if count == page.limit:
            break
    if page.cursor(shown=True):
        call.notes.add("Only the first {count} events about it were looked at.", count=count)
    return happenings
