"""Who may speak to the endpoint at all: decided by headers alone, before a byte of the body is read.

Host and Origin keep out web pages that had a browser call a name of theirs which leads here (DNS rebinding). A header
that comes twice is refused where a proxy might go by the one and we by the other.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from mcp_kubernetes.transports.http.addresses import is_loopback
from mcp_kubernetes.transports.http.refusals import Refused

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from mcp_kubernetes.transports.http.settings import HTTPSettings

_ONCE = {
    b"authorization",
    b"content-type",
    b"host",
    b"last-event-id",
    b"mcp-method",
    b"mcp-name",
    b"mcp-protocol-version",
    b"mcp-session-id",
    b"origin",
}
_LOOPBACK_NAMES = frozenset({"localhost", "127.0.0.1", "[::1]"})


class Gate:
    """Lets requests through to `app` that name this server, and come from no web page but those that may."""

    def __init__(self, app: ASGIApp, settings: HTTPSettings) -> None:
        self._app = app
        self._max_header = settings.max_header
        self._hosts = {host.lower() for host in settings.allowed_hosts}
        self._origins = {origin.lower() for origin in settings.allowed_origins}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve or refuse."""
        try:
            self._check(scope)
        except Refused as refused:
            await refused.answer(scope, receive, send)
        else:
            await self._app(scope, receive, send)

    def _check(self, scope: Scope) -> None:
        headers: list[tuple[bytes, bytes]] = scope["headers"]
        if sum(len(name) + len(value) for name, value in headers) > self._max_header:
            raise Refused(431, f"The headers are longer than {self._max_header} bytes.")
        if twice := next((n for n, times in Counter(n for n, _ in headers).items() if times > 1 and n in _ONCE), None):
            raise Refused(400, f"The header {twice.decode()} came more than once.")
        found = {name: value.decode("latin-1").lower() for name, value in headers if name in (b"host", b"origin")}
        local = str((scope.get("server") or ("", 0))[0])
        if not self._knows(found.get(b"host", ""), local):
            raise Refused(421, "This server does not go by the name in the header Host: --allowed-hosts adds names.")
        if not self._trusts(found.get(b"origin"), local):
            raise Refused(403, "Web pages of this Origin may not call this server: --allowed-origins adds origins.")

    def _knows(self, host: str, local: str) -> bool:
        """A name that is allowed, or the address that the connection came in at: a rebound name is never that."""
        name = _without_port(host)
        if {host, name} & self._hosts or name.strip("[]") == local:
            return True
        return name in _LOOPBACK_NAMES and is_loopback(local)

    def _trusts(self, origin: str | None, local: str) -> bool:
        """None, for no web page asks; one that is allowed; a page of this machine on a server of this machine."""
        if origin is None or origin in self._origins:
            return True
        scheme, _, host = origin.partition("://")
        return scheme in ("http", "https") and _without_port(host) in _LOOPBACK_NAMES and is_loopback(local)


def _without_port(host: str) -> str:
    name, colon, port = host.rpartition(":")
    return name if colon and port.isdecimal() else host
