"""Standard input and output. The process is the session: whoever started it is its only user.

Standard input is read by the event loop where the platform can, because a thread that waits for a line
cannot be cancelled: SIGTERM would have to wait for the client's next message.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import stat
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any, cast

import anyio
from mcp.server.stdio import stdio_server

from mcp_kubernetes.calls import Session
from mcp_kubernetes.server import mcp_server
from mcp_kubernetes.streams import StandardStreams

if TYPE_CHECKING:
    from mcp_kubernetes.app import App

_log = logging.getLogger(__name__)

_MAX_LINE = 64 << 20


async def serve(app: App) -> None:
    """Serve until standard input ends, or SIGTERM or SIGINT arrives; running calls are cancelled then."""
    serving = asyncio.create_task(_serve(app))
    told_to_stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, told_to_stop.set)
    stopping = asyncio.create_task(told_to_stop.wait())
    await asyncio.wait({serving, stopping}, return_when=asyncio.FIRST_COMPLETED)
    if serving.done():
        stopping.cancel()
        return await serving
    serving.cancel()
    # What the SDK makes of a cancellation amid its messages is no failure of ours: we were told to stop.
    for error in await asyncio.gather(serving, return_exceptions=True):
        _log.debug("Serving was stopped.", exc_info=error)
    return None


async def _serve(app: App) -> None:
    sdk = mcp_server(app, session=Session(key="stdio"))
    streams = app.streams or StandardStreams.claim()
    # The SDK asks its input only for iteration.
    stdin = cast("Any", await _lines(streams.stdin))
    stdout = anyio.wrap_file(os.fdopen(streams.stdout, "w", encoding="utf-8"))
    async with stdio_server(stdin=stdin, stdout=stdout) as (incoming, outgoing):
        await sdk.run(incoming, outgoing, sdk.create_initialization_options())


async def _lines(descriptor: int) -> AsyncIterator[str]:
    """The lines of standard input: read by the event loop if it is a pipe or a socket, else by a thread."""
    mode = os.fstat(descriptor).st_mode
    if not (stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)):
        return aiter(anyio.wrap_file(os.fdopen(descriptor, encoding="utf-8", errors="replace")))
    reader = asyncio.StreamReader(limit=_MAX_LINE)
    pipe = os.fdopen(descriptor, "rb", buffering=0)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), pipe)
    return _decoded(reader)


async def _decoded(reader: asyncio.StreamReader) -> AsyncIterator[str]:
    """Lines as text. One that is too long is dropped, as the SDK drops what is no JSON-RPC: the server goes on."""
    while True:
        try:
            line = await reader.readline()
        except ValueError:
            _log.warning("A line of more than %d MiB on standard input was dropped.", _MAX_LINE >> 20)
            continue
        if not line:
            return
        yield line.decode(errors="replace")
