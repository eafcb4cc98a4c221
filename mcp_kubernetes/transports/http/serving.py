"""Serves an app over HTTP, on sockets of its own, until it is told to end."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, cast

import uvicorn
from mcp.server.streamable_http_manager import StreamableHTTPSessionManager
from starlette.applications import Starlette
from starlette.routing import Route

from mcp_kubernetes.errors import ConfigError
from mcp_kubernetes.server import mcp_server
from mcp_kubernetes.transports.http.addresses import listening, urls
from mcp_kubernetes.transports.http.connections import Connection
from mcp_kubernetes.transports.http.draining import Drain
from mcp_kubernetes.transports.http.endpoint import Endpoint, caller_of
from mcp_kubernetes.transports.http.gate import Gate
from mcp_kubernetes.transports.http.sessions import Sessions
from mcp_kubernetes.transports.http.settings import HTTPSettings
from mcp_kubernetes.transports.http.signing_in import SigningIn
from mcp_kubernetes.transports.http.tokens import TokenFile
from mcp_kubernetes.transports.signals import told_to_stop

if TYPE_CHECKING:
    from starlette.types import ASGIApp

    from mcp_kubernetes.app import App
    from mcp_kubernetes.auth import Authentication

_log = logging.getLogger(__name__)

_FAREWELL = 5
"""Seconds beyond the grace time that clients have to read what is left."""


async def serve(app: App) -> None:
    """Serve until SIGTERM or SIGINT arrives. Raises ConfigError for an address that cannot be served at."""
    settings = app.config.section(HTTPSettings)
    authentication = _authentication(app, settings)
    sockets = listening(settings.addr, exposed=authentication.required or settings.allow_unauthenticated)
    drain = Drain()
    manager = _manager(app, settings)
    async with manager.run():
        endpoint = Endpoint(manager, Sessions(settings.session_idle), drain, settings)
        gate = Gate(SigningIn(endpoint, authentication), settings)
        server = _Server(_config(_routed(gate, settings), settings))
        serving = asyncio.create_task(server.serve(sockets))
        stopping = asyncio.create_task(told_to_stop().wait())
        _log.info("Serving MCP at %s.", " and ".join(urls(sockets, "http", settings.endpoint)))
        await asyncio.wait((serving, stopping), return_when=asyncio.FIRST_COMPLETED)
        stopping.cancel()
        await _drained(server, serving, drain, settings.grace)


async def _drained(server: uvicorn.Server, serving: asyncio.Task[None], drain: Drain, grace: float) -> None:
    """End streams, let calls finish, and give up after the grace time what does not."""
    drain.begin()
    server.should_exit = True
    timer = asyncio.get_running_loop().call_later(grace, drain.expire)
    try:
        await serving
    finally:
        timer.cancel()


class _Server(uvicorn.Server):
    """uvicorn without its own signal handlers: they would cut short what is to be finished."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals to us."""
        yield


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


def _routed(endpoint: ASGIApp, settings: HTTPSettings) -> Starlette:
    routed = Starlette(routes=[Route(settings.endpoint, endpoint)])
    routed.router.redirect_slashes = False
    return routed


def _config(app: ASGIApp, settings: HTTPSettings) -> uvicorn.Config:
    return uvicorn.Config(
        cast("Any", app),
        loop="none",
        http=cast("Any", partial(Connection, seconds=settings.read_timeout)),
        ws="none",
        lifespan="off",
        log_config=None,
        log_level="error",
        access_log=False,
        proxy_headers=False,
        server_header=False,
        timeout_keep_alive=settings.connection_idle,
        timeout_graceful_shutdown=int(settings.grace) + _FAREWELL,
        h11_max_incomplete_event_size=settings.max_header,
    )
