"""Standard input and output. The process is the session: whoever started it is its only user.

Both are used by the event loop and not by threads, as the SDK does: a thread that waits for a line, or for a
client that does not read, cannot be cancelled, and SIGTERM would have to wait for it.
"""

from __future__ import annotations

import asyncio
import logging
from contextlib import suppress
from typing import TYPE_CHECKING, Any, cast

from mcp_kubernetes.calls import Session
from mcp_kubernetes.server import mcp_server
from mcp_kubernetes.streams import StandardStreams
from mcp_kubernetes.transports.exchange import Exchange
from mcp_kubernetes.transports.lines import lines
from mcp_kubernetes.transports.output import Output
from mcp_kubernetes.transports.signals import told_to_stop

if TYPE_CHECKING:
    from mcp_kubernetes.app import App

_log = logging.getLogger(__name__)

_FAREWELL = 1.0
"""Seconds that a client has to read what is left, when the process has been told to end."""


async def serve(app: App) -> None:
    """Serve until standard input ends, standard output is closed, or SIGTERM or SIGINT arrives.

    Running calls are cancelled then. Raises OSError for a standard output that cannot be written to.
    """
    streams = app.streams or StandardStreams.claim()
    output = Output(streams.stdout)
    serving = asyncio.create_task(_serve(app, streams.stdin, output))
    stopping = asyncio.create_task(told_to_stop().wait())
    ends: list[asyncio.Future[Any]] = [serving, stopping, output.lost]
    await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
    if serving.done() and not output.lost.done():
        stopping.cancel()
        return await serving
    serving.cancel()
    # What the SDK makes of a cancellation amid its messages is no failure of ours: we were told to stop.
    for error in await asyncio.gather(serving, return_exceptions=True):
        _log.debug("Serving was stopped.", exc_info=error)
    return await _part(output)


async def _serve(app: App, stdin: int, output: Output) -> None:
    sdk = mcp_server(app, session=Session(key="stdio"))
    exchange = Exchange(lines(stdin), output)
    # The SDK asks its input only for iteration.
    await sdk.run(cast("Any", exchange.incoming()), exchange, sdk.create_initialization_options())
    await output.drained()


async def _part(output: Output) -> None:
    """Leave nothing unsaid to a client that still reads."""
    with suppress(TimeoutError):
        async with asyncio.timeout(_FAREWELL):
            await output.drained()
    if output.lost.done():
        output.lost.result()
