"""WebSockets as aiohttp has them: what is sent and received on one, and what a server said that refused one.

aiohttp drops the body of a refusal, which is the API server's own sentence, so it is read before aiohttp sees it.
"""

from __future__ import annotations

from dataclasses import dataclass

import aiohttp

from mcp_kubernetes.errors import Disconnected
from mcp_kubernetes.kube.cluster import ClusterEntry
from mcp_kubernetes.kube.connection import Response
from mcp_kubernetes.kube.failures import translated

_SWITCHING_PROTOCOLS = 101
_MAX_REFUSAL = 65_536
_ENDS = frozenset({aiohttp.WSMsgType.CLOSE, aiohttp.WSMsgType.CLOSING, aiohttp.WSMsgType.CLOSED})


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


@dataclass(frozen=True)
class WebSocket:
    """A socket of binary messages."""

    socket: aiohttp.ClientWebSocketResponse[bool]
    entry: ClusterEntry

    @property
    def protocol(self) -> str:
        """The one that the server chose; "" if it chose none."""
        return self.socket.protocol or ""

    async def send(self, data: bytes) -> None:
        """Send one message. Raises Disconnected."""
        with translated(self.entry):
            await self.socket.send_bytes(data)

    async def receive(self) -> bytes | None:
        """The next message; None once the server has closed it. Raises Disconnected."""
        with translated(self.entry):
            message = await self.socket.receive()
        if message.type in _ENDS and self.socket.close_code != aiohttp.WSCloseCode.ABNORMAL_CLOSURE:
            return None
        if message.type in _ENDS or message.type is aiohttp.WSMsgType.ERROR:
            raise Disconnected(f"The connection to {self.entry.name} broke off.")
        data = message.data
        return data.encode() if isinstance(data, str) else bytes(data)
