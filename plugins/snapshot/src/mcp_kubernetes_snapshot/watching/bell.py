"""Wakes watchers on their event loops, from whatever thread a change was made in."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager, suppress


class Bell:
    """Rung after each change. Whoever hears it looks for himself what has changed, so nothing waits for anybody."""

    def __init__(self) -> None:
        self.is_closed = False
        self._ears: dict[asyncio.Event, asyncio.AbstractEventLoop] = {}

    @property
    def is_heard(self) -> bool:
        """Whether anybody listens."""
        return bool(self._ears)

    @contextmanager
    def heard(self) -> Iterator[asyncio.Event]:
        """Set whenever it rings; whoever waits for it clears it before he looks."""
        ear = asyncio.Event()
        self._ears[ear] = asyncio.get_running_loop()
        try:
            yield ear
        finally:
            del self._ears[ear]

    def ring(self) -> None:
        """Wake all who listen. From any thread."""
        for ear, loop in tuple(self._ears.items()):
            with suppress(RuntimeError):  # a loop that has ended has nobody left to wake
                loop.call_soon_threadsafe(ear.set)

    def close(self) -> None:
        """Ring for the last time."""
        self.is_closed = True
        self.ring()
