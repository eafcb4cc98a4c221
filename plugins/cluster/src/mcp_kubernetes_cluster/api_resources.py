"""`k8s_get_api_resources`: every resource that the cluster serves, in its preferred version, filtered."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Annotated

from pydantic import Field

from mcp_kubernetes import Effect, Header, Rows, Text, ToolCall, tool

if TYPE_CHECKING:
    from mcp_kubernetes import APIResource

APIGroup = Annotated[
    str | None, Field(max_length=300, description="Such as apps or batch/v1; core for the core group.")
]
Verbs = Annotated[str | None, Field(max_length=200, description="All of these: list,watch.")]
Namespaced = Annotated[bool | None, Field(description="Only those with, or without, namespaces.")]
Search = Annotated[str | None, Field(max_length=200, description="Part of a name, kind, group or category.")]

_COLUMNS = Header(
    ("NAME", "SHORT", "APIVERSION", "NAMESPACED", "KIND", "VERBS", "CATEGORIES", "SUBRESOURCES"), spare=(5, 6, 7)
)
_USUAL = frozenset({"create", "delete", "deletecollection", "get", "list", "patch", "update", "watch"})
_NOT_TELLING = frozenset({"status"})
"""A subresource that nearly every kind has."""


@tool(effect=Effect.READ, title="API resources", max_bytes=True)
async def k8s_get_api_resources(
    call: ToolCall,
    api_group: APIGroup = None,
    verbs: Verbs = None,
    namespaced: Namespaced = None,
    search: Search = None,
) -> Rows | Text:
    """List the kinds that the cluster serves."""
    served = await call.cluster.api_resources()
    if served.stale:
        call.notes.add(
            "Discovery is incomplete: the servers behind {stale} do not answer.", stale=", ".join(served.stale)
        )
    wanted = frozenset(filter(None, (verbs or "").replace(" ", "").split(",")))
    found = [
        each
        for each in served.resources
        if _is_in(each, api_group)
        and wanted <= each.verbs
        and namespaced in {None, each.namespaced}
        and (search is None or _mentions(each, search.lower()))
    ]
    if not found:
        return Text("None of the {all} kinds that are served is like that.", all=len(served.resources))
    if any(each.verbs == _USUAL for each in found):
        call.notes.add("VERBS: usual stands for {usual}.", usual=",".join(sorted(_USUAL)))
    return Rows(_COLUMNS, map(_row, sorted(found, key=lambda each: (each.group, each.plural))))


def _is_in(resource: APIResource, group: str | None) -> bool:
    names = {resource.group or "core", resource.api_version}
    return group is None or (group.lower() or "core") in names


def _mentions(resource: APIResource, text: str) -> bool:
    names: Iterable[str] = (resource.full_name, resource.kind.lower(), *resource.short_names, *resource.categories)
    return any(text in name for name in names)


def _row(resource: APIResource) -> tuple[str, ...]:
    return (
        resource.plural,
        ",".join(resource.short_names),
        resource.api_version,
        str(resource.namespaced).lower(),
        resource.kind,
        "usual" if resource.verbs == _USUAL else ",".join(sorted(resource.verbs)),
        ",".join(resource.categories),
        ",".join(each for each in resource.subresources if each not in _NOT_TELLING),
    )
