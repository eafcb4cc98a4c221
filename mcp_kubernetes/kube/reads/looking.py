"""From one answer to a page of a list: its rows, which of them match, and what is picked from their objects.

It takes longer than the event loop may be held where each object is looked at, so it is apart from the reading.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from mcp_kubernetes.kube.decoding.decode import (
    ColumnDefinition,
    ListMeta,
    MetadataList,
    ObjectTable,
    PartialObject,
    RawList,
    Table,
    TableRow,
    decode,
)
from mcp_kubernetes.kube.reads.places import Chunk, Place

if TYPE_CHECKING:
    from mcp_kubernetes.kube.connection import Response
    from mcp_kubernetes.kube.reads.listing import Question


def chunk_of(response: Response, place: Place, *, as_table: bool) -> Chunk:
    """The page as it came. Raises ClusterUnreachable for what is no page, AnswerTooLarge for one too deep."""
    if not as_table:
        found = decode(RawList, response.body)
        items = found.items or []
        return _made(items, found.metadata, place, keys=lambda at: _key(decode(PartialObject, bytes(items[at]))))
    table = decode(Table, response.body)
    if table.kind != "Table":
        names = decode(MetadataList, response.body)
        rows = [(item.metadata.namespace, [item.metadata.name]) for item in names.items or ()]
        named = names.items or []
        columns = [ColumnDefinition(name="Name")]
        return _made(rows, names.metadata, place, columns, keys=lambda at: _key(named[at]))
    found_rows, columns = table.rows or [], table.columns or []
    cells = [(place.namespace or _namespace(row), row.cells) for row in found_rows]
    return _made(cells, table.metadata, place, columns, keys=_keys(found_rows, columns))


def looked_at(response: Response, place: Place, question: Question) -> Chunk:
    """The page with a verdict on each of its objects, and with the values that are picked from them.

    Raises as `chunk_of` does.
    """
    chunk = chunk_of(response, place, as_table=question.as_table)
    objects = _objects(response) if question.as_table else chunk.rows
    if question.expression:
        chunk = replace(chunk, verdicts=[question.expression.matches(raw) for raw in objects])
    if question.picker is None:
        return chunk
    picked = [question.picker.pick(raw) for raw in objects]
    if not question.as_table:
        return replace(chunk, rows=picked)
    return replace(
        chunk, rows=[(namespace, [*cells, *more]) for (namespace, cells), more in zip(chunk.rows, picked, strict=True)]
    )


def _objects(response: Response) -> Sequence[Any]:
    table = decode(ObjectTable, response.body)
    if table.kind != "Table":
        return decode(RawList, response.body).items or ()
    return [row.object for row in table.rows or ()]


def _namespace(row: TableRow) -> str:
    return row.object.metadata.namespace if row.object else ""


def _keys(rows: Sequence[TableRow], columns: Sequence[ColumnDefinition]) -> Callable[[int], str] | None:
    """The keys of a table's rows: from the objects, or where these were not asked for from the column of the names."""
    if rows and rows[0].object:
        return lambda at: _key(rows[at].object or PartialObject())
    if not columns or columns[0].name != "Name":
        return None
    return lambda at: f"/{rows[at].cells[0]}"


def _key(found: PartialObject) -> str:
    return f"{found.metadata.namespace}/{found.metadata.name}"


def _made(
    rows: Sequence[Any],
    metadata: ListMeta,
    place: Place,
    columns: Sequence[ColumnDefinition] = (),
    *,
    keys: Callable[[int], str] | None,
) -> Chunk:
    pinned = place if place.token else replace(place, version=metadata.resource_version)
    after = place.onward(metadata.continue_)
    return Chunk(rows=rows, place=pinned, after=after, columns=columns, remaining=metadata.remaining, keys=keys)
