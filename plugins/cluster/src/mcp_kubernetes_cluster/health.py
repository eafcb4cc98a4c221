"""`k8s_get_cluster_health`: one verdict, what it rests on, and what could not be looked at.

Nothing essential that could not be read passes for healthy, and a finding is a finding whatever else is unknown.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from mcp_kubernetes import Effect, Found, Rows, Severity, Text, ToolCall, Unread, tool
from mcp_kubernetes_cluster.recent import COLUMNS, warnings
from mcp_kubernetes_cluster.server import self_report

_LAST_SECONDS = 3.0
"""Kept of the call's time, so that what was found can still be told."""

_SHOWN = 10
_LONGEST = 240
"""Rows of one cause, and characters of an evidence: the first of many alike tell enough."""

_ALWAYS = ("v1/Node", "v1/Pod")
_TELLING = (*_ALWAYS, "apps/v1/Deployment", "apps/v1/StatefulSet", "apps/v1/DaemonSet", "batch/v1/Job")

Parts = list[Text | Rows]


@tool(effect=Effect.READ, title="Cluster health", max_bytes=True)
async def k8s_get_cluster_health(call: ToolCall) -> Parts:
    """Tell how the cluster is: verdict, findings with evidence, recent warnings."""
    deadline = call.deadline - _LAST_SECONDS
    report, examination, recent = await asyncio.gather(
        self_report(call, deadline), call.cluster.examine(now=call.now, deadline=deadline), warnings(call, deadline)
    )
    found = [*report.found, *examination.found]
    unread = [*report.unread, *examination.unread, *recent.unread]
    parts: Parts = [_headline(verdict(found, unread), examination.version, examination.looked_at)]
    if found:
        parts.append(Rows(("SEVERITY", "CAUSE", "OBJECT", "COUNT", "EVIDENCE"), _rows(found)))
    if unread:
        parts += [Text("Could not be read:"), Rows(("WHY", "WHAT"), _gaps(unread))]
    if recent.rows:
        title = "Warning events of the last hour, the most frequent {shown} of {different}:"
        parts += [Text(title, shown=len(recent.rows), different=recent.different), Rows(COLUMNS, recent.rows)]
    return parts


def verdict(found: Sequence[Found], unread: Sequence[Unread]) -> str:
    """Unhealthy, Degraded, Unknown or Healthy, in this order: what is known to be bad is not made better by a gap."""
    severities = {each.severity for each in found}
    gaps = any(each.essential for each in unread)
    if Severity.CRITICAL in severities:
        return "Unhealthy"
    if Severity.WARNING in severities:
        return "Degraded, or worse: not everything could be read" if gaps else "Degraded"
    return "Unknown: what could be read is well, but not everything could be" if gaps else "Healthy"


def _headline(said: str, version: str, looked_at: Mapping[str, int]) -> Text:
    kinds = [kind for kind in _TELLING if looked_at.get(kind) or (kind in looked_at and kind in _ALWAYS)]
    counts = [f"{looked_at[kind]} {kind.rpartition('/')[2]}s" for kind in kinds]
    looked = "; looked at " + ", ".join(counts) if counts else ""
    return Text("{verdict}. API server {version}{looked}.", verdict=said, version=version or "unknown", looked=looked)


def _rows(found: Sequence[Found]) -> list[Sequence[Any]]:
    """The first of each cause, and one row that counts its others."""
    rows: list[Sequence[Any]] = []
    causes: dict[tuple[Severity, str], list[Found]] = {}
    for each in found:
        causes.setdefault((each.severity, each.cause), []).append(each)
    for (severity, cause), alike in causes.items():
        rows += [(severity, cause, each.object, each.count, _cut(each.evidence)) for each in alike[:_SHOWN]]
        if others := alike[_SHOWN:]:
            rows.append((severity, cause, "others", sum(each.count for each in others), _where(others)))
    return rows


def _gaps(unread: Sequence[Unread]) -> list[tuple[str, str]]:
    """What could not be read by the reason why, the essential first."""
    reasons: dict[str, list[str]] = {}
    for each in sorted(unread, key=lambda each: not each.essential):
        reasons.setdefault(each.why, []).append(each.what)
    return [(why, ", ".join(dict.fromkeys(what))) for why, what in reasons.items()]


def _where(others: Sequence[Found]) -> str:
    return "such as " + ", ".join(each.object for each in others[:3] if each.object != "others")


def _cut(evidence: str) -> str:
    return evidence if len(evidence) <= _LONGEST else f"{evidence[:_LONGEST]}…"
