"""Streamable HTTP: many clients at one endpoint. A plugin of the host's own; what is heavy is loaded once it serves."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mcp_kubernetes.hookspecs import hookimpl
from mcp_kubernetes.loading import load_unbuilt
from mcp_kubernetes.transports.http.settings import NAME, HTTPSettings
from mcp_kubernetes.transports.http.tokens import TokenFile

if TYPE_CHECKING:
    from mcp_kubernetes.app import App
    from mcp_kubernetes.auth import AuthProvider
    from mcp_kubernetes.transports import Transport


class StreamableHTTP:
    """MCP over HTTP, in all versions of the protocol that know Streamable HTTP."""

    name = NAME

    async def serve(self, app: App) -> None:
        """Serve until SIGTERM or SIGINT arrives. Raises ConfigError for an address that cannot be served at."""
        await load_unbuilt("mcp_kubernetes.transports.http.serving").serve(app)


@hookimpl
def register_settings() -> type[HTTPSettings]:
    """The section `http`."""
    return HTTPSettings


@hookimpl
def register_auth_providers(settings: HTTPSettings) -> list[AuthProvider]:
    """The file of tokens, if there is one."""
    return [TokenFile(settings.token_file)] if settings.token_file else []


@hookimpl
def register_transports() -> list[Transport]:
    """The transport itself."""
    return [StreamableHTTP()]
