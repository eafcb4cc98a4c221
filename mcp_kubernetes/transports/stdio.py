"""Standard input and output. The process is the session: whoever started it is its only user.

Standard input is read by the event loop where the platform can, because a thread that waits for a line
cannot be cancelled: SIGTERM would have to wait for the client's next message.
"""

from __future__ import annotations

import asyncio
import os
import signal
import stat
import sys
from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any, cast

from mcp.server.stdio import stdio_server

from mcp_kubernetes.calls import Session
from mcp_kubernetes.server import mcp_server

if TYPE_CHECKING:
    from mcp_kubernetes.app import App

_MAX_LINE = 64 << 20


async def serve(app: App) -> None:
    """Serve until standard input ends, or SIGTERM or SIGINT arrives; running calls are cancelled then."""
    serving = asyncio.create_task(_serve(app))
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, serving.cancel)
    await asyncio.wait({serving})
    if not serving.cancelled():
        await serving


async def _serve(app: App) -> None:
    sdk = mcp_server(app, session=Session(key="stdio"))
    # Only iteration is asked of it; None lets the SDK read files and terminals in its own way.
    stdin = cast("Any", await _lines())
    async with stdio_server(stdin=stdin) as (incoming, outgoing):
        await sdk.run(incoming, outgoing, sdk.create_initialization_options())


async def _lines() -> AsyncIterator[str] | None:
    """The lines of standard input if it is a pipe or a socket, else None.

    Descriptor 0 then points at the null device: children and stray reads must not take what is the protocol's.
    """
    try:
        descriptor = sys.stdin.fileno()
    except (OSError, ValueError):
        return None
    mode = os.fstat(descriptor).st_mode
    if not (stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)):
        return None
    pipe = os.fdopen(os.dup(descriptor), "rb", buffering=0)
    null = os.open(os.devnull, os.O_RDONLY)
    os.dup2(null, descriptor)
    os.close(null)
    reader = asyncio.StreamReader(limit=_MAX_LINE)
    await asyncio.get_running_loop().connect_read_pipe(lambda: asyncio.StreamReaderProtocol(reader), pipe)
    return _decoded(reader)


async def _decoded(reader: asyncio.StreamReader) -> AsyncIterator[str]:
    """Lines as text. One that is too long becomes an empty one, which is answered as a parse error."""
    while True:
        try:
            line = await reader.readline()
        except ValueError:
            yield "\n"
            continue
        if not line:
            return
        yield line.decode(errors="replace")
