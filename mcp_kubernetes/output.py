"""SHAPE: typed parts become text within the call's budget, and what did not fit is said.

Our words stay as they are. Text from elsewhere is fenced with a mark that it cannot know, and everything loses
control characters and credentials. Rows and objects need no fence: a row is one line, an object is YAML or
JSON, so neither can pretend to be a note. Notes come last, in a block of their own.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator
from contextlib import aclosing, nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mcp_kubernetes.errors import ToolError
from mcp_kubernetes.log import report
from mcp_kubernetes.redact import redact, redact_lines
from mcp_kubernetes.rendering import document, fenced, line_of, no_note
from mcp_kubernetes.results import Answer, Foreign, Object, Part, Rendered, Row, Rows, Text, strip_control

if TYPE_CHECKING:
    from mcp_kubernetes.calls import ToolCall
    from mcp_kubernetes.parameters import Page
    from mcp_kubernetes.pipeline import Proceed

_NOTES_BYTES = 2_048
"""Kept free for the notes: an answer that cannot say what was cut is worth nothing."""


async def shape(call: ToolCall, proceed: Proceed) -> Answer:
    """Render what the rest of the pipeline answers; the host's SHAPE step."""
    async with call.within_deadline():
        found = await proceed(call)
    for note in found.notes:
        call.notes.add(note.template, **note.fields)
    call.budget.take(min(_NOTES_BYTES, call.budget.left // 4))
    text = "\n".join([block async for block in _blocks(call, found) if block])
    return Answer(tuple(Rendered(block) for block in (text, str(call.notes)) if block))


async def _blocks(call: ToolCall, found: Answer) -> AsyncIterator[str]:
    """The parts as text. One that fails does not take those before it along."""
    for number, part in enumerate(found.parts):
        if number and not call.budget.left:
            call.notes.add("{n} further parts did not fit{how}.", n=len(found.parts) - number, how=_raise_limit(call))
            return
        try:
            yield await _render(call, part, found.page)
        except Exception as error:
            if not number:
                raise
            call.notes.add("Stopped before the end of the answer: {why}", why=_why(call, error))
            return


async def _render(call: ToolCall, part: Part, page: Page | None) -> str:
    match part:
        case Text():
            return _within(call, no_note(str(part)), "text")
        case Foreign():
            call.budget.take(len(fenced(" ")))
            return fenced(_within(call, strip_control(part.text), "text"))
        case Object():
            return _within(call, strip_control(document(part)), "object")
        case Rows():
            return await _Table(call, page).render(part)
        case Rendered():
            return part.text


def _within(call: ToolCall, text: str, what: str) -> str:
    """The text, or as many of its whole lines as the budget allows, with a note."""
    text = redact(text)
    size = len(text.encode())
    if call.budget.take(size):
        return text
    kept = text.encode()[: call.budget.left].decode(errors="ignore")
    kept = kept[: kept.rfind("\n") + 1].rstrip("\n") or kept
    call.budget.take(call.budget.left)
    call.notes.add(
        "The {what} was cut after {kept} of {size} bytes; ask for less of it{how}.",
        what=what, kept=len(kept.encode()), size=size, how=_raise_limit(call),
    )  # fmt: skip
    return kept


def _raise_limit(call: ToolCall) -> str:
    return ", or for more bytes with maxBytes" if call.tool.max_bytes else ""


@dataclass
class _Table:
    """Renders rows as tab-separated lines until the budget or the caller's limit is reached."""

    call: ToolCall
    page: Page | None
    shown: int = 0

    async def render(self, part: Rows) -> str:
        """The header and the rows that fit; the rest is in the notes."""
        lines: list[str] = []
        async with aclosing(_iterate(part.rows)) as rows:
            try:
                async with self.call.within_deadline():
                    await self._fill(lines, part, rows)
            except Exception as error:
                if not self.shown:
                    raise
                self._note_stop(_why(self.call, error))
        return redact_lines(lines)

    async def _fill(self, lines: list[str], part: Rows, rows: AsyncIterator[Row]) -> None:
        has_header = bool(part.columns)
        if has_header:
            self._add(lines, part.columns)
        async for row in rows:
            if not self._add(lines, row):
                return self._note_budget()
            self.shown += has_header or isinstance(row, Object)
            has_header = True
            if self.page and self.page.limit == self.shown:
                return self._note_limit()
        return None

    def _add(self, lines: list[str], row: Row) -> bool:
        line = line_of(row)
        if self.call.budget.take(len(line.encode()) + 1):
            lines.append(line)
            return True
        if self.shown:
            return False
        lines.append(_within(self.call, line, "first row"))
        return True

    def _note_budget(self) -> None:
        self.call.budget.take(self.call.budget.left)
        self._note_rest("the answer's budget of {limit} bytes is spent", self.call.budget.max_bytes, shown=False)

    def _note_limit(self) -> None:
        self._note_rest("the limit of {limit} is reached", self.shown, shown=True)

    def _note_rest(self, why: str, limit: int, *, shown: bool) -> None:
        cursor = self.page.cursor(shown=shown) if self.page else None
        if self.page and self.page.bindings and cursor is None:
            return
        how = "to go on, pass continue={cursor}" if cursor else "ask for less" + _raise_limit(self.call)
        template = "{shown} rows are shown, there are more: " + why + "; " + how
        self.call.notes.add(template, shown=self.shown, limit=limit, cursor=cursor)

    def _note_stop(self, why: str) -> None:
        cursor = self.page.cursor(shown=True) if self.page else None
        template = "Stopped after {shown} rows: {why}" + (" To go on, pass continue={cursor}" if cursor else "")
        self.call.notes.add(template, shown=self.shown, why=why, cursor=cursor)


def _why(call: ToolCall, error: Exception) -> str:
    """What the reader is told about an error after which there was still something to show."""
    why = str(error) if isinstance(error, ToolError) else report(error, call.tool.name, call.id)
    call.record.fail("partial", why)
    return why


async def _iterate(rows: Any) -> AsyncGenerator[Row]:
    """The rows, lazy or not; what is lazy is closed when nobody reads on."""
    if not hasattr(rows, "__aiter__"):
        for row in rows:
            yield row
        return
    async with aclosing(rows) if hasattr(rows, "aclose") else nullcontext():
        async for row in rows:
            yield row
