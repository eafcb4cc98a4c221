"""Reading many pieces that mostly lie one behind the other, as the objects of a list do."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from mcp_kubernetes_snapshot.files.sources import Extent, Source

_WINDOW = 256 << 10
"""Bytes that are read at once."""

_MOST_WINDOWS = 4
"""Objects and their rows come from two sources in turn; those of a folder are left behind."""


class _Window(NamedTuple):
    start: int
    held: bytes

    @property
    def end(self) -> int:
        return self.start + len(self.held)


class ReadingAhead:
    """Reads further than it is asked to where one piece follows another. For one request, and no other beside it."""

    def __init__(self, sources: Sequence[Source]) -> None:
        self._sources = sources
        self._windows: dict[int, _Window] = {}

    def piece(self, extent: Extent) -> bytes:
        """The bytes that lie there. Raises OSError where the file is not as it was."""
        number, offset, size = extent
        window = self._windows.get(number)
        if window is None or offset < window.start or offset + size > window.end:
            window = self._moved(extent, window)
        place = offset - window.start
        return window.held[place : place + size]

    def _moved(self, extent: Extent, before: _Window | None) -> _Window:
        follows = before is not None and before.start <= extent.offset < before.end + _WINDOW
        size = max(extent.size, _WINDOW) if follows else extent.size
        if before is None and len(self._windows) == _MOST_WINDOWS:
            self._windows.clear()
        window = _Window(extent.offset, self._sources[extent.source].read(extent.offset, size))
        self._windows[extent.source] = window
        return window
