"""The pages of a list in order, each asked for as soon as the one before it has told where it is.

That is when the page before has arrived, and long before it was searched, cut down and looked at: so the API server
works on the next one meanwhile.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine
from functools import partial
from typing import Any

from mcp_kubernetes.kube.reads.places import Chunk, Place

Told = Callable[[Place | None], None]
"""Takes the place of the next page, None after the last one; told once at most, and early."""

Read = Callable[[Place, Told], Coroutine[Any, Any, Chunk]]


class Ahead:
    """Reads pages, at most `most` of them held or under way at a time: with one, only when the next is wanted."""

    def __init__(self, read: Read, most: int) -> None:
        self._read = read
        self._room = asyncio.Semaphore(most)
        self._pages: asyncio.Queue[asyncio.Task[Chunk] | None] = asyncio.Queue()
        self._under_way: set[asyncio.Task[Any]] = set()

    async def chunks(self, start: Place) -> AsyncGenerator[Chunk]:
        """The page at `start`, and all that come after it. Raises what reading them does."""
        self._begin(self._follow(start))
        try:
            while page := await self._pages.get():
                yield await page
                self._room.release()
        finally:
            for task in self._under_way:
                give_up(task)

    async def _follow(self, place: Place | None) -> None:
        while place is not None:
            await self._room.acquire()
            told: asyncio.Future[Place | None] = asyncio.get_running_loop().create_future()
            page = self._begin(self._read(place, partial(_tell, told)))
            page.add_done_callback(partial(_tell_at_end, told))
            self._pages.put_nowait(page)
            place = await told
        self._pages.put_nowait(None)

    def _begin(self, work: Coroutine[Any, Any, Any]) -> asyncio.Task[Any]:
        task = asyncio.create_task(work)
        self._under_way.add(task)
        task.add_done_callback(self._under_way.discard)
        return task


def give_up(task: asyncio.Task[Any]) -> None:
    """End what nobody waits for any more; why it failed, if it did, is nobody's concern."""
    task.cancel()
    task.add_done_callback(lambda done: done.cancelled() or done.exception())


def _tell(told: asyncio.Future[Place | None], place: Place | None) -> None:
    if not told.done():
        told.set_result(place)


def _tell_at_end(told: asyncio.Future[Place | None], page: asyncio.Task[Chunk]) -> None:
    failed = page.cancelled() or page.exception() is not None
    _tell(told, None if failed else page.result().after)
