"""Lines of bytes from a descriptor: bounded, and read so that a wait for one does not keep the process from ending."""

from __future__ import annotations

import asyncio
import os
import socket
import stat
import threading
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import suppress
from typing import IO

MAX_LINE = 32 << 20
"""The longest line, in bytes. What is longer is dropped as it comes, and costs no more memory than two of these."""

_Read = Callable[[], Awaitable[bytes]]
"""Reads up to the end of a line, or a part of it that is longer than a line may be; nothing at the end of input."""


async def lines(descriptor: int) -> AsyncIterator[bytes | None]:
    """Each line with its end; None for one that was too long. What follows the last end is no line."""
    read = await _reading(descriptor)
    whole = True
    while piece := await read():
        complete = piece.endswith(b"\n")
        if whole and complete:
            yield piece
        elif whole and len(piece) >= MAX_LINE:
            yield None
        whole = complete


def is_pipe(descriptor: int) -> bool:
    """Whether the event loop can wait for it: a pipe or a socket, which is what clients use."""
    mode = os.fstat(descriptor).st_mode
    return stat.S_ISFIFO(mode) or stat.S_ISSOCK(mode)


async def _reading(descriptor: int) -> _Read:
    if not is_pipe(descriptor):
        file = os.fdopen(descriptor, "rb")
        return lambda: _piece_of_file(file)
    reader = asyncio.StreamReader(limit=MAX_LINE)
    await _connect(descriptor, asyncio.StreamReaderProtocol(reader))
    return lambda: _piece(reader)


async def _connect(descriptor: int, protocol: asyncio.StreamReaderProtocol) -> None:
    """A socket as a socket: of a pipe, the loop would log it as an error when a client goes away without reading."""
    loop = asyncio.get_running_loop()
    if stat.S_ISSOCK(os.fstat(descriptor).st_mode):
        await loop.create_connection(lambda: protocol, sock=socket.socket(fileno=descriptor))
    else:
        await loop.connect_read_pipe(lambda: protocol, os.fdopen(descriptor, "rb", buffering=0))


async def _piece(reader: asyncio.StreamReader) -> bytes:
    try:
        return await reader.readuntil(b"\n")
    except asyncio.LimitOverrunError as overrun:
        return await reader.readexactly(overrun.consumed)
    except (asyncio.IncompleteReadError, ConnectionError):
        return b""


async def _piece_of_file(file: IO[bytes]) -> bytes:
    """Read in a thread that is left to itself at the end: nothing else can wait for a terminal and be cancelled."""
    loop = asyncio.get_running_loop()
    piece: asyncio.Future[bytes] = loop.create_future()

    def read() -> None:
        found = b""
        with suppress(OSError):  # a terminal that was hung up
            found = file.readline(MAX_LINE)
        with suppress(RuntimeError):  # the loop is closed
            loop.call_soon_threadsafe(_hand_over, piece, found)

    threading.Thread(target=read, daemon=True).start()
    return await piece


def _hand_over(piece: asyncio.Future[bytes], found: bytes) -> None:
    if not piece.done():
        piece.set_result(found)
