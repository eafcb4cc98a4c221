"""Bytes on their way to the client: written at once while the pipe takes them, and by the event loop afterwards.

A thread would not do: one that is stuck in a write, because the client does not read, cannot be cancelled, and
a signal would not end the process.
"""

from __future__ import annotations

import asyncio
import os

from mcp_kubernetes.transports.lines import is_pipe

_MAX_WAITING = 16 << 20
"""Bytes that may wait for a client that does not read, before nothing more is read from it."""


class Output:
    """A descriptor to write to. Made while an event loop runs.

    `lost` is done when nothing can be written any more: without a result where the client went away, which is its
    good right, with an OSError for anything else.
    """

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor
        self._loop = asyncio.get_running_loop()
        self._waiting = bytearray()
        self._watching = False
        self._room, self._drained = asyncio.Event(), asyncio.Event()
        self.lost: asyncio.Future[None] = self._loop.create_future()
        if is_pipe(descriptor):
            os.set_blocking(descriptor, False)
        self._flush()

    def write(self, data: bytes) -> None:
        """Write after all that waits; nothing once the descriptor is lost."""
        if self.lost.done():
            return
        self._waiting += data
        if not self._watching:
            self._flush()

    async def room(self) -> None:
        """Wait until not too much waits for the client."""
        await self._room.wait()

    async def drained(self) -> None:
        """Wait until all is written, or the descriptor is lost."""
        await self._drained.wait()

    def _flush(self) -> None:
        try:
            while self._waiting:
                del self._waiting[: os.write(self._descriptor, self._waiting)]
        except BlockingIOError:
            pass
        except OSError as error:
            self._lose(error)
        self._watch(bool(self._waiting))
        _set(self._room, len(self._waiting) <= _MAX_WAITING)
        _set(self._drained, not self._waiting)

    def _watch(self, wanted: bool) -> None:
        if wanted and not self._watching:
            self._loop.add_writer(self._descriptor, self._flush)
        elif self._watching and not wanted:
            self._loop.remove_writer(self._descriptor)
        self._watching = wanted

    def _lose(self, error: OSError) -> None:
        self._waiting.clear()
        if isinstance(error, ConnectionError):
            self.lost.set_result(None)
        else:
            self.lost.set_exception(error)


def _set(event: asyncio.Event, wanted: bool) -> None:
    (event.set if wanted else event.clear)()
