"""What a browser needs to be told: which pages may call, what they may send and see, and to guess nothing."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from starlette.datastructures import MutableHeaders
from starlette.middleware.cors import CORSMiddleware

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

_METHODS = ("GET", "POST", "DELETE")
_SENT = (
    "Accept",
    "Authorization",
    "Content-Type",
    "Last-Event-ID",
    "MCP-Protocol-Version",
    "Mcp-Method",
    "Mcp-Name",
    "Mcp-Session-Id",
)
"""Headers of both eras of the protocol."""
_SEEN = ("Mcp-Session-Id", "Retry-After", "WWW-Authenticate")
_SECONDS = 600

_ALWAYS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
_OVER_TLS = {"Strict-Transport-Security": "max-age=31536000"}


def cross_origin(app: ASGIApp, origins: tuple[str, ...]) -> ASGIApp:
    """Tell pages of these origins, and of this machine, that they may call. The gate has refused all others."""
    local = r"https?://(localhost|127\.0\.0\.1|\[::1\])(:\d+)?"
    return CORSMiddleware(
        app,
        allow_origin_regex="|".join([local, *map(re.escape, origins)]),
        allow_methods=_METHODS,
        allow_headers=_SENT,
        expose_headers=_SEEN,
        max_age=_SECONDS,
    )


class SecurityHeaders:
    """Adds to each answer of `app` what keeps a browser from making more of it than it is."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve."""

        async def answer(event: Message) -> None:
            if event["type"] == "http.response.start":
                headers = MutableHeaders(scope=event)
                for name, value in (_ALWAYS | (_OVER_TLS if scope["scheme"] == "https" else {})).items():
                    headers.setdefault(name, value)
            await send(event)

        await self._app(scope, receive, answer)
