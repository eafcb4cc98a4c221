"""The channels that Kubernetes lays over one WebSocket: the first byte of each message says which one it is of.

v4.channel.k8s.io has no way to say that standard input ends; v5 has (KEP-4006). Which one it is, the server chooses.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from mcp_kubernetes.kube.connection import Socket

V5: Final = "v5.channel.k8s.io"
V4: Final = "v4.channel.k8s.io"

STDIN, STDOUT, STDERR, STATUS = 0, 1, 2, 3
"""The channels of exec and attach."""

DATA, ERROR = 0, 1
"""The channels of port-forward, of its first port."""

_CLOSE = 255
_PIECE = 32_768


@dataclass(frozen=True)
class Channels:
    """A socket, as numbered channels."""

    socket: Socket

    @property
    def can_close(self) -> bool:
        """Whether the other side can be told that a channel ends."""
        return self.socket.protocol == V5

    async def send(self, channel: int, data: bytes) -> None:
        """Send data on a channel, in pieces that a kubelet takes at once. Raises Disconnected."""
        view = memoryview(data)
        for start in range(0, len(data), _PIECE):
            await self.socket.send(b"".join((bytes([channel]), view[start : start + _PIECE])))
            # A server that is done closes while we send. What it said before is lost unless it is read before the
            # next piece fails.
            await asyncio.sleep(0)

    async def close(self, channel: int) -> None:
        """Say that nothing more comes on this channel. Only where `can_close`."""
        await self.socket.send(bytes([_CLOSE, channel]))

    async def __aiter__(self) -> AsyncIterator[tuple[int, memoryview]]:
        """What comes, channel by channel, until the other side closes. Empty messages are passed over."""
        while (message := await self.socket.receive()) is not None:
            if len(message) > 1 and message[0] != _CLOSE:
                yield message[0], memoryview(message)[1:]
