"""What depends on the other objects of a page: which storage class is the default, in which order flow schemas act."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mcp_kubernetes_snapshot.printing.values import at, name

Row = tuple[Mapping[str, Any], list[Any]]
"""An object and its cells."""

_DEFAULT = ("storageclass.kubernetes.io/is-default-class", "storageclass.beta.kubernetes.io/is-default-class")


def arranged(kind: tuple[str, str], rows: Sequence[Row]) -> Sequence[Row]:
    """The rows of a list as they are shown."""
    if kind == ("storage.k8s.io", "StorageClass"):
        return _with_default(rows)
    if kind == ("flowcontrol.apiserver.k8s.io", "FlowSchema"):
        return sorted(rows, key=lambda row: (at(row[0], "spec.matchingPrecedence", 0), name(row[0])))
    return rows


def _with_default(rows: Sequence[Row]) -> Sequence[Row]:
    """Of several defaults the youngest one counts, and of equally young ones the first by name."""
    defaults = [found for found, _ in rows if _is_default(found)]
    youngest = max((at(found, "metadata.creationTimestamp", "") for found in defaults), default="")
    chosen = min(
        (name(each) for each in defaults if at(each, "metadata.creationTimestamp", "") == youngest), default=None
    )
    return [(each, [f"{cells[0]} (default)", *cells[1:]] if cells[0] == chosen else cells) for each, cells in rows]


def _is_default(found: Mapping[str, Any]) -> bool:
    annotations = at(found, "metadata.annotations", {})
    return any(annotations.get(key) == "true" for key in _DEFAULT)
