"""For authors of sources, providers, transports, stores, commands and middleware. Provisional until 1.0."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mcp_kubernetes.loading import lazily

if TYPE_CHECKING:
    from mcp_kubernetes.auth import AuthProvider
    from mcp_kubernetes.calls import Session
    from mcp_kubernetes.commands import Command, Invocation
    from mcp_kubernetes.content import Audio, EmbeddedResource, Image, ResourceLink
    from mcp_kubernetes.dispatch import Outcome
    from mcp_kubernetes.errors import ConfigError, CredentialsError, TimedOut, UnknownCluster
    from mcp_kubernetes.kube.cluster import (
        Access,
        ClusterEntry,
        ClusterSource,
        CredentialProvider,
        Credentials,
        Waiting,
    )
    from mcp_kubernetes.kube.connection import Connection, Request, Response
    from mcp_kubernetes.kube.containers.tunnel import Tunnel
    from mcp_kubernetes.kube.credentials.in_cluster import InCluster
    from mcp_kubernetes.kube.credentials.provider import KubeconfigCredentials
    from mcp_kubernetes.kube.decoding.picking import Picker
    from mcp_kubernetes.kube.kubeconfig.loading import Kubeconfig
    from mcp_kubernetes.kube.paths import APIPath, UnparsablePath
    from mcp_kubernetes.manifest.patches import merge_patch
    from mcp_kubernetes.pipeline import Middleware, Proceed, Stage
    from mcp_kubernetes.plugins import Plugins
    from mcp_kubernetes.server import mcp_server
    from mcp_kubernetes.store import Store
    from mcp_kubernetes.transports import Transport
    from mcp_kubernetes.views import AppView

_HOMES = {
    "auth": ("AuthProvider",),
    "calls": ("Session",),
    "commands": ("Command", "Invocation"),
    "content": ("Audio", "EmbeddedResource", "Image", "ResourceLink"),
    "dispatch": ("Outcome",),
    "errors": ("ConfigError", "CredentialsError", "TimedOut", "UnknownCluster"),
    "kube.cluster": ("Access", "ClusterEntry", "ClusterSource", "CredentialProvider", "Credentials", "Waiting"),
    "kube.connection": ("Connection", "Request", "Response"),
    "kube.credentials.provider": ("KubeconfigCredentials",),
    "kube.credentials.in_cluster": ("InCluster",),
    "kube.kubeconfig.loading": ("Kubeconfig",),
    "kube.paths": ("APIPath", "UnparsablePath"),
    "kube.decoding.picking": ("Picker",),
    "kube.containers.tunnel": ("Tunnel",),
    "manifest.patches": ("merge_patch",),
    "pipeline": ("Middleware", "Proceed", "Stage"),
    "plugins": ("Plugins",),
    "server": ("mcp_server",),
    "store": ("Store",),
    "transports": ("Transport",),
    "views": ("AppView",),
}

__all__ = [
    "APIPath",
    "Access",
    "AppView",
    "Audio",
    "AuthProvider",
    "ClusterEntry",
    "ClusterSource",
    "Command",
    "ConfigError",
    "Connection",
    "CredentialProvider",
    "Credentials",
    "CredentialsError",
    "EmbeddedResource",
    "Image",
    "InCluster",
    "Invocation",
    "Kubeconfig",
    "KubeconfigCredentials",
    "Middleware",
    "Outcome",
    "Picker",
    "Plugins",
    "Proceed",
    "Request",
    "ResourceLink",
    "Response",
    "Session",
    "Stage",
    "Store",
    "TimedOut",
    "Transport",
    "Tunnel",
    "UnknownCluster",
    "UnparsablePath",
    "Waiting",
    "mcp_server",
    "merge_patch",
]


__getattr__ = lazily(globals(), _HOMES)
