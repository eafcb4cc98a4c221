"""One uvicorn on sockets that are open already, with the bounds that hold for every listener of ours."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, cast

import uvicorn
from starlette.applications import Starlette

from mcp_kubernetes.transports.http.connections import Connection

if TYPE_CHECKING:
    from starlette.routing import Route

    from mcp_kubernetes.transports.http.certificates import Certificates
    from mcp_kubernetes.transports.http.settings import HTTPSettings

_FAREWELL = 5
"""Seconds beyond the grace time that clients have to read what is left."""


class Listener(uvicorn.Server):
    """Serves routes until `should_exit` is set: uvicorn's own signal handlers would cut calls short."""

    def __init__(self, routes: list[Route], settings: HTTPSettings, certificates: Certificates | None = None) -> None:
        config = _config(routes, settings)
        config.load()
        config.ssl = certificates.context if certificates else None
        super().__init__(config)

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Leave the signals to the transport."""
        yield


def _config(routes: list[Route], settings: HTTPSettings) -> uvicorn.Config:
    app = Starlette(routes=routes)
    app.router.redirect_slashes = False
    return uvicorn.Config(
        cast("Any", app),
        loop="none",
        http=cast("Any", partial(Connection, seconds=settings.read_timeout)),
        ws="none",
        lifespan="off",
        log_config=None,
        log_level="error",
        access_log=False,
        proxy_headers=bool(settings.trusted_proxies),
        forwarded_allow_ips=list(settings.trusted_proxies),
        server_header=False,
        timeout_keep_alive=settings.connection_idle,
        timeout_graceful_shutdown=int(settings.grace) + _FAREWELL,
        h11_max_incomplete_event_size=settings.max_header,
    )
