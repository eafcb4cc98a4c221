"""A server that misbehaves as told: no real API server can be made to drop a connection at a chosen moment."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self, cast

from mcp_kubernetes.identity import Identity
from mcp_kubernetes.kube.cluster import Access, ClusterEntry, Credentials
from mcp_kubernetes.kube.wire.http import Exchange
from mcp_kubernetes.kube.wire.pool import Pool

if TYPE_CHECKING:
    import ssl
    from collections.abc import Callable, Iterable

    from mcp_kubernetes.kube.cluster import CredentialProvider

_REASONS = {200: "OK", 101: "Switching Protocols"}


@dataclass(frozen=True, kw_only=True)
class Received:
    """One request, as it arrived. Names of headers are in lower case; a header that recurs is joined."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes


class Cut(bytes):
    """The begin of an answer, or none of it, after which the connection is dropped."""


@dataclass
class ScriptedServer:
    """Stands in for an API server, over TLS where it is given a context of its own.

    `script` answers the requests in turn, and its last answer all that follow.
    """

    script: list[bytes]
    tls: ssl.SSLContext | None = None
    received: list[Received] = field(default_factory=list)
    connections: int = 0
    _serving: list[asyncio.Task[None]] = field(default_factory=list)

    @property
    def url(self) -> str:
        host, port = self._server.sockets[0].getsockname()
        return f"{'https' if self.tls else 'http'}://{host}:{port}"

    @property
    def entry(self) -> ClusterEntry:
        """The cluster that it plays."""
        return ClusterEntry(name="scripted", source="test", server=self.url)

    async def __aenter__(self) -> Self:
        self._server = await asyncio.start_server(self._serve, "127.0.0.1", 0, ssl=self.tls)
        return self

    async def __aexit__(self, *_: object) -> None:
        self._server.close()
        for serving in self._serving:
            serving.cancel()
        await asyncio.gather(*self._serving, return_exceptions=True)
        await asyncio.sleep(0)  # an aborted connection is closed in the next turn of the loop

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self._serving.append(cast("asyncio.Task[None]", asyncio.current_task()))
        answer = b""
        with suppress(asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            while not isinstance(answer, Cut):
                answer = await self._answer(reader)
                writer.write(answer)
                await writer.drain()
        if isinstance(answer, Cut):
            writer.close()
        else:
            writer.transport.abort()

    async def _answer(self, reader: asyncio.StreamReader) -> bytes:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        first, *lines = head.split("\r\n")
        headers: dict[str, str] = {}
        for name, _, value in (line.partition(": ") for line in lines if line):
            headers[name.lower()] = ", ".join(filter(None, (headers.get(name.lower()), value)))
        body = await reader.readexactly(int(headers.get("content-length", "0")))
        method, target, _ = first.split(" ")
        self.received.append(Received(method=method, target=target, headers=headers, body=body))
        return self.script.pop(0) if len(self.script) > 1 else self.script[0]


def http(status: int, body: str = "{}", /, **headers: str) -> bytes:
    """An HTTP answer; underscores in the names of headers stand for hyphens."""
    given = {"content_type": "application/json", "content_length": str(len(body.encode()))} | headers
    lines = [f"HTTP/1.1 {status} {_REASONS.get(status, 'Scripted')}"]
    lines += [f"{name.replace('_', '-')}: {value}" for name, value in given.items()]
    return "\r\n".join([*lines, "", body]).encode()


class Keys:
    """A credential provider that gives these, and after each refusal the next ones."""

    name = "keys"

    def __init__(self, *credentials: Credentials) -> None:
        self._credentials = list(credentials) or [Credentials()]
        self.refused: list[Credentials] = []

    async def credentials(
        self,
        access: Access,  # noqa: ARG002 - the same for everybody
        entry: ClusterEntry,  # noqa: ARG002
        refused: Credentials | None = None,
    ) -> Credentials:
        if refused is not None:
            self.refused.append(refused)
            if refused == self._credentials[0] and len(self._credentials) > 1:
                self._credentials.pop(0)
        return self._credentials[0]


def tokens(*texts: str) -> Keys:
    """A provider of bearer tokens."""
    return Keys(*(Credentials(token=text) for text in texts))


def exchange(
    entry: ClusterEntry,
    *,
    provider: CredentialProvider | None = None,
    pool: Pool | None = None,
    waited: Callable[[float], None] = lambda _: None,
    paused: Callable[[float], None] = lambda _: None,
) -> Exchange:
    """An exchange of the local user, without a rate limit unless `pool` has one."""
    return Exchange(
        entry=entry,
        access=Access(identity=Identity.local()),
        provider=provider or Keys(),
        pool=pool or Pool(qps=0, burst=1),
        user_agent="test/1",
        waited=waited,
        paused=paused,
    )


def methods(received: Iterable[Received]) -> list[str]:
    """The methods in the order of arrival."""
    return [request.method for request in received]
