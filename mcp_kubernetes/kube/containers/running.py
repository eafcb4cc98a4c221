"""What runs in a cluster: commands in containers, what containers have printed, and ports of pods."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TYPE_CHECKING, Any

from mcp_kubernetes.kube.catalogue.addressing import Addressing
from mcp_kubernetes.kube.connection import Request, Socket, Stream
from mcp_kubernetes.kube.containers.executing import Command, Execution, execute
from mcp_kubernetes.kube.containers.tunnel import Tunnel
from mcp_kubernetes.kube.wire.websocket import V4, Channels

if TYPE_CHECKING:
    from mcp_kubernetes.parameters import LogOptions

_PODS = "v1/Pod"


class Running(Addressing):
    """Each method connects once, and never again by itself."""

    def __init__(
        self,
        *,
        stream: Callable[[Request], AbstractAsyncContextManager[Stream]],
        connect: Callable[[Request], AbstractAsyncContextManager[Socket]],
        incomplete: Callable[[str], None],
        **addressing: Any,
    ) -> None:
        super().__init__(**addressing)
        self._incomplete = incomplete
        self._stream = stream
        self._connect = connect

    async def execute(
        self,
        pod: str,
        command: Sequence[str],
        namespace: str | None = None,
        *,
        container: str | None = None,
        stdin: bytes | None = None,
        tty: bool = False,
        seconds: float = 30.0,
        limit: int = 32_768,
    ) -> Execution:
        """Run a command in a container, once, and wait `seconds` for its end; `limit` bytes of each stream are kept.

        Raises Forbidden, NotFound, BadRequest and others with the API server's own words.
        """
        resource = await self.resource(_PODS)
        scope = self._scope(resource, namespace) or ""
        asked = Command(resource=resource, namespace=scope, pod=pod, container=container, words=tuple(command),
                        stdin=stdin, tty=tty, seconds=seconds)  # fmt: skip
        found = await execute(self._connect, asked, limit)
        if found.problem:
            self._incomplete(found.problem)
        return found

    @asynccontextmanager
    async def logs(self, pod: str, namespace: str | None = None, *, options: LogOptions) -> AsyncIterator[Stream]:
        """What a container printed: `chunks` gives blocks of whole lines as they come, without credentials.

        Its `stop` ends it, and nothing is lost that has arrived. Raises NotFound, BadRequest and others; while it is
        read, Disconnected where the connection breaks off and TimedOut after the options' `seconds`.
        """
        resource = await self.resource(_PODS)
        path = resource.path(self._scope(resource, namespace), pod, "log")
        request = Request(method="GET", path=path, query=options.query, timeout=options.seconds)
        async with self._stream(request) as answer:
            yield answer

    @asynccontextmanager
    async def forward(self, pod: str, port: int, namespace: str | None = None) -> AsyncIterator[Tunnel]:
        """A connection to a port of a pod. Leave it to close.

        Raises Forbidden, NotFound and others with the API server's words. That nobody listens is known later only, and
        raised by the tunnel.
        """
        resource = await self.resource(_PODS)
        path = resource.path(self._scope(resource, namespace), pod, "portforward")
        request = Request(method="GET", path=path, query=(("ports", str(port)),), upgrade=(V4,))
        async with self._connect(request) as socket:
            yield Tunnel(Channels(socket))
