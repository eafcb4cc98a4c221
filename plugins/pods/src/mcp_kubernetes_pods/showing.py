"""The newest lines, merged in the order of time and within the budget, and what has to be said about them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from mcp_kubernetes import Ending, Text, ToolCall
from mcp_kubernetes_pods import stamps
from mcp_kubernetes_pods.asking import Place, Question
from mcp_kubernetes_pods.grepping import Around
from mcp_kubernetes_pods.merging import Line, Newest
from mcp_kubernetes_pods.noting import note_readings, why_none
from mcp_kubernetes_pods.own_thread import OwnThread
from mcp_kubernetes_pods.reading import Readers, Reading


async def newest(
    call: ToolCall, namespace: str | None, question: Question, readings: Sequence[Reading]
) -> Ending | Text:
    """Read, and keep what the answer can hold; further back, if nothing is left of what was read."""
    while True:
        merged, stopped = await _read(call, namespace, question, readings)
        lines = _without_gaps(question, readings, merged)
        if lines or stopped or not (question.default_tail and any(reading.is_full for reading in readings)):
            break
        question = question.further_back(readings[0].options)
        readings = [Reading(source=one.source, options=question.options(call, one.source)) for one in readings]
    note_readings(call, question, readings, stopped)
    if not lines:
        return why_none(question, readings)
    shown = Shown(call=call, question=question, readings=readings, merged=merged, lines=lines)
    return Ending(lines=[shown.text(line) for line in lines], left_out=shown.note)


async def _read(
    call: ToolCall, namespace: str | None, question: Question, readings: Sequence[Reading]
) -> tuple[Newest, str]:
    """The newest lines, and why reading was stopped, if it was."""
    merged = Newest(call.budget.left, until=question.place.until, shown=question.place.shown)
    around = [Around(question.filter, question.matching.lines_around) for _ in readings]

    def look(number: int, block: bytes) -> None:
        merged.add(number, around[number].of(block))

    with OwnThread() as thread:

        async def take(number: int, block: bytes) -> None:
            await thread.run(look, number, block)

        readers = Readers(call=call, namespace=namespace, take=take)
        await readers.read(readings, question.seconds(call))
    return merged, readers.stopped


def _without_gaps(question: Question, readings: Sequence[Reading], merged: Newest) -> list[Line]:
    """The lines before which no log has any that were not read: those are left to the next page."""
    lines = merged.kept()
    full = [reading.first for reading in readings if reading.is_full and not reading.source.added]
    if question.default_tail:
        gap = max((first for first in full if first is not None), default=0)
        lines = [line for line in lines if line.time >= gap or readings[line.source].source.added]
        merged.dropped += len(merged.kept()) - len(lines)
    return lines


@dataclass(frozen=True, kw_only=True)
class Shown:
    """The lines of an answer: how each looks, and what is noted once it is known how many there was room for."""

    call: ToolCall
    question: Question
    readings: Sequence[Reading]
    merged: Newest
    lines: Sequence[Line]

    def text(self, line: Line) -> str:
        """The line with its source, where there are several, and its time, if that is wanted."""
        label = self.readings[line.source].source.label
        mark = ("> " if line.is_hit else "  ") if self.question.matching.lines_around else ""
        time = f"{stamps.shown(line.time)} " if self.question.timestamps else ""
        return f"{mark}{label}{' ' * bool(label)}{time}{line.text.decode(errors='replace')}"

    def note(self, left_out: int) -> None:
        """Say what the lines are, of how many, and how to get those before them."""
        first, last = self.lines[left_out].time, self.lines[-1].time
        self.call.notes.add("From {first} to {last}.", first=stamps.shown(first), last=stamps.shown(last))
        if self.question.filter and self.question.place.until is None:
            read = sum(reading.lines for reading in self.readings)
            self.call.notes.add("{hits} of {read} lines match.", hits=f"{self.merged.hits:,}", read=f"{read:,}")
        older = self.merged.dropped + left_out
        if older:
            self._note_more(left_out, "The newest {n} lines are shown, of {all}", self.merged.lines)
        elif self.question.default_tail and (full := [reading for reading in self.readings if reading.is_full]):
            self._note_more(left_out, "Of each log the last {all} lines were read", full[0].lines)

    def _note_more(self, left_out: int, what: str, count: int) -> None:
        self.call.notes.add(
            what + "; for older ones pass continue={cursor}, or narrow it down with grep or sinceSeconds.",
            n=len(self.lines) - left_out, all=f"{count:,}", cursor=self._older(left_out).cursor(self.call),
        )  # fmt: skip

    def _older(self, left_out: int) -> Place:
        until, shown = self.merged.before(list(self.lines), left_out)
        firsts = [reading.first for reading in self.readings if reading.first is not None]
        tail = max((reading.options.tail_lines or 0) for reading in self.readings)
        return replace(
            self.question.place,
            until=until,
            shown=shown,
            tail=4 * tail if self.question.default_tail else None,
            since=self.question.since(self.call, min(firsts, default=None)),
        )
