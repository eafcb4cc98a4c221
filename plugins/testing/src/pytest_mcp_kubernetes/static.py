"""The cluster source `static`: the current context of one kubeconfig, and nothing to choose from."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mcp_kubernetes import hookimpl
from mcp_kubernetes.spi import Kubeconfig, KubeconfigCredentials

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from mcp_kubernetes.spi import Access, ClusterEntry, ClusterSource, CredentialProvider


class Static:
    """A plugin that is a cluster source and its credential provider, for a kubeconfig of one user.

    Two of them, made from kubeconfigs of different users, are how a test compares what two users may see.
    """

    name = "static"
    parameter = "kubeContext"
    description = "Cluster of the test."
    credentials = "kubeconfig"
    selectable = False

    def __init__(self, kubeconfig: Path) -> None:
        self._kubeconfig = Kubeconfig((kubeconfig,), required=True)

    @hookimpl
    def register_cluster_sources(self) -> list[ClusterSource]:
        """Itself."""
        return [self]

    @hookimpl
    def register_credential_providers(self) -> list[CredentialProvider]:
        """The kubeconfig's own user."""
        return [KubeconfigCredentials(self._kubeconfig)]

    async def list(self, access: Access) -> Sequence[ClusterEntry]:
        """The one cluster."""
        return [await self.get(None, access)]

    async def get(self, name: str | None, access: Access) -> ClusterEntry:  # noqa: ARG002 - the same for all
        """The one cluster. Raises UnknownCluster for any other name."""
        return (await self._kubeconfig.latest()).entry(name, self.name)
