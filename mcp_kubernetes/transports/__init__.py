"""Ways to reach the server. Built-in ones are registered through the same hook as anybody's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from mcp_kubernetes.hookspecs import hookimpl
from mcp_kubernetes.loading import load_unbuilt

if TYPE_CHECKING:
    from mcp_kubernetes.app import App


class Transport(Protocol):
    """Serves the app until its client, or a signal, ends it."""

    name: str
    """What `--transport` calls it."""

    async def serve(self, app: App) -> None:
        """Serve. The app has been started and is stopped by the caller."""


class Stdio:
    """Standard input and output: one client, the one that started this process."""

    name = "stdio"

    async def serve(self, app: App) -> None:
        """Serve until standard input ends."""
        await load_unbuilt("mcp_kubernetes.transports.stdio").serve(app)


@hookimpl
def register_transports() -> list[Transport]:
    """The transports of the host itself."""
    return [Stdio()]
