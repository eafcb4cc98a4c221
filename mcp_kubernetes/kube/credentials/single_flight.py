"""Costly work that many wait for: done once for all of them, and not ended by one who gives up waiting."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any, Generic, TypeVar

Found = TypeVar("Found")


class SingleFlight(Generic[Found]):
    """What is under way, by what was asked for."""

    def __init__(self) -> None:
        self._running: dict[str, asyncio.Task[Found]] = {}

    async def join(self, asked: str, work: Callable[[], Coroutine[Any, Any, Found]]) -> Found:
        """What `work` comes to for everybody who asks the same meanwhile; raises what it raises."""
        if asked not in self._running:
            self._running[asked] = asyncio.create_task(self._run(asked, work))
            self._running[asked].add_done_callback(_notice)
        return await asyncio.shield(self._running[asked])

    async def _run(self, asked: str, work: Callable[[], Coroutine[Any, Any, Found]]) -> Found:
        try:
            return await work()
        finally:
            del self._running[asked]


def _notice(task: asyncio.Task[Any]) -> None:
    """A failure that nobody waits for any more is no news: the next call tries again."""
    if not task.cancelled():
        task.exception()
