"""The plugin `snapshot`: clusters from files, asked through the same client as those that live, and a demo in one."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from mcp_kubernetes import Settings, hookimpl
from mcp_kubernetes_snapshot.settings import SnapshotSettings

if TYPE_CHECKING:
    from mcp_kubernetes.spi import ClusterSource, Command
    from mcp_kubernetes_snapshot.source import SnapshotSource


class Snapshots:
    """The plugin. It opens no file before a call asks for it, and closes all of them at the end."""

    def __init__(self) -> None:
        self._source: SnapshotSource | None = None

    @hookimpl
    def register_settings(self) -> type[Settings]:
        """Which files."""
        return SnapshotSettings

    @hookimpl
    def register_cluster_sources(self, settings: SnapshotSettings) -> list[ClusterSource]:
        """One source with a cluster for each path; none where nobody named a path."""
        if not settings.paths:
            return []
        from mcp_kubernetes_snapshot.source import SnapshotSource  # whoever names no path does not need it

        self._source = SnapshotSource(settings)
        return [self._source]

    @hookimpl
    def register_commands(self) -> list[Command]:
        """The demo, and the recorder."""
        from mcp_kubernetes_snapshot.demo.command import DEMO  # no server needs them
        from mcp_kubernetes_snapshot.recorder.command import SNAPSHOT

        return [DEMO, SNAPSHOT]

    @hookimpl
    @asynccontextmanager
    async def lifespan(self) -> AsyncIterator[None]:
        """Close what was opened."""
        yield
        if self._source is not None:
            await self._source.aclose()
