"""One command in a container: started once, fed, read, and its end told as the API server tells it.

The exit code comes on a channel of its own, as a Status (KEP-4006; k8s.io/kubelet remotecommand). Where it does not
come, because the time was up or the connection broke off, the command may still run: it is never started again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import msgspec

from mcp_kubernetes.errors import Disconnected, TimedOut, Unanswered
from mcp_kubernetes.kube.connection import Request, Socket
from mcp_kubernetes.kube.containers.captured import Captured
from mcp_kubernetes.kube.wire.websocket import STATUS, STDERR, STDIN, STDOUT, V4, V5, Channels
from mcp_kubernetes.redact import redact
from mcp_kubernetes.results import clean

if TYPE_CHECKING:
    from mcp_kubernetes.kube.catalogue.resources import Resource

Connect = Callable[[Request], AbstractAsyncContextManager[Socket]]

_MOST_WORDS = 1_000
_NO_NEWS = "Internal error occurred: "
_MOST_DIGITS = 10
_MOST_STATUS = 65_536
_END_OF_TEXT = b"\x04"
"""What Ctrl-D sends: a terminal takes it for the end of what is typed."""

_ENDLESS = (
    "This API server cannot be told that standard input ends (it speaks v4.channel.k8s.io, not v5), so a command that "
    "reads to the end of it goes on."
)


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
        """0 for success, the code that the command ended with, or None where neither is said."""
        if self.status == "Success":
            return 0
        causes = (self.details.causes if self.details else None) or ()
        codes = [cause.message for cause in causes if cause.reason == "ExitCode"]
        return int(codes[0]) if codes and codes[0].isdecimal() and len(codes[0]) < _MOST_DIGITS else None


@dataclass(kw_only=True)
class Execution:
    """What came of a command. `exit_code` is None where it is not known; then `problem` says why.

    Each stream is kept up to `limit` bytes. `unfed` says why standard input was not taken to its end, if so.
    """

    limit: int
    exit_code: int | None = None
    problem: str = ""
    unfed: str = ""
    stdout: Captured = field(init=False)
    stderr: Captured = field(init=False)
    status: bytearray = field(default_factory=bytearray)

    def __post_init__(self) -> None:
        self.stdout, self.stderr = Captured(self.limit), Captured(self.limit)

    def take(self, channel: int, data: memoryview) -> None:
        """Take what came on a channel."""
        if channel == STDOUT:
            self.stdout.feed(data)
        elif channel == STDERR:
            self.stderr.feed(data)
        elif channel == STATUS and len(self.status) < _MOST_STATUS:
            self.status += data

    def end(self, otherwise: str) -> None:
        """Take what the API server said of the end; where it said nothing, `otherwise` is what is known."""
        try:
            found = msgspec.json.decode(self.status, type=_Status)
        except msgspec.MsgspecError:
            self.problem = otherwise
            return
        self.exit_code = found.exit_code
        if self.exit_code is None:
            words = clean(redact(found.message or found.reason)).replace(_NO_NEWS, "")
            self.problem = f"The API server tells this instead: {words[:_MOST_WORDS].rstrip('. ')}."


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
    """Run it once. Raises APIError if the API server refuses, and ClusterUnreachable if it was surely not asked."""
    found = Execution(limit=limit)
    try:
        async with asyncio.timeout(command.seconds), connect(command.request()) as socket:
            await _converse(Channels(socket), command, found)
        found.end("The connection was closed without a word about how the command ended; it may still run.")
    except TimeoutError:
        found.end(f"Nothing told of its end within {command.seconds:g} s; it may still run.")
    except (Disconnected, TimedOut, Unanswered):
        found.end("The connection broke off; the command may have ended or still run. It was not started again.")
    return found


async def _converse(channels: Channels, command: Command, found: Execution) -> None:
    feeding = asyncio.create_task(_feed(channels, command, found))
    try:
        async for channel, data in channels:
            found.take(channel, data)
            if channel == STATUS:
                feeding.cancel()  # to send more would break the connection before all was read
    finally:
        feeding.cancel()
        await asyncio.wait({feeding})  # unlike awaiting it, this tells its cancellation from our own
        _judge(feeding)


def _judge(feeding: asyncio.Task[None]) -> None:
    """A command may end before it has read all, and the connection with it; anything else is a mistake of ours."""
    error = None if feeding.cancelled() else feeding.exception()
    if error is not None and not isinstance(error, Disconnected):
        raise error


async def _feed(channels: Channels, command: Command, found: Execution) -> None:
    if command.stdin is None:
        return
    found.unfed = "The command did not take all of standard input."
    await channels.send(STDIN, command.stdin)
    if command.tty:
        # Twice, for the first one only ends a line that has begun.
        await channels.send(STDIN, _END_OF_TEXT * (1 if command.stdin.endswith(b"\n") else 2))
    elif channels.can_close:
        await channels.close(STDIN)
    found.unfed = "" if command.tty or channels.can_close else _ENDLESS
