"""One command in a container: started once, fed, read, and its end told as the API server tells it.

The exit code comes on a channel of its own, as a Status (KEP-4006; k8s.io/kubelet remotecommand). Where it does not
come, because the time was up or the connection broke off, the command may still run: it is never started again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import msgspec

from mcp_kubernetes.errors import Disconnected
from mcp_kubernetes.kube.captured import Captured
from mcp_kubernetes.kube.connection import Request, Socket
from mcp_kubernetes.kube.websocket import STATUS, STDERR, STDIN, STDOUT, V4, V5, Channels
from mcp_kubernetes.redact import redact
from mcp_kubernetes.results import clean

if TYPE_CHECKING:
    from mcp_kubernetes.kube.resources import Resource

Connect = Callable[[Request], AbstractAsyncContextManager[Socket]]

_MOST_WORDS = 1_000


class _Cause(msgspec.Struct):
    reason: str = ""
    message: str = ""


class _Details(msgspec.Struct):
    causes: list[_Cause] | None = None


class _Status(msgspec.Struct):
    status: str = ""
    message: str = ""
    reason: str = ""
    details: _Details | None = None

    @property
    def exit_code(self) -> int | None:
        """0 for success, the code that the command ended with, or None if it was not started."""
        if self.status == "Success":
            return 0
        causes = (self.details.causes if self.details else None) or ()
        codes = [cause.message for cause in causes if cause.reason == "ExitCode"]
        return int(codes[0]) if codes and codes[0].isdecimal() else None


@dataclass(kw_only=True)
class Execution:
    """What came of a command. `exit_code` is None where it is not known; then `problem` says why.

    Each stream is kept up to `limit` bytes. `is_over` tells whether the command has surely ended.
    """

    limit: int
    exit_code: int | None = None
    problem: str = ""
    is_over: bool = False
    stdout: Captured = field(init=False)
    stderr: Captured = field(init=False)

    def __post_init__(self) -> None:
        self.stdout, self.stderr = Captured(self.limit), Captured(self.limit)

    def end(self, status: bytes) -> None:
        """Take what the API server says of the end; nothing, if it closed without a word."""
        if not status:
            self.problem = "The connection was closed without a word about how the command ended; it may still run."
            return
        found = msgspec.json.decode(status, type=_Status)
        self.exit_code, self.is_over = found.exit_code, True
        if self.exit_code is None:
            self.problem = f"It did not run: {clean(redact(found.message or found.reason))[:_MOST_WORDS].rstrip('. ')}."


@dataclass(frozen=True, kw_only=True)
class Command:
    """What is to be run, where. `stdin` is sent and then ended; `seconds` is how long its end is waited for."""

    resource: Resource
    namespace: str
    pod: str
    container: str | None
    words: tuple[str, ...]
    stdin: bytes | None = None
    tty: bool = False
    seconds: float = 30.0

    def request(self) -> Request:
        """The request that starts it."""
        streams = {"stdin": self.stdin is not None, "stdout": True, "stderr": not self.tty, "tty": self.tty}
        query = [("command", word) for word in self.words]
        query += [(name, "true") for name, wanted in streams.items() if wanted]
        query += [("container", self.container)] if self.container else []
        path = self.resource.path(self.namespace, self.pod, "exec")
        return Request(method="GET", path=path, query=tuple(query), upgrade=(V5, V4))


async def execute(connect: Connect, command: Command, limit: int) -> Execution:
    """Run it once. Raises APIError if the API server refuses, and what connecting raises."""
    found = Execution(limit=limit)
    try:
        async with asyncio.timeout(command.seconds), connect(command.request()) as socket:
            await _converse(Channels(socket), command, found)
    except TimeoutError:
        found.problem = f"It had not ended after {command.seconds:g} s; it may still run."
    except Disconnected:
        found.problem = "The connection broke off; the command may have ended or still run. It was not started again."
    return found


async def _converse(channels: Channels, command: Command, found: Execution) -> None:
    feeding = asyncio.create_task(_feed(channels, command.stdin))
    sinks = {STDOUT: found.stdout, STDERR: found.stderr}
    status = b""
    try:
        async for channel, data in channels:
            if channel in sinks:
                sinks[channel].feed(data)
            elif channel == STATUS:
                status += data
    finally:
        feeding.cancel()
        with suppress(asyncio.CancelledError, Disconnected):
            await feeding
    found.end(status)


async def _feed(channels: Channels, stdin: bytes | None) -> None:
    if stdin is None:
        return
    await channels.send(STDIN, stdin)
    if channels.can_close:
        await channels.close(STDIN)
