"""`summarize`: the templates of all lines with their counts, and a way to the lines of each."""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mcp_kubernetes import InvalidArguments, Rows, Text, ToolCall
from mcp_kubernetes_pods import stamps
from mcp_kubernetes_pods.asking import Place, Question
from mcp_kubernetes_pods.noting import note_readings, why_none
from mcp_kubernetes_pods.own_thread import OwnThread
from mcp_kubernetes_pods.reading import Readers, Reading
from mcp_kubernetes_pods.template_process import TemplateProcess
from mcp_kubernetes_pods.templates import ANY, OPEN

_ROOM = 1_000
"""Bytes of the table where the caller names no size: with the notes it is less than two kilobytes."""

_NOTES = 1_500
_LONGEST_TEMPLATE, _LONGEST_VALUES = 160, 48
_HEADER = ("N", "COUNT", "FIRST", "LAST", "TEMPLATE", "VALUES")
_NANO = 1_000_000_000


async def summed_up(
    call: ToolCall, namespace: str | None, question: Question, readings: Sequence[Reading]
) -> Rows | Text:
    """Read all lines, and tell what they are."""
    async with TemplateProcess() as process:
        with OwnThread() as thread:

            async def take(number: int, block: bytes) -> None:
                kept = await thread.run(question.filter.kept, block) if question.filter else block
                if kept:
                    await process.feed(number, kept)

            readers = Readers(call=call, namespace=namespace, take=take)
            await readers.read(readings, question.seconds(call))
        told = await process.finish()
    note_readings(call, question, readings, readers.stopped)
    if not told["lines"]:
        return why_none(question, readings)
    return Summary(call=call, question=question, told=told).table(len(readings))


@dataclass(frozen=True, kw_only=True)
class Summary:
    """What the process told, as a table."""

    call: ToolCall
    question: Question
    told: Mapping[str, Any]

    def table(self, logs: int) -> Rows:
        """As many templates as there is room for; what is left out is noted, and the way to the lines of each."""
        rows = self._rows()
        shown = self.told["told"][: len(rows)]
        self.call.notes.add(
            "{lines} lines of {logs} logs, {count} templates; <*> is any word, VALUES are those of the first and the "
            "last line; for the lines of template N pass continue={cursor}.N.",
            lines=f"{self.told['lines']:,}", logs=logs, count=self.told["templates"], cursor=self._cursor(shown),
        )  # fmt: skip
        rest = self.told["lines"] - sum(each["count"] for each in shown)
        if rest:
            self.call.notes.add(
                "{n} more templates, with {rest} lines, are left out: pass a larger maxBytes, or grep and exclude.",
                n=self.told["templates"] - len(shown), rest=f"{rest:,}",
            )  # fmt: skip
        return Rows(_HEADER, rows)

    def _rows(self) -> list[tuple[object, ...]]:
        left = self.call.budget.left - _NOTES if self.call.budget.is_wish else _ROOM
        rows: list[tuple[object, ...]] = []
        for number, each in enumerate(self.told["told"], 1):
            row = (number, each["count"], _time(each["first"]), _time(each["last"]), _template(each), _values(each))
            left -= sum(len(str(cell).encode()) + 1 for cell in row)
            if left < 0 and rows:
                break
            rows.append(row)
        return rows

    def _cursor(self, shown: Sequence[Mapping[str, Any]]) -> str:
        packed = zlib.compress(json.dumps([each["pieces"] for each in shown]).encode(), 9)
        since = self.question.since(self.call, None)
        place = {"templates": base64.b85encode(packed).decode(), **({"since": since} if since else {})}
        return self.call.cluster.cursor(place)


def place_of(call: ToolCall, cursor: str) -> Place:
    """Where a cursor leads: to older lines, or to those of one template of a summary. Raises InvalidArguments."""
    sealed, _, number = cursor.partition(".")
    place = call.cluster.place(sealed)
    if packed := place.pop("templates", None):
        templates = json.loads(zlib.decompress(base64.b85decode(packed)))
        if not number.isdecimal() or not 0 < int(number) <= len(templates):
            raise InvalidArguments(
                "continue names no template of the summary.", hint="Add its number: CURSOR.1 for the first one."
            )
        place["template"] = tuple(templates[int(number) - 1])
    return Place(**place)


def _time(seconds: float) -> str:
    return stamps.shown(int(seconds * 1_000) * 1_000_000)


def _template(each: Mapping[str, Any]) -> str:
    text = ANY.join(each["pieces"]).replace(OPEN, "…")
    return text if len(text) <= _LONGEST_TEMPLATE else f"{text[:_LONGEST_TEMPLATE]}…"


def _values(each: Mapping[str, Any]) -> str:
    first, last = (", ".join(values) for values in each["values"])
    return " → ".join(_short(text) for text in dict.fromkeys((first, last)) if text)


def _short(text: str) -> str:
    return text if len(text) <= _LONGEST_VALUES else f"{text[:_LONGEST_VALUES]}…"
