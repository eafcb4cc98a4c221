"""The newest lines of many logs, in the order of time: no more of them than an answer holds."""

from __future__ import annotations

from collections.abc import Iterable
from heapq import heappop, heappush
from typing import NamedTuple

from mcp_kubernetes_pods import stamps


class Line(NamedTuple):
    """A line of the log of a source, which is a number. `order` tells lines of one source and time apart."""

    time: int
    source: int
    order: int
    text: bytes
    is_hit: bool = True


class Newest:
    """Keeps the newest lines that take up `room` bytes; of those after a place, which were shown already, none.

    `until` is the time of the oldest line that was shown, `shown` how many lines of that very time were.
    """

    def __init__(self, room: int, *, until: int | None = None, shown: int = 0) -> None:
        self.dropped = 0
        self.lines = 0
        self.hits = 0
        self._room = room
        self._until = until
        self._shown = shown
        self._size = 0
        self._heap: list[Line] = []
        self._last: dict[int, int] = {}

    def add(self, source: int, found: Iterable[tuple[bool, bytes]]) -> None:
        """More lines of a source, with the kubelet's timestamps; one without has the time of the one before."""
        for is_hit, raw in found:
            time, text = stamps.split(raw)
            if time is None:
                time = self._last.get(source, 0)
            self._last[source] = time
            if self._until is None or time <= self._until:
                self._keep(time, source, text, is_hit=is_hit)

    def _keep(self, time: int, source: int, text: bytes, *, is_hit: bool) -> None:
        self.lines += 1
        self.hits += is_hit
        if self._size > self._room and self._heap and time < self._heap[0].time:
            self.dropped += 1
            return
        heappush(self._heap, Line(time, source, self.lines, text, is_hit))
        self._size += len(text) + 1
        while self._size > self._room and self._size - len(self._heap[0].text) - 1 > self._room:
            self._size -= len(heappop(self._heap).text) + 1
            self.dropped += 1

    def kept(self) -> list[Line]:
        """The newest lines, oldest first."""
        lines = sorted(self._heap)
        again = sum(line.time == self._until for line in lines)
        return lines[: len(lines) - min(again, self._shown)]

    def before(self, lines: list[Line], first: int) -> tuple[int, int]:
        """The place before line number `first`: where to go on from after the lines from there on were shown."""
        time = lines[first].time
        same = sum(line.time == time for line in lines[first:])
        return time, same + (self._shown if time == self._until else 0)
