"""What the reader of an answer has to know about it: collected while it is made, and said after it."""

from __future__ import annotations

from collections.abc import Sequence

from mcp_kubernetes.redact import redact
from mcp_kubernetes.results import NOTE, Text

FEWEST_NOTES_BYTES = 512
"""Kept free for the notes: an answer that cannot say what was cut is worth nothing. A cursor alone takes 270, and what
became of an expression 230."""

_CURSOR = "pass continue="
_LEFT_OUT = f"{NOTE} {{n}} more notes did not fit into the answer."
_FEWEST_CHARACTERS = 60
"""Of a note that is cut."""


class Notes:
    """What the reader has to know about the answer. Each sentence is said once."""

    def __init__(self) -> None:
        self._texts: dict[str, None] = {}

    def add(self, template: str, /, **fields: object) -> None:
        """Add a sentence of ours; `template` is a literal, as for `Text`."""
        self._texts[str(Text(template, **fields))] = None

    def __str__(self) -> str:
        return "\n".join(self._lines())

    def within(self, room: int) -> str:
        """As many of them as `room` bytes hold, and how many did not fit: the last first, for these tell what was cut.

        One with a cursor is always there, whole.
        """
        lines = self._lines()
        if _size(lines) <= room:
            return "\n".join(lines)
        room -= len(_LEFT_OUT) + _size([line for line in lines if _CURSOR in line])
        kept = []
        for line in reversed(lines):
            shorter = line if _CURSOR in line else _cut(line, room)
            room -= 0 if _CURSOR in line else _size([shorter])
            kept += [shorter] if shorter else []
        left_out = len(lines) - len(kept)
        return "\n".join([*reversed(kept), *[_LEFT_OUT.format(n=left_out)] * bool(left_out)])

    def _lines(self) -> list[str]:
        return [f"{NOTE} {redact(text)}" for text in self._texts]


def _size(lines: Sequence[str]) -> int:
    return sum(len(line.encode()) + 1 for line in lines if line)


def _cut(line: str, room: int) -> str:
    """The line, or what there is room for, if that still says anything."""
    if _size([line]) <= room:
        return line
    kept = line.encode()[: max(room - 4, 0)].decode(errors="ignore")
    return f"{kept}…" if len(kept) >= _FEWEST_CHARACTERS else ""


class Unread(Notes):
    """Notes of work that goes on after the answer was given: nobody is left to read them, so none are kept."""

    def add(self, template: str, /, **fields: object) -> None:
        """Keep nothing."""
