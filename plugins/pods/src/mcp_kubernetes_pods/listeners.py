"""Local ports, on loopback alone: whoever is at another machine does not reach them, every user of this one does."""

from __future__ import annotations

import asyncio
import errno
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from functools import partial

from mcp_kubernetes import ToolError

HOST = "127.0.0.1"

Accept = Callable[[int, asyncio.StreamReader, asyncio.StreamWriter], None]
"""Told which of the ports it was, and what to read from and write to."""


@asynccontextmanager
async def listening(ports: Sequence[int], accept: Accept) -> AsyncIterator[tuple[int, ...]]:
    """Listen on all of these ports, 0 for any, or on none; their numbers. Raises ToolError."""
    servers: list[asyncio.Server] = []
    try:
        for at, port in enumerate(ports):
            servers.append(await _listen(port, partial(accept, at)))
        yield tuple(server.sockets[0].getsockname()[1] for server in servers)
    finally:
        for server in servers:
            server.close()


async def _listen(port: int, accept: Callable[[asyncio.StreamReader, asyncio.StreamWriter], None]) -> asyncio.Server:
    try:
        return await asyncio.start_server(accept, HOST, port)
    except OSError as error:
        why = {errno.EADDRINUSE: "is in use already", errno.EACCES: "is for privileged processes"}
        problem = why.get(error.errno or 0, "cannot be opened")
        raise ToolError(f"The local port {port} {problem}.", hint="Write 0:REMOTE for any free one.") from None
