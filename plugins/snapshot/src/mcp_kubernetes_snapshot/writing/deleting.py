"""Deletions: at once, or marked where something has to happen first. Nothing runs here that would make it happen."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from mcp_kubernetes_snapshot.printing.values import at
from mcp_kubernetes_snapshot.served import Served
from mcp_kubernetes_snapshot.writing.drafting import ended

_ORPHANED = frozenset({("batch", "Job"), ("", "ReplicationController")})
"""Kinds whose dependents stay where nobody says what becomes of them, for clients of long ago."""

_HOLDS = {"Foreground": "foregroundDeletion", "Orphan": "orphan"}
_GRACE = 30
_OVER = frozenset({"Succeeded", "Failed"})


def deleted(
    found: Mapping[str, Any], options: Mapping[str, Any], served: Served, now: datetime
) -> dict[str, Any] | None:
    """The object as it is marked for deletion, or None: it is gone."""
    grace = _grace(found, options, served)
    holding = [*(found["metadata"].get("finalizers") or ())]
    if (hold := _HOLDS.get(_policy(options, served))) and hold not in holding:
        holding.append(hold)
    if served.kind == "Namespace" and not served.group:
        return ended(found, now, 0, holding) | {"status": {"phase": "Terminating"}}
    return ended(found, now, grace, holding) if holding or grace else None


def last_seen(found: Mapping[str, Any], served: Served, now: datetime) -> dict[str, Any] | None:
    """The object that the deletion of a pod is answered with, although it is gone; None where a Status says so."""
    return ended(found, now, 0, []) if (served.group, served.kind) == ("", "Pod") else None


def is_over(found: Mapping[str, Any]) -> bool:
    """Whether an object that is marked has nothing left to wait for, now that it was changed."""
    metadata = found["metadata"]
    waits = metadata.get("finalizers") or metadata.get("deletionGracePeriodSeconds") or found["kind"] == "Namespace"
    return bool(metadata.get("deletionTimestamp")) and not waits


def _policy(options: Mapping[str, Any], served: Served) -> str:
    default = "Orphan" if (served.group, served.kind) in _ORPHANED else "Background"
    return str(options.get("propagationPolicy") or default)


def _grace(found: Mapping[str, Any], options: Mapping[str, Any], served: Served) -> int:
    """Seconds that a pod on a node has; that of others ends at once."""
    is_over = at(found, "status.phase") in _OVER
    if (served.group, served.kind) != ("", "Pod") or not at(found, "spec.nodeName") or is_over:
        return 0
    wanted = options.get("gracePeriodSeconds")
    return int(at(found, "spec.terminationGracePeriodSeconds", _GRACE) if wanted is None else wanted)
