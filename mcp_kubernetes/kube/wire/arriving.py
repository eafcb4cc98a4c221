"""The body of an answer while it arrives. It can be ended without the loss of anything that has arrived already."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING

from mcp_kubernetes.kube.cluster import ClusterEntry
from mcp_kubernetes.kube.wire.failures import translated

if TYPE_CHECKING:
    import aiohttp


class Arriving:
    """Reads whatever there is, as soon as there is any. Made in the event loop that reads it."""

    def __init__(self, content: aiohttp.StreamReader, entry: ClusterEntry) -> None:
        self._content = content
        self._entry = entry
        self._stopped = asyncio.get_running_loop().create_future()

    def stop(self) -> None:
        """End it, with all that has arrived."""
        if not self._stopped.done():
            self._stopped.set_result(None)

    async def chunks(self) -> AsyncIterator[bytes]:
        """The pieces, up to the end of the body or of our patience. Raises Disconnected, TimedOut."""
        with translated(self._entry):
            while not self._stopped.done() and (chunk := await self._next()):
                yield chunk
            if chunk := self._content.read_nowait():
                yield chunk

    async def _next(self) -> bytes:
        """What has arrived, or does before it is stopped."""
        if chunk := self._content.read_nowait():
            return chunk
        reading = asyncio.ensure_future(self._content.readany())
        try:
            await asyncio.wait((reading, self._stopped), return_when=asyncio.FIRST_COMPLETED)
        finally:
            reading.cancel()
        return await reading if reading.done() else b""
