"""The ways in which a list is shown: each gives a header and rows, or whole objects, as they are read."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from typing import TYPE_CHECKING, Any, Literal

from mcp_kubernetes import Block, Header, Object, Page, ToolCall
from mcp_kubernetes_resources.columns import cells
from mcp_kubernetes_resources.counting import MOST_VALUES, Count

if TYPE_CHECKING:
    from mcp_kubernetes import TablePage
    from mcp_kubernetes_resources.emptiness import Scope
    from mcp_kubernetes_resources.ordering import Order

Lines = AsyncGenerator[Sequence[Any] | Object | Block]

_SHORTEST_ROW = 4
_KEY = "SORT KEY"


async def objects(call: ToolCall, scope: Scope, page: Page, form: Literal["yaml", "json"]) -> Lines:
    """Whole objects, as YAML or JSON."""
    found = call.cluster.objects(scope.kind, scope.namespace, page=page, form=form, **scope.options)
    async with aclosing(found):
        async for one in found:
            yield one


async def table(call: ToolCall, scope: Scope, page: Page, output: str) -> Lines:
    """The server's own columns: as in kubectl get, with `wide` all of them, with `name` that of the names.

    The rows come as one block for each page.
    """
    shown: list[int] = []
    async with aclosing(call.cluster.table(scope.kind, scope.namespace, page=page, **scope.options)) as parts:
        async for part in parts:
            if part.ahead and not shown:
                shown = _shown(part, output)
                yield Header((_header(part)[index] for index in shown), _spare(part, shown))
            block = part.block(shown)
            if part.ahead:
                yield block
            block.take()


async def chosen(call: ToolCall, scope: Scope, columns: Mapping[str, str], page: Page) -> Lines:
    """Columns of the caller's own."""
    header = list(columns)
    found = call.cluster.rows(scope.kind, scope.namespace, page=page, columns=columns, **scope.options)
    async with aclosing(found) as rows:
        async for row in rows:
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
    _note_counted(call, count, len(rows), limit)
    yield ["COUNT", *columns]
    for row in rows[:limit]:
        yield row


def _note_counted(call: ToolCall, count: Count, values: int, limit: int | None) -> None:
    kept = "; limit keeps the {limit} most frequent" if limit is not None and limit < values else ""
    call.notes.add(
        "{objects} objects were counted, the whole list; they hold {values} different values" + kept + ".",
        objects=count.objects, values=values, limit=limit,
    )  # fmt: skip
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
    async with aclosing(with_key(call, scope, columns, order.path)) as rows:
        header = await anext(rows, None)
        if header is None:
            return
        kept, count = await order.first(rows, most)
    what = "{count} rows were put in order, the whole list" + "; the first {most} of them were kept" * (count > most)
    call.notes.add(what + ".", most=most, count=count)
    yield header
    for row in kept:
        yield cells(row[:-1]) if columns else row[:-1]


async def with_key(
    call: ToolCall, scope: Scope, columns: Mapping[str, str] | None, path: str, page: Page | None = None
) -> AsyncGenerator[Sequence[Any]]:
    """A header without the key, then rows with the key as their last cell."""
    if columns is not None:
        header: list[str] = list(columns)
        paths = {**columns, _KEY: path}
        found = call.cluster.rows(scope.kind, scope.namespace, page=page, columns=paths, **scope.options)
        async with aclosing(found) as rows:
            async for row in rows:
                if header:
                    yield header
                    header = []
                yield row
        return
    shown: list[int] = []
    keyed = {_KEY: path}
    tables = call.cluster.table(scope.kind, scope.namespace, page=page, columns=keyed, **scope.options)
    async with aclosing(tables) as parts:
        async for part in parts:
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
    if output == "name":
        return [*range(first), first + name_column(part)]
    wanted = [i for i, column in enumerate(part.columns) if output == "wide" or column.priority == 0]
    return [*range(first), *(first + i for i in wanted)]


def name_column(part: TablePage) -> int:
    """The column with the names of the objects: not the first one in a table of events."""
    return next((i for i, column in enumerate(part.columns) if column.name == "Name"), 0)


def _spare(part: TablePage, shown: Sequence[int]) -> list[int]:
    """The positions of the columns that only the wide form has: the first to go when the answer gets too long."""
    first = int(part.spans_namespaces)
    return [at for at, index in enumerate(shown) if index >= first and part.columns[index - first].priority > 0]
