"""A plugin that is a pod's own cluster, with the ServiceAccount's files in a folder of the test's choice.

`--in-cluster` reads them where the kubelet mounts them; no test may write there.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mcp_kubernetes import hookimpl
from mcp_kubernetes.spi import InCluster
from mcp_kubernetes_contexts.sources import InClusterSource

if TYPE_CHECKING:
    from pathlib import Path

    from mcp_kubernetes.spi import ClusterSource, CredentialProvider
    from tests.cluster import Cluster


class Pod:
    """`folder` is what the kubelet would mount: token, ca.crt and namespace."""

    def __init__(self, folder: Path, cluster: Cluster) -> None:
        host, port = cluster.server.removeprefix("https://").split(":")
        variables = {"KUBERNETES_SERVICE_HOST": host, "KUBERNETES_SERVICE_PORT": port}
        self._in_cluster = InCluster(folder, variables)

    @hookimpl
    def register_cluster_sources(self) -> list[ClusterSource]:
        return [InClusterSource(self._in_cluster)]

    @hookimpl
    def register_credential_providers(self) -> list[CredentialProvider]:
        return [self._in_cluster]
