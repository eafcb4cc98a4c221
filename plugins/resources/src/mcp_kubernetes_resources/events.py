"""`k8s_list_events`: what happened, the newest first, with what tells the same counted as one."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import Field

from mcp_kubernetes import (
    AllNamespaces,
    Effect,
    Happening,
    Happenings,
    Namespace,
    Rows,
    Selectors,
    Tally,
    ToolCall,
    age,
    duration,
    tool,
)
from mcp_kubernetes_resources.emptiness import Scope, noting_none

About = Annotated[str | None, Field(max_length=600, description="kind/name or name they are about.")]
Types = Annotated[Literal["Normal", "Warning"] | None, Field(description="Only these.")]
Since = Annotated[str | None, Field(max_length=40, description="Only the last 10m, 2h or 1d.")]
Limit = Annotated[int | None, Field(ge=1, le=100_000, description="Most rows.")]

_SHORTEST_ROW = 24


@tool(effect=Effect.READ, title="List events", max_bytes=True)
async def k8s_list_events(
    call: ToolCall,
    namespace: Namespace = None,
    all_namespaces: AllNamespaces = False,
    object: About = None,  # noqa: A002 - the name on the wire
    types: Types = None,
    since: Since = None,
    limit: Limit = None,
) -> Rows:
    """List events, newest first, same ones counted."""
    span = None if since is None else duration(since)
    scope = await _scope(call, namespace, all_namespaces, object, types)
    return Rows((), noting_none(call, scope, _lines(call, scope, span, limit)))


async def _scope(
    call: ToolCall, namespace: str | None, all_namespaces: bool, about: str | None, types: str | None
) -> Scope:
    fields = [("type", types)] if types else []
    if about:
        kind, _, name = about.rpartition("/")
        fields.append(("involvedObject.name", name))
        if kind:
            resource = await call.cluster.resource(kind, None, namespace, all_namespaces=all_namespaces)
            fields.append(("involvedObject.kind", resource.kind))
            # Events about what has no namespace are in one that nobody would guess.
            all_namespaces = all_namespaces or (namespace is None and not resource.namespaced)
    selector = ",".join(f"{field}={_escaped(value)}" for field, value in fields)
    return Scope(
        kind=Happenings.KIND,
        api_group=None,
        namespace=namespace,
        all_namespaces=all_namespaces,
        selectors=Selectors(field_selector=selector or None),
    )


def _escaped(value: str) -> str:
    return value.replace("\\", "\\\\").replace(",", "\\,").replace("=", "\\=")


async def _lines(
    call: ToolCall, scope: Scope, span: timedelta | None, limit: int | None
) -> AsyncGenerator[Sequence[Any]]:
    most = min(limit or call.budget.left, call.budget.left // _SHORTEST_ROW)
    happenings = Happenings(most, call.now - span) if span else Happenings(most)
    await happenings.add(call.cluster.rows(scope.kind, scope.namespace, columns=Happenings.PATHS, **scope.options))
    newest = happenings.newest()
    _note(call, happenings, len(newest), most)
    first = int(not scope.all_namespaces)
    if newest:
        yield ("NAMESPACE", "LAST SEEN", "TYPE", "REASON", "OBJECT", "COUNT", "MESSAGE")[first:]
    for happening, tally in newest[:most]:
        yield _row(call, happening, tally)[first:]


def _row(call: ToolCall, happening: Happening, tally: Tally) -> Sequence[Any]:
    about = f"{happening.kind}/{happening.name}"
    told = (age(tally.last, call.now), happening.type, happening.reason, about, tally.count, happening.message)
    return (happening.namespace, *told)


def _note(call: ToolCall, happenings: Happenings, count: int, most: int) -> None:
    if happenings.older and not count:
        call.notes.add("{older} older events were passed over.", older=happenings.older)
    if count > most:
        call.notes.add("The newest {most} of {count} different events are shown.", most=most, count=count)
    if happenings.overflowed:
        call.notes.add("There are too many different events to count each: counts may be too low.")
