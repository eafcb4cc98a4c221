"""The cluster source `snapshot`: each path is a cluster, named as its file or folder is."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from mcp_kubernetes.spi import ClusterEntry, UnknownCluster
from mcp_kubernetes_snapshot.opening import Snapshot

if TYPE_CHECKING:
    from mcp_kubernetes.spi import Access
    from mcp_kubernetes_snapshot.settings import SnapshotSettings

_ENDINGS = (".gz", ".bz2", ".xz", ".tgz", ".tbz2", ".txz", ".tar", ".zip", ".json", ".yaml", ".yml")


class SnapshotSource:
    """Snapshots by name; the first is the default. Nobody signs in to them."""

    name = "snapshot"
    parameter = "snapshot"
    description = "Snapshot (a cluster from files); default: the first."
    credentials = ""
    selectable = True  # there may be other sources beside it, and only this parameter leads back

    def __init__(self, settings: SnapshotSettings) -> None:
        most_bytes = settings.max_unpacked_mib << 20
        self._snapshots = {
            name: Snapshot(name=name, path=path, most_bytes=most_bytes, writable=settings.writable)
            for name, path in _named(settings.paths)
        }

    async def list(self, access: Access) -> Sequence[ClusterEntry]:  # noqa: ARG002 - the same for everybody
        """All snapshots; those that were not asked yet stay closed."""
        return [self._entry(snapshot) for snapshot in self._snapshots.values()]

    async def get(self, name: str | None, access: Access) -> ClusterEntry:
        """The snapshot `name`, or the first one, opened. Raises UnknownCluster, and TimedOut while it is opened."""
        snapshot = self._snapshots.get(next(iter(self._snapshots)) if name is None else name)
        if snapshot is None:
            near = difflib.get_close_matches(name or "", self._snapshots, n=3) or list(self._snapshots)[:10]
            raise UnknownCluster("There is no snapshot of that name.", hint=f"There are {', '.join(near)}.")
        await snapshot.connection(access.waiting)
        return self._entry(snapshot)

    async def aclose(self) -> None:
        """Close all that are open."""
        for snapshot in self._snapshots.values():
            await snapshot.aclose()

    def _entry(self, snapshot: Snapshot) -> ClusterEntry:
        connection = snapshot.opened
        return ClusterEntry(
            name=snapshot.name,
            source=self.name,
            server=f"snapshot:{snapshot.name}",
            connection=connection,
            as_of=connection.answering.contents.as_of if connection else None,
        )


def _named(paths: Sequence[Path]) -> Iterator[tuple[str, Path]]:
    seen: dict[str, int] = {}
    for path in paths:
        name = path.resolve().name
        while name.endswith(_ENDINGS):
            name = name[: name.rindex(".")]
        seen[name] = seen.get(name, 0) + 1
        yield name if seen[name] == 1 else f"{name}-{seen[name]}", path
