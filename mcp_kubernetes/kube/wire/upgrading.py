"""WebSockets as aiohttp has them: what is sent and received on one, and what a server said that refused one.

aiohttp drops the body of a refusal, which is the API server's own sentence, so it is read before aiohttp sees it. It
also tells a connection that broke off from one that was closed by its codes alone, and its heartbeat takes a reader
who is busy for a server that is dead; both are told apart here.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import aiohttp

from mcp_kubernetes.errors import Disconnected
from mcp_kubernetes.kube.cluster import ClusterEntry
from mcp_kubernetes.kube.connection import Response
from mcp_kubernetes.kube.wire.failures import translated

_SWITCHING_PROTOCOLS = 101
_MAX_REFUSAL = 65_536
_BROKEN = frozenset({aiohttp.WSMsgType.CLOSING, aiohttp.WSMsgType.CLOSED, aiohttp.WSMsgType.ERROR})
"""What aiohttp gives where nothing more comes, although the server did not say that it closes."""


class Refused(Exception):
    """The server answers the wish to leave HTTP with an answer of its own."""

    def __init__(self, response: Response) -> None:
        super().__init__()
        self.response = response


async def refusing(request: aiohttp.ClientRequest, handler: aiohttp.ClientHandlerType) -> aiohttp.ClientResponse:
    """Raise Refused, with what was said, where a request to leave HTTP stays in it. An aiohttp middleware."""
    response = await handler(request)
    if "Sec-WebSocket-Key" not in request.headers or response.status == _SWITCHING_PROTOCOLS:
        return response
    body = await response.content.read(_MAX_REFUSAL)
    headers = {name.lower(): value for name, value in response.headers.items()}
    response.close()
    raise Refused(Response(status=response.status, headers=headers, body=body))


@dataclass
class WebSocket:
    """A socket of binary messages. `turns` counts how often a reader began or ended to wait; `waits`: one does."""

    socket: aiohttp.ClientWebSocketResponse[bool]
    entry: ClusterEntry
    turns: int = field(default=0, init=False)
    waits: bool = field(default=False, init=False)

    @property
    def protocol(self) -> str:
        """The one that the server chose; "" if it chose none."""
        return self.socket.protocol or ""

    async def send(self, data: bytes) -> None:
        """Send one message. Raises Disconnected."""
        with translated(self.entry):
            await self.socket.send_bytes(data)

    async def receive(self) -> bytes | None:
        """The next message; None once the server has closed it. Raises Disconnected if it broke off."""
        while True:
            message = await self._next()
            if message.type is aiohttp.WSMsgType.CLOSE:
                return None
            if message.type in _BROKEN:
                raise Disconnected(f"The connection to {self.entry.name} broke off.")
            if message.type is aiohttp.WSMsgType.PING:
                await self.socket.pong(message.data)
            elif message.type is not aiohttp.WSMsgType.PONG:
                return message.data.encode() if isinstance(message.data, str) else bytes(message.data)

    @asynccontextmanager
    async def kept_alive(self, seconds: float) -> AsyncIterator[None]:
        """Ping as often as that, and break off once a reader has waited as long for anything at all."""
        pinging = asyncio.create_task(self._ping(seconds))
        try:
            yield
        finally:
            pinging.cancel()
            await asyncio.wait((pinging,))

    async def _next(self) -> Any:
        self._turn(waits=True)
        try:
            with translated(self.entry):
                return await self.socket.receive()
        finally:
            self._turn(waits=False)

    def _turn(self, *, waits: bool) -> None:
        self.turns += 1
        self.waits = waits

    async def _ping(self, seconds: float) -> None:
        """A reader who is busy elsewhere hears no pong: a silence is the server's only if one waited all the time."""
        turns = -1
        with suppress(aiohttp.ClientError):
            while not (self.waits and self.turns == turns):
                turns = self.turns
                await self.socket.ping()
                await asyncio.sleep(seconds)
            await self.socket.close()
