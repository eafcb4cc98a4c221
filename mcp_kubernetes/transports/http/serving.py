"""Serves an app over HTTP, on sockets of its own, until it is told to end."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from starlette.routing import Route

from mcp_kubernetes.errors import ConfigError
from mcp_kubernetes.server import mcp_server
from mcp_kubernetes.settings import LimitSettings
from mcp_kubernetes.transports.http.addresses import listening, urls
from mcp_kubernetes.transports.http.browsers import SecurityHeaders, cross_origin
from mcp_kubernetes.transports.http.certificates import Certificates
from mcp_kubernetes.transports.http.draining import Drain
from mcp_kubernetes.transports.http.endpoint import Endpoint, caller_of
from mcp_kubernetes.transports.http.gate import Gate
from mcp_kubernetes.transports.http.health import Health
from mcp_kubernetes.transports.http.listener import Listener
from mcp_kubernetes.transports.http.sessions import Sessions
from mcp_kubernetes.transports.http.settings import HTTPSettings
from mcp_kubernetes.transports.http.signing_in import SigningIn
from mcp_kubernetes.transports.http.tokens import TokenFile
from mcp_kubernetes.transports.signals import told_to_stop

if TYPE_CHECKING:
    from mcp_kubernetes.app import App
    from mcp_kubernetes.auth import Authentication

_log = logging.getLogger(__name__)


async def serve(app: App) -> None:
    """Serve until SIGTERM or SIGINT arrives. Raises ConfigError for an address that cannot be served at."""
    settings = app.config.section(HTTPSettings)
    authentication = _authentication(app, settings)
    exposed = authentication.required or settings.allow_unauthenticated
    certificates = _certificates(settings)
    sockets = listening(settings.addr, exposed=exposed)
    drain = Drain()
    health = Health(app, drain)
    manager = _manager(app, settings)
    async with _operators(health, settings, exposed=exposed), manager.run():
        most = app.config.section(LimitSettings).sessions if authentication.required else None
        endpoint = Endpoint(manager, Sessions(settings.session_idle, most), drain, settings, app.turns)
        gate = Gate(cross_origin(SigningIn(endpoint, authentication), settings.allowed_origins), settings)
        routes = [*health.routes(details=False), Route(settings.endpoint, SecurityHeaders(gate))]
        listener = Listener(routes, settings, certificates)
        serving = asyncio.create_task(listener.serve(sockets))
        stopping = asyncio.create_task(told_to_stop().wait())
        scheme = "https" if certificates else "http"
        _log.info("Serving MCP at %s.", " and ".join(urls(sockets, scheme, settings.endpoint)))
        await asyncio.wait((serving, stopping), return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        await _drained(listener, serving, drain, settings.grace)


async def _drained(listener: Listener, serving: asyncio.Task[None], drain: Drain, grace: float) -> None:
    """End streams, let calls finish, and give up after the grace time what does not."""
    drain.begin()
    listener.should_exit = True
    timer = asyncio.get_running_loop().call_later(grace, drain.expire)
    try:
        await serving
    finally:
        timer.cancel()


@asynccontextmanager
async def _operators(health: Health, settings: HTTPSettings, *, exposed: bool) -> AsyncIterator[None]:
    """A listener of their own, which goes on while the other one is drained."""
    if not settings.metrics_addr:
        yield
        return
    sockets = listening(settings.metrics_addr, exposed=exposed)
    listener = Listener(health.routes(details=True), settings)
    serving = asyncio.create_task(listener.serve(sockets))
    _log.info("Serving operators at %s.", " and ".join(urls(sockets, "http", "/readyz?verbose")))
    try:
        yield
    finally:
        listener.should_exit = True
        await serving


def _certificates(settings: HTTPSettings) -> Certificates | None:
    if not settings.tls_cert_file or not settings.tls_key_file:
        return None
    try:
        return Certificates(settings.tls_cert_file, settings.tls_key_file)
    except OSError as error:
        raise ConfigError(f"--tls-cert-file and --tls-key-file cannot be used: {error.strerror or error}.") from error


def _authentication(app: App, settings: HTTPSettings) -> Authentication:
    """Whom to let in. Raises ConfigError where configuration says yes and no at once."""
    found = app.authentication
    if settings.token_file and not any(isinstance(provider, TokenFile) for provider in found.providers):
        raise ConfigError("--token-file has no effect, because auth.providers does not name token-file.")
    if found.required and settings.allow_unauthenticated:
        names = ", ".join(provider.name for provider in found.providers)
        raise ConfigError(f"--allow-unauthenticated has no effect, because clients have to sign in ({names}).")
    return found


def _manager(app: App, settings: HTTPSettings) -> StreamableHTTPSessionManager:
    return StreamableHTTPSessionManager(
        mcp_server(app, callers=caller_of),
        json_response=settings.disable_streaming,
        stateless=settings.stateless,
        session_idle_timeout=settings.session_idle,
        max_request_body_size=settings.max_body,
        max_sessions=settings.max_sessions,
    )
