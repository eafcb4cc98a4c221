"""A plugin that is a pod's own cluster, with the ServiceAccount's files in a folder of the test's choice.

`--in-cluster` reads them where the kubelet mounts them; no test may write there.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from mcp_kubernetes import hookimpl
from mcp_kubernetes.spi import InCluster

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mcp_kubernetes.spi import Access, ClusterEntry, ClusterSource, CredentialProvider


class Pod:
    """The source beside the provider `InCluster`."""

    name = "in-cluster"
    parameter = "kubeContext"
    description = "The cluster around the pod."
    credentials = "in-cluster"
    selectable = False

    def __init__(self, in_cluster: InCluster) -> None:
        self._in_cluster = in_cluster

    async def list(self, access: Access) -> Sequence[ClusterEntry]:
        """The one cluster."""
        return [await self.get(None, access)]

    async def get(self, name: str | None, access: Access) -> ClusterEntry:  # noqa: ARG002 - one cluster, one user
        """The one cluster."""
        return self._in_cluster.entry()


IN_CLUSTER = InCluster(Path(os.environ["POD_FOLDER"]))


@hookimpl
def register_cluster_sources() -> list[ClusterSource]:
    """The pod's cluster."""
    return [Pod(IN_CLUSTER)]


@hookimpl
def register_credential_providers() -> list[CredentialProvider]:
    """The pod's ServiceAccount."""
    return [IN_CLUSTER]
