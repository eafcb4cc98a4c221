"""The seam: one request goes down, one response comes up. The network is one implementation, files another."""

from __future__ import annotations

import hashlib
import json
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from typing import Protocol

from mcp_kubernetes.errors import ToolError


@dataclass(frozen=True, kw_only=True)
class Request:
    """One HTTP request to an API server, before credentials are added.

    `path` is absolute and unescaped; its segments were validated. `upgrade` names the WebSocket protocols
    of a request that leaves HTTP. `timeout` is in seconds, for the whole exchange. `paths`, where there are any, are
    all that the asker looks at in each object of a list: the rest may be left out of what is handed on. `answers` are
    HTTP statuses of 300 and more that are an answer to this request, and no error. `onward` is told the continue
    token of a list, or "", as soon as the answer is there, which is before it is searched for what must be hidden.
    """

    method: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes | None = None
    upgrade: tuple[str, ...] = ()
    timeout: float = 30.0
    paths: tuple[str, ...] = ()
    answers: tuple[int, ...] = ()
    onward: Callable[[str], None] | None = None

    @property
    def upgrades(self) -> bool:
        """Whether the request asks to leave HTTP, in whatever way."""
        return bool(self.upgrade) or any(name.lower() in {"upgrade", "connection"} for name, _ in self.headers)


def digest(request: Request, *target: str) -> str:
    """What tells this very request from any other; `target` is the cluster, and whatever else it is meant for."""
    said = [target, request.method, request.path, request.query, request.headers, (request.body or b"").decode()]
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()


@dataclass(frozen=True, kw_only=True)
class Response:
    """What came back. `headers` has lower-case names; `body` is complete.

    Where `body` was masked and the operator lets values be shown, `revealed` is what it was before.
    """

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    revealed: bytes | None = None


@dataclass(frozen=True, kw_only=True)
class Stream:
    """An answer that is read while it comes. `chunks` raises Disconnected where it broke off before its end.

    `stop` makes it end: `chunks` gives what has arrived by then, and no more.
    """

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    chunks: AsyncIterator[bytes]
    stop: Callable[[], None] = lambda: None

    @classmethod
    def of(cls, response: Response) -> Stream:
        """An answer that is there as a whole."""
        return cls(status=response.status, headers=response.headers, chunks=_once(response.body))


class Socket(Protocol):
    """A WebSocket of binary messages."""

    @property
    def protocol(self) -> str:
        """The one that the server chose of those that were offered; "" if it chose none."""

    async def send(self, data: bytes) -> None:
        """Send one message. Raises Disconnected."""

    async def receive(self) -> bytes | None:
        """The next message; None once the server has closed it. Raises Disconnected."""


MAX_RESPONSE_BYTES = 64 << 20
"""No single answer of an API server may be larger; lists are read in pages far below."""


class Connection(Protocol):
    """A way to one cluster, for one TLS identity. Shared by all callers with that identity."""

    @property
    def busy(self) -> bool:
        """Whether a stream or a socket is open, so that it is in use although nobody asks for it."""
        return False

    async def request(self, request: Request, max_bytes: int) -> Response:
        """Send once, read at most `max_bytes`. Raises ClusterUnreachable, TimedOut, AnswerTooLarge."""

    @asynccontextmanager
    async def stream(self, request: Request) -> AsyncIterator[Stream]:
        """Send once, and read as it comes; left early, the rest is dropped. Raises as `request` does.

        A connection that does not override this has the whole answer at once.
        """
        yield Stream.of(await self.request(request, MAX_RESPONSE_BYTES))

    def connect(self, request: Request) -> AbstractAsyncContextManager[Socket | Response]:  # noqa: ARG002 - overridden
        """Send once, and leave HTTP for one of the protocols in `upgrade`; a Response is the server's refusal.

        A connection that does not override this is none to anything that runs. Raises ToolError then.
        """
        raise ToolError("Nothing runs in this cluster that could be connected to.", hint="Choose another context.")

    async def aclose(self) -> None:
        """Close what is open. Requests that still run fail."""


async def _once(body: bytes) -> AsyncIterator[bytes]:
    yield body
