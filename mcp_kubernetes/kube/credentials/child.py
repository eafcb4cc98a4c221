"""A foreign program, run so that it can do no harm but its own.

It gets no standard input, for that is where the MCP client speaks; it cannot fill a pipe that nobody reads,
nor the memory with what it says; and when it takes too long, or nobody waits for it any more, it ends together
with all that it started.

What is run comes from configuration alone: no command, argument or variable is ever made of a tool's input.
"""

from __future__ import annotations

import asyncio
import os
import signal
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from typing import cast

LARGEST_OUTPUT = 1 << 20
"""Bytes of standard output; a program that says more is ended."""

_LARGEST_COMPLAINT = 1 << 16
_CHUNK = 1 << 16
_GRACE = 5.0


@dataclass(frozen=True, kw_only=True)
class Command:
    """What to run: an absolute path, its arguments, and the whole environment. `repr` shows the path alone."""

    program: str
    arguments: tuple[str, ...] = field(default=(), repr=False)
    environment: Mapping[str, str] = field(repr=False)


@dataclass(frozen=True, kw_only=True)
class Finished:
    """How it ended: the exit code (negative: a signal), what it said, and the end of what it complained."""

    code: int
    output: bytes = field(repr=False)
    complaint: bytes = field(repr=False)


async def run(command: Command, timeout: float) -> Finished:  # noqa: ASYNC109 - ends the program, not only the wait
    """Run to the end. Raises TimeoutError, and OSError or ValueError for what cannot be started."""
    process = await asyncio.create_subprocess_exec(
        command.program,
        *command.arguments,
        stdin=DEVNULL,
        stdout=PIPE,
        stderr=PIPE,
        env=command.environment,
        start_new_session=True,
    )
    try:
        async with asyncio.timeout(timeout):
            return await _finish(process)
    except BaseException:
        await _end(process)
        raise


async def _finish(process: Process) -> Finished:
    # Both pipes at once: a program whose complaints nobody reads waits for ever.
    output, complaint = await asyncio.gather(_output(process), _complaint(process))
    return Finished(code=await process.wait(), output=output, complaint=complaint)


async def _output(process: Process) -> bytes:
    read = bytearray()
    stream = cast("asyncio.StreamReader", process.stdout)
    while chunk := await stream.read(_CHUNK):
        read += chunk
        if len(read) > LARGEST_OUTPUT:
            _kill(process)
    return bytes(read)


async def _complaint(process: Process) -> bytes:
    read = b""
    stream = cast("asyncio.StreamReader", process.stderr)
    while chunk := await stream.read(_CHUNK):
        read = (read + chunk)[-_LARGEST_COMPLAINT:]
    return read


async def _end(process: Process) -> None:
    _kill(process)
    with suppress(TimeoutError):
        async with asyncio.timeout(_GRACE):
            await process.wait()


def _kill(process: Process) -> None:
    """End the program and all of its group; as the leader of its own session, it gave the group its id."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
