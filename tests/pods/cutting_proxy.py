"""A TCP proxy that passes everything on until it is told to cut: no network can be made to break at a chosen byte."""

from __future__ import annotations

import asyncio
import contextlib
from dataclasses import dataclass, field
from typing import Literal, Self

Direction = Literal["up", "down"]
"""Up is what the client sends, down is what the server answers."""


@dataclass
class CuttingProxy:
    """Between a client and the server at `port`. Counts the bytes of connections that are made while it is armed."""

    port: int
    direction: Direction = "up"
    left: int | None = None
    """Bytes in that direction after which both sides are cut off; None passes all on."""
    connections: int = 0
    passed: dict[Direction, int] = field(default_factory=lambda: {"up": 0, "down": 0})
    _tasks: set[asyncio.Task[None]] = field(default_factory=set)

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._accepted, "127.0.0.1", 0)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self._server.sockets[0].getsockname()[1]}"

    def arm(self, direction: Direction, after: int | None) -> None:
        """Cut the connections that are made from now on; begin to count."""
        self.direction, self.left, self.connections = direction, after, 0
        self.passed = {"up": 0, "down": 0}

    async def _accepted(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        task = asyncio.ensure_future(self._between(reader, writer))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _between(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        server_reader, server_writer = await asyncio.open_connection("127.0.0.1", self.port)
        up = asyncio.ensure_future(self._pass(reader, server_writer, "up"))
        down = asyncio.ensure_future(self._pass(server_reader, writer, "down"))
        try:
            await asyncio.wait({up, down}, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in (up, down):
                task.cancel()
            for end in (writer, server_writer):
                end.transport.abort()

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, direction: Direction) -> None:
        cut = self.left if direction == self.direction else None
        with contextlib.suppress(ConnectionError):
            while data := await reader.read(65_536):
                kept = data if cut is None else data[:cut]
                self.passed[direction] += len(kept)
                writer.write(kept)
                await writer.drain()
                if cut is not None and (cut := cut - len(kept)) <= 0:
                    return
