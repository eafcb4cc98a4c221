"""SHAPE: typed parts become text within the call's budget, and what did not fit is said.

Our words stay as they are. Text from elsewhere is fenced with a mark that it cannot know, and everything loses
credentials and the characters that nobody sees. Rows and objects need no fence: a row is one line, an object is
YAML or JSON, so neither can pretend to be a note. Notes come last, in a block of their own.

What does not fit is cut in steps, and the call never fails of it: spare columns of a table, then its rows; the
longest values of an object; the ends of texts. Each part leaves the later ones their share of the budget.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from mcp_kubernetes.fitting import end_within, more_bytes, object_within, within
from mcp_kubernetes.notes import FEWEST_NOTES_BYTES
from mcp_kubernetes.rendering import fenced, unposed
from mcp_kubernetes.results import (
    Answer,
    Change,
    Ending,
    Foreign,
    Object,
    Part,
    Rendered,
    Rows,
    Text,
    Whole,
    strip_control,
)
from mcp_kubernetes.tables import Table, why_stopped

if TYPE_CHECKING:
    from mcp_kubernetes.calls import ToolCall
    from mcp_kubernetes.parameters import Page
    from mcp_kubernetes.pipeline import Proceed

_NOTES_BYTES = 2_048
"""Kept free for the notes of an answer that is not small."""

_FEW_ROWS = 1_024
"""Bytes kept for a table whose length nobody knows before it is read."""

_FIELDS = ("FIELD", "BEFORE", "AFTER")


async def shape(call: ToolCall, proceed: Proceed) -> Answer:
    """Render what the rest of the pipeline answers; the host's SHAPE step."""
    async with call.within_deadline():
        found = await proceed(call)
    for note in found.notes:
        call.notes.add(note.template, **note.fields)
    call.budget.take(min(_NOTES_BYTES, max(FEWEST_NOTES_BYTES, call.budget.left // 4)))
    parts = tuple(_joined([block async for block in _blocks(call, found) if block]))
    notes = call.notes.within(call.budget.max_bytes - Answer(parts).size)
    return Answer((*parts, Rendered(notes)) if notes else parts)


def _joined(blocks: Iterable[str | Whole]) -> Iterator[Rendered | Whole]:
    """Texts that follow each other are one."""
    texts: list[str] = []
    for block in blocks:
        if isinstance(block, str):
            texts.append(block)
            continue
        yield from _rendered(texts)
        texts = []
        yield block
    yield from _rendered(texts)


def _rendered(texts: Sequence[str]) -> Iterator[Rendered]:
    if texts:
        yield Rendered("\n".join(texts))


async def _blocks(call: ToolCall, found: Answer) -> AsyncIterator[str | Whole]:
    """The parts as text, or as they are. One that fails does not take those before it along."""
    for number, part in enumerate(found.parts):
        if number and not call.budget.left:
            how = more_bytes(call)
            call.notes.add("{n} further parts did not fit{how}.", n=len(found.parts) - number, how=how)
            return
        try:
            with call.budget.keeping(_owed(found.parts[number + 1 :], call.budget.left)):
                yield await _render(call, part, found.page)
        except Exception as error:
            if not number:
                raise
            call.notes.add("Stopped before the end of the answer: {why}", why=why_stopped(call, error))
            return


def _owed(later: Sequence[Part], left: int) -> int:
    """The bytes that a part has to leave to those after it: what they need, but no more than an equal share."""
    share = left // (len(later) + 1)
    return sum(min(_need(part), share) for part in later)


def _need(part: Part) -> int:
    match part:
        case Object():
            return len(part.raw)
        case Foreign() | Rendered():
            return len(part.text)
        case Ending():
            return sum(len(line) + 1 for line in part.lines)
        case Text():
            return len(str(part))
        case Rows() | Change():
            return _FEW_ROWS
        case _:
            return part.size


async def _render(call: ToolCall, part: Part, page: Page | None) -> str | Whole:
    match part:
        case Text():
            return within(call, unposed(str(part)), "text")
        case Foreign() | Ending():
            return _fenced(call, part)
        case Object():
            return await object_within(call, part) or ""
        case Rows():
            return await Table(call, page).render(part)
        case Change():
            return await _changed(call, part)
        case _:
            return part.text if isinstance(part, Rendered) else _passed(call, part)


def _passed(call: ToolCall, part: Whole) -> str | Whole:
    """The content whole, or not at all: what is cut would be no picture any more."""
    if call.budget.take(part.size):
        return part.cleaned()
    call.notes.add(
        "{what} of {size} bytes did not fit and was left out; ask for less at once{how}.",
        what=type(part).__name__, size=part.size, how=more_bytes(call),
    )  # fmt: skip
    return ""


def _fenced(call: ToolCall, part: Foreign | Ending) -> str:
    call.budget.take(len(fenced(" ")))
    if isinstance(part, Ending):
        return fenced(end_within(call, part))
    return fenced(within(call, strip_control(part.text), "text"))


async def _changed(call: ToolCall, change: Change) -> str:
    """One line, and a table of the fields that differ."""
    if change.dry_run:
        call.notes.add("Dry run: nothing was changed.")
    line = within(call, unposed(str(change.line)), "text")
    if not change.fields:
        return line
    return f"{line}\n{await Table(call, None).render(Rows(_FIELDS, change.fields))}"
