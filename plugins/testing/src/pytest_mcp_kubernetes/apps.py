"""Apps for tests: composed from the plugins and settings that a test names, spoken to over MCP in memory."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

from mcp import Client

from mcp_kubernetes import App
from mcp_kubernetes.spi import Session, mcp_server

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Mapping

    from mcp.types import CallToolResult


class Apps:
    """The fixture `app`: plugins by name (modules, classes or objects), settings by section.

    `async with app({"certs": certs, "static": static}) as client: await client.call_tool(...)`
    """

    def make(self, plugins: Mapping[str, object], settings: Mapping[str, Mapping[str, Any]] | None = None) -> App:
        """An app that has not been started, with these plugins alone."""
        return App.of(settings or {}, plugins=plugins)

    @asynccontextmanager
    async def __call__(
        self,
        plugins: Mapping[str, object],
        settings: Mapping[str, Mapping[str, Any]] | None = None,
        *,
        mode: str = "auto",
    ) -> AsyncIterator[Client]:
        """A started app and a connected client; `mode` is the SDK's protocol era ("auto", "legacy")."""
        async with self.make(plugins, settings) as app:
            server = mcp_server(app, session=Session(key="test"))
            async with Client(server, mode=mode) as client:
                yield client


def text(result: CallToolResult) -> str:
    """All text of a result, block after block."""
    return "\n".join(block.text for block in result.content if block.type == "text")
