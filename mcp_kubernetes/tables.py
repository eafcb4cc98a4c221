"""A table within the budget: when it is spent, spare columns go first, then the rows that are left, with a cursor."""

from __future__ import annotations

import math
from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, nullcontext
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

from mcp_kubernetes.blocks import Block, InBlocks
from mcp_kubernetes.errors import Expired, ToolError
from mcp_kubernetes.fitting import more_bytes, object_within, within
from mcp_kubernetes.log import report
from mcp_kubernetes.redact import redact_lines
from mcp_kubernetes.rendering import kept, line_of, lines_of, without
from mcp_kubernetes.results import Header, Object, Row, Rows

if TYPE_CHECKING:
    from mcp_kubernetes.calls import ToolCall
    from mcp_kubernetes.parameters import Page


def why_stopped(call: ToolCall, error: Exception) -> str:
    """What the reader is told about an error after which there was still something to show."""
    why = str(error) if isinstance(error, ToolError) else report(error, call.tool.name, call.id)
    call.record.fail("partial", why)
    return why


@dataclass
class Table:
    """Renders rows as tab-separated lines until the budget or the caller's limit is reached."""

    call: ToolCall
    page: Page | None
    shown: int = 0
    lines: list[str] = field(default_factory=list)
    header: Header = field(default_factory=lambda: Header(()))
    has_header: bool = False
    dropped: frozenset[int] = frozenset()

    async def render(self, part: Rows) -> str:
        """The header and the rows that fit; the rest is in the notes."""
        async with aclosing(_iterate(part.rows)) as items:
            try:
                async with self.call.within_deadline():
                    await self._fill(part, items)
            except Exception as error:
                if not self.shown:
                    raise
                self._note_stop(why_stopped(self.call, error), goes_on=not isinstance(error, Expired))
        return "\n".join(self.lines)

    async def _fill(self, part: Rows, items: AsyncIterator[Row | Block]) -> None:
        if part.columns:
            self.has_header = await self._add_header(part.columns)
        async for item in items:
            if not isinstance(item, Block):
                if not await self._goes_on(item):
                    return
            elif not self._takes_all(item):
                for row in item.rows:
                    if not await self._goes_on(row):
                        return

    def _takes_all(self, block: Block) -> bool:
        """Whether all rows of the block were added at once: where that is all the same as one after the other."""
        rows = block.ahead
        wanted = self.page.limit - self.shown if self.page and self.page.limit is not None else math.inf
        if not rows or not self.has_header or self.dropped or len(rows) >= wanted:
            return False
        text = redact_lines(lines_of(rows))
        if not self.call.budget.take(len(text.encode()) + 1):
            return False
        self.lines += text.split("\n")
        self.shown += len(rows)
        block.take()
        return True

    async def _goes_on(self, row: Row) -> bool:
        """Add one row; False after the last one, with a note of what is left."""
        if not self.has_header and not isinstance(row, Object):
            self.has_header = await self._add_header(row)
            return True
        if self._is_full():
            return self._note_limit()
        if not await self._add(row):
            return self._note_budget()
        self.shown += 1
        self.has_header = True
        return not (self._is_full() and self.page and self.page.bindings) or self._note_limit()

    def _is_full(self) -> bool:
        """Whether the caller wants no more. A listing tells by its cursor if there is more, other rows by the next."""
        return self.page is not None and self.page.limit == self.shown

    async def _add_header(self, row: Any) -> bool:
        self.header = row if isinstance(row, Header) else self.header
        return await self._add(row)

    async def _add(self, row: Row) -> bool:
        """Whether there was room for the row, or room could be made."""
        if isinstance(row, Object):
            return self._append(await object_within(self.call, row, is_row=True, may_cut=not self.shown))
        if self._takes(row) or (self._drop_columns() and self._takes(row)):
            return True
        return self._append(None if self.shown else within(self.call, self._line(row), "first row"))

    def _append(self, line: str | None) -> bool:
        if line is not None:
            self.lines.append(line)
        return line is not None

    def _takes(self, row: Any) -> bool:
        line = self._line(row)
        return self.call.budget.take(len(line.encode()) + 1) and self._append(line)

    def _line(self, row: Any) -> str:
        return redact_lines([line_of(kept(row, self.dropped) if self.dropped else row)])

    def _drop_columns(self) -> bool:
        """Render what is there again without the columns that can be spared; what they took is free again."""
        if self.dropped or not self.header.spare:
            return False
        before, self.dropped = self.lines, self.header.spare
        self.lines = without(before, self.dropped)
        self.call.budget.give_back(_size(before) - _size(self.lines))
        left_out = ", ".join(name for at, name in enumerate(self.header) if at in self.dropped)
        self.call.notes.add(
            "Columns were left out so that more rows fit: {columns}; to see them, ask for fewer rows{how}.",
            columns=left_out, how=more_bytes(self.call),
        )  # fmt: skip
        return True

    def _note_budget(self) -> Literal[False]:
        self.call.budget.take(self.call.budget.left)
        self._note_rest("the answer's budget of {limit} bytes is spent", self.call.budget.max_bytes, shown=False)
        return False

    def _note_limit(self) -> Literal[False]:
        self._note_rest("the limit of {limit} is reached", self.shown, shown=True)
        return False

    def _note_rest(self, why: str, limit: int, *, shown: bool) -> None:
        cursor = self.page.cursor(shown=shown) if self.page else None
        if self.page and self.page.bindings and cursor is None:
            return
        how = "to go on, pass continue={cursor}" if cursor else "ask for less" + more_bytes(self.call)
        template = "{shown} rows are shown, there are more: " + why + "; " + how
        self.call.notes.add(template, shown=self.shown, limit=limit, cursor=cursor)

    def _note_stop(self, why: str, *, goes_on: bool) -> None:
        cursor = self.page.cursor(shown=True) if self.page and goes_on else None
        template = "Stopped after {shown} rows: {why}" + (" To go on, pass continue={cursor}" if cursor else "")
        self.call.notes.add(template, shown=self.shown, why=why, cursor=cursor)


def _size(lines: list[str]) -> int:
    return sum(len(line.encode()) + 1 for line in lines)


async def _iterate(rows: Any) -> AsyncGenerator[Row | Block]:
    """The rows, lazy or not, in blocks where they come so; what is lazy is closed when nobody reads on."""
    rows = rows.blocks if isinstance(rows, InBlocks) else rows
    if not hasattr(rows, "__aiter__"):
        for row in rows:
            yield row
        return
    async with aclosing(rows) if hasattr(rows, "aclose") else nullcontext():
        async for row in rows:
            yield row
