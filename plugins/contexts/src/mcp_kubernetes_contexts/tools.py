"""The tools that show and choose kubeconfig contexts. They send nothing to any cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

from pydantic import Field, StringConstraints

from mcp_kubernetes import Effect, Rows, Text, Tool, ToolCall, tool
from mcp_kubernetes.spi import UnknownCluster
from mcp_kubernetes_contexts.sources import KUBECONFIG

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mcp_kubernetes.spi import ClusterEntry

_PROBLEMS_SHOWN = 5

ContextName = Annotated[str, StringConstraints(min_length=1, max_length=500), Field(description="Name of the context.")]


@tool(effect=Effect.READ, title="List contexts", clustered=False)
async def k8s_list_contexts(call: ToolCall) -> Rows | Text:
    """List the kubeconfig contexts."""
    entries = await call.clusters.list(KUBECONFIG)
    current, reason = await _current(call)
    if not entries:
        return Text("{reason}", reason=reason)
    if reason:
        call.notes.add("{reason}", reason=reason)
    _note_problems(call, entries)
    return Rows(
        ("CURRENT", "NAME", "CLUSTER", "USER", "NAMESPACE", "SERVER"),
        [("*" if entry.name == current else "", *_row(entry)) for entry in entries],
    )


@tool(effect=Effect.READ, title="Current context", clustered=False)
async def k8s_get_current_context(call: ToolCall) -> Rows:
    """Show the context that calls go to when they name none."""
    entry = await call.clusters.current(KUBECONFIG)
    return Rows(("NAME", "CLUSTER", "USER", "NAMESPACE", "SERVER"), [_row(entry)])


@tool(effect=Effect.READ, title="Switch context", clustered=False)
async def k8s_switch_context(call: ToolCall, context_name: ContextName) -> Text:
    """Choose the context for the later calls of this session; no file is changed."""
    entry = await call.clusters.choose(KUBECONFIG, context_name)
    return Text("Later calls of this session go to the context {name}.", name=entry.name)


CONTEXT_TOOLS: tuple[Tool, ...] = (k8s_list_contexts, k8s_get_current_context, k8s_switch_context)


async def _current(call: ToolCall) -> tuple[str | None, str]:
    """The current context's name, or why there is none: that must not keep the list from anybody."""
    try:
        return (await call.clusters.current(KUBECONFIG)).name, ""
    except UnknownCluster as error:
        return None, str(error)


def _row(entry: ClusterEntry) -> tuple[str, ...]:
    details = entry.details
    return (
        entry.name,
        details.get("cluster", ""),
        details.get("user", ""),
        entry.namespace or "",
        entry.server,
    )


def _note_problems(call: ToolCall, entries: Sequence[ClusterEntry]) -> None:
    problems = [entry.details["problem"] for entry in entries if "problem" in entry.details]
    for problem in problems[:_PROBLEMS_SHOWN]:
        call.notes.add("{problem}", problem=problem)
    if (more := len(problems) - _PROBLEMS_SHOWN) > 0:
        call.notes.add("{more} more contexts cannot be used either.", more=more)
