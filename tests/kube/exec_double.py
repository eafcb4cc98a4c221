"""A server double that speaks the exec protocol as told: no API server of today can be made to speak v4, or to fail.

It stands in for kube-apiserver on one path; the messages of a script are channel and data, `None` ends without a close.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

from aiohttp import WSMsgType, web

from mcp_kubernetes.kube.cluster import ClusterEntry

if TYPE_CHECKING:
    from collections.abc import Sequence

Message = tuple[int, bytes] | None


@dataclass
class ExecDouble:
    """Answers each exec with the messages of `script`, after it has received `awaited` bytes of standard input."""

    script: Sequence[Message]
    protocols: tuple[str, ...] = ("v5.channel.k8s.io",)
    awaited: int = 0
    received: list[bytes] = field(default_factory=list)
    requests: list[web.Request] = field(default_factory=list)

    async def __aenter__(self) -> Self:
        application = web.Application()
        application.router.add_get("/{path:.*}", self._exec)
        self._runner = web.AppRunner(application, shutdown_timeout=0.1)
        await self._runner.setup()
        self._site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await self._site.start()
        return self

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()

    @property
    def entry(self) -> ClusterEntry:
        port = self._runner.addresses[0][1]
        return ClusterEntry(name="double", source="test", server=f"http://127.0.0.1:{port}")

    async def _exec(self, request: web.Request) -> web.WebSocketResponse:
        self.requests.append(request)
        socket = web.WebSocketResponse(protocols=self.protocols)
        await socket.prepare(request)
        taken = 0
        while taken < self.awaited and (message := await socket.receive()).type is WSMsgType.BINARY:
            self.received.append(message.data)
            taken += len(message.data) - 1
        for said in self.script:
            if said is None:
                assert request.transport is not None
                request.transport.abort()
                return socket
            await socket.send_bytes(bytes([said[0]]) + said[1])
        if not self.script:  # says nothing, and listens until the client has gone
            self.received += [message.data async for message in socket if message.type is WSMsgType.BINARY]
        await socket.close()
        return socket
