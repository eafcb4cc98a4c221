"""The two cluster sources: contexts of kubeconfig files, and the cluster around this pod."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from mcp_kubernetes.spi import UnknownCluster

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mcp_kubernetes.spi import Access, ClusterEntry, InCluster, Kubeconfig

KUBECONFIG = "kubeconfig"
"""Name of the source and of its credential provider."""


class KubeconfigSource:
    """Each context is a cluster. Whether there is a choice is looked up once, at start-up."""

    name = KUBECONFIG
    parameter = "kubeContext"
    description = "Kubeconfig context; default: the current one."
    credentials = KUBECONFIG

    def __init__(self, kubeconfig: Kubeconfig) -> None:
        self._kubeconfig = kubeconfig
        self.selectable = _has_choice(kubeconfig)

    async def list(self, access: Access) -> Sequence[ClusterEntry]:  # noqa: ARG002 - the same for everybody
        """All contexts, the unusable ones with the reason in their details. Raises UnknownCluster."""
        merged = await self._kubeconfig.latest()
        return await asyncio.to_thread(merged.entries, self.name)

    async def get(self, name: str | None, access: Access) -> ClusterEntry:  # noqa: ARG002
        """The context `name`, or the current one. Raises UnknownCluster."""
        return (await self._kubeconfig.latest()).entry(name, self.name)


def _has_choice(kubeconfig: Kubeconfig) -> bool:
    """Broken files are no reason not to start: the call that needs them says what is wrong."""
    try:
        return len(kubeconfig.load().contexts) > 1
    except UnknownCluster:
        return False


class InClusterSource:
    """The one cluster around this pod."""

    name = "in-cluster"
    parameter = "kubeContext"
    description = "The cluster that this server runs in."
    credentials = "in-cluster"
    selectable = False

    def __init__(self, in_cluster: InCluster) -> None:
        self._in_cluster = in_cluster

    async def list(self, access: Access) -> Sequence[ClusterEntry]:
        """The one cluster. Raises UnknownCluster for a missing piece of the ServiceAccount's mount."""
        return [await self.get(None, access)]

    async def get(self, name: str | None, access: Access) -> ClusterEntry:  # noqa: ARG002 - the same for everybody
        """The one cluster. Raises UnknownCluster for any other name, and for a missing piece."""
        if name not in (None, self.name):
            raise UnknownCluster("There is one cluster only, the one that this server runs in.")
        return self._in_cluster.entry(self.name)
