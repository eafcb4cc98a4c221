"""The plugin `contexts`: clusters from kubeconfig files or from the ServiceAccount, and a choice of them.

A class, not a module of functions: source and credential provider look at the same loaded files, and what
they share has to live somewhere that is not the module.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mcp_kubernetes import Settings, Tool, hookimpl
from mcp_kubernetes.spi import InCluster, Kubeconfig, KubeconfigCredentials
from mcp_kubernetes_contexts.settings import ContextSettings
from mcp_kubernetes_contexts.sources import InClusterSource, KubeconfigSource
from mcp_kubernetes_contexts.tools import CONTEXT_TOOLS

if TYPE_CHECKING:
    from mcp_kubernetes.spi import ClusterSource, CredentialProvider


class Contexts:
    """The plugin. One object per load; it opens no file before it is asked for its sources."""

    def __init__(self) -> None:
        self._kubeconfig: Kubeconfig | None = None
        self._in_cluster = InCluster()

    @hookimpl
    def register_settings(self) -> type[Settings]:
        """Which files, or the pod's own cluster."""
        return ContextSettings

    @hookimpl
    def register_cluster_sources(self, settings: ContextSettings) -> list[ClusterSource]:
        """The contexts of the files, or the one cluster around this pod."""
        if settings.in_cluster:
            return [InClusterSource(self._in_cluster)]
        return [KubeconfigSource(self._files(settings))]

    @hookimpl
    def register_credential_providers(self, settings: ContextSettings) -> list[CredentialProvider]:
        """The provider that belongs to the source, under the same name."""
        if settings.in_cluster:
            return [self._in_cluster]
        plugins = () if settings.deny_exec_plugins else settings.exec_plugins
        files = self._files(settings)
        return [KubeconfigCredentials(files, exec_plugins=plugins, exec_timeout=settings.exec_timeout)]

    @hookimpl
    def register_tools(self, settings: ContextSettings) -> list[Tool]:
        """The tools that choose a context; none in a cluster, where there is nothing to choose."""
        return [] if settings.in_cluster else list(CONTEXT_TOOLS)

    def _files(self, settings: ContextSettings) -> Kubeconfig:
        if self._kubeconfig is None:
            self._kubeconfig = settings.files()
        return self._kubeconfig
