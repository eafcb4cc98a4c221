"""The ways in which a list is shown: each gives a header and rows, or whole objects, as they are read."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from mcp_kubernetes import Object, Page, TablePage, ToolCall
from mcp_kubernetes_resources.columns import cells
from mcp_kubernetes_resources.counting import MOST_VALUES, Count

if TYPE_CHECKING:
    from mcp_kubernetes_resources.emptiness import Scope
    from mcp_kubernetes_resources.ordering import Order

Lines = AsyncIterator[Sequence[Any] | Object]

_SHORTEST_ROW = 8
_KEY = "SORT KEY"


async def objects(call: ToolCall, scope: Scope, page: Page, form: Literal["yaml", "json"]) -> Lines:
    """Whole objects, as YAML or JSON."""
    async for found in call.cluster.objects(scope.kind, scope.namespace, page=page, form=form, **scope.options):
        yield found


async def table(call: ToolCall, scope: Scope, page: Page, output: str) -> Lines:
    """The server's own columns: as in kubectl get, with `wide` all of them, with `name` the first."""
    shown: list[int] = []
    async for part in call.cluster.table(scope.kind, scope.namespace, page=page, **scope.options):
        for row in part:
            if not shown:
                shown = _shown(part, output)
                yield [_header(part)[index] for index in shown]
            yield [row[index] for index in shown]


async def chosen(call: ToolCall, scope: Scope, columns: Mapping[str, str], page: Page) -> Lines:
    """Columns of the caller's own."""
    header = list(columns)
    async for row in call.cluster.rows(scope.kind, scope.namespace, page=page, columns=columns, **scope.options):
        if header:
            yield header
            header = []
        yield cells(row)


async def counted(call: ToolCall, scope: Scope, columns: Mapping[str, str], limit: int | None) -> Lines:
    """How many objects hold each value, the most frequent first."""
    count = Count()
    await count.add(call.cluster.rows(scope.kind, scope.namespace, columns=columns, **scope.options))
    rows = count.rows()
    if not rows:
        return
    yield ["COUNT", *columns]
    for row in rows[:limit]:
        yield row
    _note_counted(call, count, len(rows), limit)


def _note_counted(call: ToolCall, count: Count, values: int, limit: int | None) -> None:
    call.notes.add("{objects} objects were counted.", objects=count.objects)
    if limit is not None and limit < values:
        call.notes.add("{limit} of {values} different values are shown.", limit=limit, values=values)
    if count.uncounted:
        call.notes.add(
            "There are more than {most} different values; {rest} times one of the others was met and not counted.",
            most=MOST_VALUES, rest=count.uncounted,
        )  # fmt: skip


async def in_order(
    call: ToolCall, scope: Scope, columns: Mapping[str, str] | None, order: Order, limit: int | None
) -> Lines:
    """The first rows in the order of a value: the server's own columns, or the caller's."""
    most = min(limit or call.budget.left, call.budget.left // _SHORTEST_ROW)
    rows = _with_key(call, scope, columns, order.path)
    header = await anext(rows, None)
    if header is None:
        return
    kept, count = await order.first(rows, most)
    yield header
    for row in kept:
        yield cells(row[:-1]) if columns else row[:-1]
    if count > most:
        call.notes.add("The first {most} of {count} rows in this order are shown.", most=most, count=count)


async def _with_key(
    call: ToolCall, scope: Scope, columns: Mapping[str, str] | None, path: str
) -> AsyncIterator[Sequence[Any]]:
    """A header without the key, then rows with the key as their last cell."""
    if columns is not None:
        header: list[str] = list(columns)
        paths = {**columns, _KEY: path}
        async for row in call.cluster.rows(scope.kind, scope.namespace, columns=paths, **scope.options):
            if header:
                yield header
                header = []
            yield row
        return
    shown: list[int] = []
    async for part in call.cluster.table(scope.kind, scope.namespace, columns={_KEY: path}, **scope.options):
        for row in part:
            if not shown:
                shown = _shown(part, "table")
                yield [_header(part)[index] for index in shown[:-1]]
            yield [row[index] for index in shown]


def _header(part: TablePage) -> list[str]:
    names = [column.name.upper() for column in part.columns]
    return ["NAMESPACE", *names] if part.spans_namespaces else names


def _shown(part: TablePage, output: str) -> list[int]:
    first = int(part.spans_namespaces)
    wanted = [i for i, column in enumerate(part.columns) if output == "wide" or column.priority == 0]
    return [*range(first), *(first + i for i in (wanted[:1] if output == "name" else wanted))]
