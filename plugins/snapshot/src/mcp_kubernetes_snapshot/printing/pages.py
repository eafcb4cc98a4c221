"""What depends on the other objects of a page: which storage class is the default, in which order flow schemas act."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from mcp_kubernetes_snapshot.printing.values import at, name


class Shown(NamedTuple):
    """An object, and what its row shows of it."""

    value: Mapping[str, Any]
    cells: list[Any]
    conditions: Any
    raw: bytes


_DEFAULT = ("storageclass.kubernetes.io/is-default-class", "storageclass.beta.kubernetes.io/is-default-class")


_CLASSES = ("storage.k8s.io", "StorageClass")
_SCHEMAS = ("flowcontrol.apiserver.k8s.io", "FlowSchema")


def is_arranged(kind: tuple[str, str]) -> bool:
    """Whether a list of that kind is shown in another way than object by object."""
    return kind in {_CLASSES, _SCHEMAS}


def arranged(kind: tuple[str, str], rows: Sequence[Shown]) -> Sequence[Shown]:
    """The rows of a list as they are shown."""
    if kind == _CLASSES:
        return _with_default(rows)
    if kind == _SCHEMAS:
        return sorted(rows, key=lambda row: (at(row.value, "spec.matchingPrecedence", 0), name(row.value)))
    return rows


def _with_default(rows: Sequence[Shown]) -> Sequence[Shown]:
    """Of several defaults the youngest one counts, and of equally young ones the first by name."""
    defaults = [row.value for row in rows if _is_default(row.value)]
    youngest = max((at(found, "metadata.creationTimestamp", "") for found in defaults), default="")
    chosen = min(
        (name(each) for each in defaults if at(each, "metadata.creationTimestamp", "") == youngest), default=None
    )
    return [
        row._replace(cells=[f"{row.cells[0]} (default)", *row.cells[1:]]) if row.cells[0] == chosen else row
        for row in rows
    ]


def _is_default(found: Mapping[str, Any]) -> bool:
    annotations = at(found, "metadata.annotations", {})
    return any(annotations.get(key) == "true" for key in _DEFAULT)
