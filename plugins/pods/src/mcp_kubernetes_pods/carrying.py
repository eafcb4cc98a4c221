"""One local connection, carried to a pod and back until one side ends it."""

from __future__ import annotations

import asyncio
import socket
import struct
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mcp_kubernetes.spi import Tunnel

_PIECE = 262_144
LINGER = 5.0
"""Seconds of silence after which a client that has said its last is taken for gone.

Whether it only ended its own direction cannot be seen from here, nor be told to the pod: the protocol ends both.
"""


@dataclass(kw_only=True)
class Traffic:
    """What went through so far, in bytes, and how many connections it took. `moved` is when it did last."""

    sent: int = 0
    received: int = 0
    open: int = 0
    carried: int = 0
    failed: int = 0
    moved: float = 0.0

    def move(self, *, sent: int = 0, received: int = 0) -> None:
        """Count bytes."""
        self.sent += sent
        self.received += received
        self.moved = asyncio.get_running_loop().time()


@dataclass(kw_only=True)
class Flow:
    """One connection's part in the traffic: `received` are the bytes that came from the pod."""

    traffic: Traffic
    received: int = 0

    async def up(self, reader: asyncio.StreamReader, tunnel: Tunnel) -> None:
        """Carry what the client sends, until it ends its direction."""
        while data := await reader.read(_PIECE):
            await tunnel.send(data)
            self.traffic.move(sent=len(data))

    async def down(self, tunnel: Tunnel, writer: asyncio.StreamWriter) -> None:
        """Carry what the pod sends, no faster than the client takes it."""
        async for data in tunnel:
            writer.write(data)
            self.received += len(data)
            self.traffic.move(received=len(data))
            await writer.drain()

    async def linger(self, down: asyncio.Task[None]) -> None:
        """Wait for the rest of what the pod has to say, for as long as it says something."""
        received = -1
        while received != self.received and not down.done():
            received = self.received
            await asyncio.wait((down,), timeout=LINGER)


async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, tunnel: Tunnel, traffic: Traffic) -> bool:
    """Carry both directions. True if the pod ended the connection, and all that it sent was handed over.

    Raises OSError if the client broke off, and what the tunnel raises.
    """
    flow = Flow(traffic=traffic)
    up, down = asyncio.create_task(flow.up(reader, tunnel)), asyncio.create_task(flow.down(tunnel, writer))
    try:
        await asyncio.wait((up, down), return_when=asyncio.FIRST_COMPLETED)
        if not down.done() and not isinstance(up.exception(), OSError):
            await flow.linger(down)
        (down if down.done() else up).result()
        return down.done()
    finally:
        up.cancel()
        down.cancel()
        await asyncio.gather(up, down, return_exceptions=True)


def reset(writer: asyncio.StreamWriter) -> None:
    """End it so that the client sees an error, and cannot take what it got for the whole."""
    sock = writer.get_extra_info("socket")
    with suppress(OSError):
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()
