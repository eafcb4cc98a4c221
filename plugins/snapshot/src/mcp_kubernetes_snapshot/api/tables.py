"""Tables: the columns that an API server shows of a kind, with a row for each object."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import msgspec

from mcp_kubernetes.spi import Picker
from mcp_kubernetes_snapshot.api.negotiating import Form
from mcp_kubernetes_snapshot.api.objects import alone, metadata_alone
from mcp_kubernetes_snapshot.api.query import Query
from mcp_kubernetes_snapshot.api.selecting import Item
from mcp_kubernetes_snapshot.api.status import bad_request
from mcp_kubernetes_snapshot.contents import Contents
from mcp_kubernetes_snapshot.printing import PRINTERS
from mcp_kubernetes_snapshot.printing.pages import Shown, arranged, is_arranged
from mcp_kubernetes_snapshot.printing.pods import completion
from mcp_kubernetes_snapshot.printing.values import at, instant, name, since
from mcp_kubernetes_snapshot.served import Column, Served

_INCLUDED = ("Metadata", "Object", "None")

Cells = list[Any]
Printer = Callable[[Mapping[str, Any]], Cells]


@dataclass(frozen=True, kw_only=True)
class Tabulator:
    """Makes the tables of one kind. `include` is how much of each object its row holds: None, Metadata or Object."""

    served: Served
    contents: Contents
    include: str
    form: Form

    @classmethod
    def of(cls, query: Query, form: Form, served: Served, contents: Contents) -> Tabulator:
        """As a query wants them. Raises Refusal."""
        include = query.get("includeObject") or "Metadata"
        if include not in _INCLUDED:
            problem = f"includeObject: Invalid value: \"{include}\": must be 'Metadata', 'Object', 'None', or empty"
            raise bad_request(f"Unable to convert to Table as requested: {problem}")
        return cls(served=served, contents=contents, include=include, form=form)

    def list(self, items: Sequence[Item], metadata: Mapping[str, Any]) -> bytes:
        """The Table of a page. What the API server itself made of all its objects is not made anew."""
        place = self.served.place
        rows = [self.contents.row(place, item.record) for item in items]
        if None not in rows and not is_arranged(self._kind):
            return self._table([*map(self._recorded, rows, items)], metadata)
        shown = arranged(self._kind, [self._shown(item) for item in items])
        return self._table([*map(self._row, shown)], metadata)

    def single(self, item: Item) -> bytes:
        """The Table of one object."""
        return self._table([self._row(self._shown(item))], {"resourceVersion": item.record.version})

    def event(self, item: Item, *, with_columns: bool) -> bytes:
        """The Table in an event of a watch, whose first one alone has the columns."""
        row = self._row(self._shown(item))
        return self._table([row], {"resourceVersion": item.record.version}, with_columns=with_columns)

    def _table(self, rows: Sequence[Any], metadata: Mapping[str, Any], *, with_columns: bool = True) -> bytes:
        columns = [column.definition() for column in self.served.columns] if with_columns else None
        return msgspec.json.encode(
            {
                "kind": "Table",
                "apiVersion": self.form.api_version,
                "metadata": metadata,
                "columnDefinitions": columns,
                "rows": rows,
            }
        )

    def _recorded(self, row: bytes | None, item: Item) -> msgspec.Raw:
        """The row as it was sent, with as much of the object as is wanted now."""
        wanted = None if self.include == "None" else self._object(item.read(self.contents.read))
        return msgspec.Raw((row or b"{}")[:-1] + b',"object":' + msgspec.json.encode(wanted) + b"}")

    def _shown(self, item: Item) -> Shown:
        raw = item.read(self.contents.read)
        value = msgspec.json.decode(raw)
        # What lies nowhere is only tried, under the version of what was recorded.
        if row := item.record.size and self.contents.row(self.served.place, item.record):
            known = msgspec.json.decode(row)
            return Shown(value, known["cells"], known.get("conditions"), raw)
        return Shown(value, self._safe(value), completion(value) if self.served.kind == "Pod" else None, raw)

    def _row(self, shown: Shown) -> dict[str, Any]:
        row: dict[str, Any] = {"cells": shown.cells}
        row |= {"conditions": shown.conditions} if shown.conditions else {}
        return row | {"object": None if self.include == "None" else self._object(shown.raw)}

    def _object(self, raw: bytes) -> Any:
        return msgspec.Raw(alone(raw, self.served)) if self.include == "Object" else metadata_alone(raw, self.form)

    def _safe(self, value: Mapping[str, Any]) -> Cells:
        """A manifest may hold anything: where its kind has a number or a list, there may be a text."""
        try:
            return self._printer(value)
        except (AttributeError, IndexError, KeyError, TypeError, ValueError):
            return [name(value), *("<invalid>" for _ in self.served.columns[1:])]

    @property
    def _kind(self) -> tuple[str, str]:
        return self.served.group, self.served.kind

    @cached_property
    def _printer(self) -> Printer:
        printer = PRINTERS.get(self._kind)
        if printer is not None and not self.served.is_custom:
            return lambda value: printer(value, self.contents.as_of)
        if self.served.is_custom:
            return self._custom()
        return lambda value: [name(value), at(value, "metadata.creationTimestamp")]

    def _custom(self) -> Printer:
        columns = self.served.columns[1:]
        picker = Picker({str(place): column.path for place, column in enumerate(columns)})

        def cells(value: Mapping[str, Any]) -> Cells:
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
                return since(value, self.contents.as_of) if instant(value) else "<invalid>"
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
