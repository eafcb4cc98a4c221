"""Tables: the columns that an API server shows of a kind, with a row for each object."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec

from mcp_kubernetes.spi import Picker
from mcp_kubernetes_snapshot.api.objects import alone, metadata_alone
from mcp_kubernetes_snapshot.printing import PRINTERS
from mcp_kubernetes_snapshot.printing.pages import arranged
from mcp_kubernetes_snapshot.printing.pods import completion
from mcp_kubernetes_snapshot.printing.values import at, instant, name, since
from mcp_kubernetes_snapshot.served import Column, Served

Cells = Callable[[Mapping[str, Any]], list[Any]]


@dataclass(frozen=True, kw_only=True)
class Tabulator:
    """Makes the tables of one kind. `include` is how much of each object its row holds: None, Metadata or Object.

    `recorded` knows the API server's own row of an object by its metadata, where there is one.
    """

    served: Served
    now: datetime
    include: str
    recorded: Callable[[Mapping[str, Any]], tuple[list[Any], Any] | None]

    def table(self, items: Sequence[bytes], metadata: Mapping[str, Any], *, is_list: bool = True) -> bytes:
        """The Table, as it is sent."""
        cells = self._cells()
        found = [(raw, msgspec.json.decode(raw)) for raw in items]
        rows = [(value, self._safe(cells, value)) for _, value in found]
        shown = arranged((self.served.group, self.served.kind), rows) if is_list else rows
        raws = {id(value): raw for raw, value in found}
        return msgspec.json.encode(
            {
                "kind": "Table",
                "apiVersion": "meta.k8s.io/v1",
                "metadata": metadata,
                "columnDefinitions": [column.definition() for column in self.served.columns],
                "rows": [self._row(value, texts, raws[id(value)]) for value, texts in shown],
            }
        )

    def _row(self, value: Mapping[str, Any], cells: list[Any], raw: bytes) -> dict[str, Any]:
        row: dict[str, Any] = {"cells": cells}
        known = self.recorded(value["metadata"])
        conditions = known[1] if known else completion(value) if self.served.kind == "Pod" else None
        row |= {"conditions": conditions} if conditions else {}
        match self.include:
            case "None":
                row["object"] = None
            case "Object":
                row["object"] = msgspec.Raw(alone(raw, self.served))
            case _:
                row["object"] = metadata_alone(raw)
        return row

    def _safe(self, cells: Cells, value: Mapping[str, Any]) -> list[Any]:
        """A manifest may hold anything: where its kind has a number or a list, there may be a text."""
        if known := self.recorded(value["metadata"]):
            return known[0]
        try:
            return cells(value)
        except (AttributeError, IndexError, KeyError, TypeError, ValueError):
            return [name(value), *("<invalid>" for _ in self.served.columns[1:])]

    def _cells(self) -> Cells:
        printer = PRINTERS.get((self.served.group, self.served.kind))
        if printer is not None and not self.served.is_custom:
            return lambda value: printer(value, self.now)
        if self.served.is_custom:
            return self._custom()
        return lambda value: [name(value), at(value, "metadata.creationTimestamp")]

    def _custom(self) -> Cells:
        columns = self.served.columns[1:]
        picker = Picker({str(place): column.path for place, column in enumerate(columns)})

        def cells(value: Mapping[str, Any]) -> list[Any]:
            picked = picker.pick(msgspec.json.encode(value))
            return [name(value), *(self._cell(column, each) for column, each in zip(columns, picked, strict=True))]

        return cells

    def _cell(self, column: Column, value: Any) -> Any:
        """Follows tableconvertor.go of k8s.io/apiextensions-apiserver: of several values the first one is shown."""
        value = (value[0] if value else None) if isinstance(value, list) and _is_plural(column.path) else value
        match column.type:
            case "string":
                return _text(value)
            case "integer":
                return int(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
            case "number":
                return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
            case "boolean":
                return value if isinstance(value, bool) else None
            case "date" if isinstance(value, str):
                return since(value, self.now) if instant(value) else "<invalid>"
        return None


def _is_plural(path: str) -> bool:
    return any(mark in path for mark in ("[*]", "[?", "..", ":"))


def _text(value: Any) -> str | None:
    """As Go's JSONPath prints a value."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dict | list):
        return msgspec.json.encode(value).decode()
    return f"{value:g}" if isinstance(value, float) else str(value)
