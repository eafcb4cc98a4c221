"""The MCP endpoint: from an HTTP request to the SDK's session manager, with the caller beside it."""

from __future__ import annotations

import asyncio
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, cast

from mcp import types as mcp
from mcp.server.streamable_http import MCP_SESSION_ID_HEADER
from starlette.datastructures import Headers

from mcp_kubernetes.calls import Caller
from mcp_kubernetes.transports.http.exchange import Exchange
from mcp_kubernetes.transports.http.incoming import ClientGone, is_modern, read_body, read_message
from mcp_kubernetes.transports.http.refusals import Refused
from mcp_kubernetes.transports.http.sessions import TooMany
from mcp_kubernetes.transports.http.signing_in import IDENTITY
from mcp_kubernetes.transports.messages import refusal

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
    from starlette.requests import Request
    from starlette.types import Receive, Scope, Send

    from mcp_kubernetes.identity import Identity
    from mcp_kubernetes.limits import Turns
    from mcp_kubernetes.transports.http.draining import Drain
    from mcp_kubernetes.transports.http.sessions import Sessions
    from mcp_kubernetes.transports.http.settings import HTTPSettings

_CALLER = "mcp_kubernetes.caller"
_CALL = "tools/call"
_PAUSE = 1.0


def caller_of(request: Request) -> Caller:
    """Who sent the request that the SDK is serving."""
    return cast("Caller", request.scope[_CALLER])


class Endpoint:
    """An ASGI application behind the gate."""

    def __init__(
        self,
        manager: StreamableHTTPSessionManager,
        sessions: Sessions,
        drain: Drain,
        settings: HTTPSettings,
        turns: Turns | None,
    ) -> None:
        self._manager = manager
        self._turns = turns
        self._sessions = sessions
        self._drain = drain
        self._settings = settings

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve or refuse one request."""
        try:
            await self._serve(scope, receive, send)
        except Refused as refused:
            await refused.answer(scope, receive, send)
        except ClientGone:
            return

    async def _serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        modern = is_modern(headers)
        if scope["method"] == "GET" and not modern and not self._streams:
            raise Refused(405, "This server opens no streams.", {"Allow": "POST" if self._settings.stateless else _ALL})
        body = await read_body(scope, receive, most=self._settings.max_body, seconds=self._settings.read_timeout)
        found = read_message(body, headers) if scope["method"] == "POST" else None
        number = found.id if isinstance(found, mcp.JSONRPCRequest) else None
        identity: Identity = scope[IDENTITY]
        await self._check_room(found, identity)
        cancels = modern or self._settings.stateless
        exchange = Exchange(scope, body, send, number=number, cancels=cancels)
        session_id = "" if cancels else headers.get(MCP_SESSION_ID_HEADER, "")
        with self._opening(found, identity) if not (session_id or cancels) else nullcontext():
            with self._sessions.used(session_id, identity) as session, self._drain.running(exchange):
                scope[_CALLER] = Caller(identity=identity, session=session)
                await exchange.run(self._manager.handle_request, receive)
            self._keep_up(session_id, identity, exchange)

    @contextmanager
    def _opening(self, message: mcp.JSONRPCMessage | None, identity: Identity) -> Iterator[None]:
        """Around a request that opens a session. Raises Refused where its user has too many."""
        number = message.id if isinstance(message, mcp.JSONRPCRequest) else None
        try:
            with self._sessions.opening(identity):
                yield
        except TooMany as error:
            raise Refused(429, refusal(mcp.INVALID_REQUEST, str(error), number)) from None

    async def _check_room(self, message: mcp.JSONRPCMessage | None, identity: Identity) -> None:
        """A call that is let into no line is refused before it costs anything. Raises Refused.

        Not at once: who does not heed Retry-After would ask again at once, and that is what costs.
        """
        if not isinstance(message, mcp.JSONRPCRequest) or message.method != _CALL or self._turns is None:
            return
        if busy := self._turns.refusal(identity.key):
            await asyncio.sleep(_PAUSE)
            error = refusal(mcp.INTERNAL_ERROR, str(busy), message.id)
            raise Refused(429, error, {"Retry-After": str(busy.retry_after)})

    @property
    def _streams(self) -> bool:
        return not (self._settings.disable_streaming or self._settings.stateless)

    def _keep_up(self, session_id: str, identity: Identity, exchange: Exchange) -> None:
        """Open and close sessions with the SDK's."""
        given = exchange.headers.get(MCP_SESSION_ID_HEADER.encode(), b"").decode("latin-1")
        if given and not session_id and exchange.status < 300:
            self._sessions.open(given, identity)
        if session_id and exchange.ended_session:
            self._sessions.close(session_id, identity)


_ALL = "POST, DELETE"
