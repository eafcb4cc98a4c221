"""Events, in the old form and in the new one."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from mcp_kubernetes_snapshot.printing.values import at, name, since

Object = Mapping[str, Any]


def event(found: Object, now: datetime) -> list[Any]:
    """Last Seen, Type, Reason, Object, Subobject, Source, Message, First Seen, Count, Name."""
    involved, source = found.get("involvedObject") or {}, found.get("source") or {}
    first = since(found.get("firstTimestamp") or found.get("eventTime"), now)
    last = since(found["lastTimestamp"], now) if found.get("lastTimestamp") else first
    count = found.get("count") or 1
    if series := found.get("series"):
        last, count = since(series.get("lastObservedTime"), now), series.get("count", 0)
    return [
        last,
        found.get("type", ""),
        found.get("reason", ""),
        "/".join(filter(None, (involved.get("kind", "").lower(), involved.get("name")))),
        involved.get("fieldPath", ""),
        _source(source, found),
        found.get("message", "").strip(),
        first,
        count,
        name(found),
    ]


def new_event(found: Object, now: datetime) -> list[Any]:
    """The same cells of an events.k8s.io/v1 Event."""
    return event(
        {
            **found,
            "involvedObject": found.get("regarding"),
            "source": found.get("deprecatedSource"),
            "message": found.get("note", ""),
            "firstTimestamp": found.get("deprecatedFirstTimestamp"),
            "lastTimestamp": found.get("deprecatedLastTimestamp"),
            "count": found.get("deprecatedCount"),
            "reportingComponent": found.get("reportingController", ""),
        },
        now,
    )


def _source(source: Object, found: Object) -> str:
    component = source.get("component") or found.get("reportingComponent", "")
    host = source.get("host") or at(found, "reportingInstance", "")
    return f"{component}, {host}" if host else component
