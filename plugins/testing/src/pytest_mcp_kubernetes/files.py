"""A cluster of files, for tests without any other: the plugin `snapshot` on the manifests that a test names."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mcp_kubernetes import hookimpl
from mcp_kubernetes_snapshot import Snapshots

if TYPE_CHECKING:
    from pathlib import Path

    from mcp_kubernetes.spi import ClusterSource
    from mcp_kubernetes_snapshot.settings import SnapshotSettings


class Files(Snapshots):
    """A plugin with one cluster, made of the manifests at `path`. Each app that it is given to has it anew.

    It can be changed where the app's settings let anything be changed: `{"safety": {"non_destructive": False}}`.
    """

    def __init__(self, path: Path) -> None:
        super().__init__()
        self._path = path

    @hookimpl
    def register_cluster_sources(self, settings: SnapshotSettings) -> list[ClusterSource]:
        """The one source."""
        own = {"paths": (self._path,), "writable": True}
        return super().register_cluster_sources(settings.model_copy(update=own))
