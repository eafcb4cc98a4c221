"""A source of clusters: a list in the configuration, each cluster with a file that holds a token."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from mcp_kubernetes import Settings, setting
from mcp_kubernetes.spi import Access, ClusterEntry, Credentials, CredentialsError, UnknownCluster


class InventorySettings(Settings):
    """The section `acme`. `clusters` maps names to URLs; DIRECTORY holds NAME.token and NAME.crt for each."""

    clusters: dict[str, str] = setting({}, help="URL of the API server by cluster name.")
    directory: Path = setting(Path("/etc/acme/clusters"), flag="--acme-directory", help="Folder of tokens and CAs.")
    off_limits: tuple[str, ...] = setting((), flag="--acme-off-limits", help="Namespace that nobody may ask about.")


class Inventory:
    """ACME's clusters. The first one serves calls that name none."""

    name = "acme"
    parameter = "acmeCluster"
    description = "Cluster of ACME's inventory."
    credentials = "acme"

    def __init__(self, settings: InventorySettings) -> None:
        self._settings = settings
        self.selectable = len(settings.clusters) > 1

    async def list(self, access: Access) -> Sequence[ClusterEntry]:
        """All clusters of the inventory."""
        return [await self.get(name, access) for name in self._settings.clusters]

    async def get(self, name: str | None, access: Access) -> ClusterEntry:  # noqa: ARG002 - the same for all
        """The cluster `name`, or the first one. Raises UnknownCluster."""
        found = name or next(iter(self._settings.clusters))
        if found not in self._settings.clusters:
            raise UnknownCluster(f"The inventory knows: {', '.join(self._settings.clusters)}.")
        server = self._settings.clusters[found]
        return ClusterEntry(name=found, source=self.name, server=server, ca=_read(self._settings, found, "crt"))


class InventoryTokens:
    """Signs in with the token of the cluster, read anew each time, so that a rotated one is used at once."""

    name = "acme"

    def __init__(self, settings: InventorySettings) -> None:
        self._settings = settings

    async def credentials(
        self,
        access: Access,  # noqa: ARG002 - one token for all users of this server
        entry: ClusterEntry,
        refused: Credentials | None = None,  # noqa: ARG002 - nothing is kept that could be forgotten
    ) -> Credentials:
        """The token. Raises CredentialsError."""
        return Credentials(token=_read(self._settings, entry.name, "token").decode().strip())


def _read(settings: InventorySettings, name: str, suffix: str) -> bytes:
    try:
        return (settings.directory / f"{name}.{suffix}").read_bytes()
    except OSError:
        raise CredentialsError(f"The inventory has no readable {suffix} file for {name}.") from None
