"""The door for plugins: every hook, when it is asked, and what it returns.

All hooks are optional, synchronous and asked once at start-up, for one plugin at a time. They return plain
objects; nothing on the way of a request goes through pluggy. An implementation may leave out arguments that
it does not need. `settings` is the plugin's own validated model, or None if it declares none.

Order: `register_settings`, then sources, providers, auth providers, transports, stores, tools, middleware, kinds,
findings, and `lifespan` last.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Any

import pluggy

if TYPE_CHECKING:
    from mcp_kubernetes.auth import AuthProvider
    from mcp_kubernetes.commands import Command
    from mcp_kubernetes.findings import FindingRule
    from mcp_kubernetes.kinds import KindProfile
    from mcp_kubernetes.kube.cluster import ClusterSource, CredentialProvider
    from mcp_kubernetes.pipeline import Middleware
    from mcp_kubernetes.prompts import Prompt
    from mcp_kubernetes.settings import Settings
    from mcp_kubernetes.store import Store
    from mcp_kubernetes.templates import ResourceTemplate
    from mcp_kubernetes.tools import Tool
    from mcp_kubernetes.transports import Transport
    from mcp_kubernetes.views import AppView

PROJECT = "mcp_kubernetes"
"""pluggy's project name, and the entry-point group in which plugins are found."""

hookspec = pluggy.HookspecMarker(PROJECT)
hookimpl = pluggy.HookimplMarker(PROJECT)
"""Marks a function of a plugin as the implementation of the hook of the same name."""


@hookspec
def register_settings() -> type[Settings] | None:
    """Declare the plugin's section of the configuration.

    Asked before the command line is parsed, so that its options become flags. The section has the
    plugin's name. Since 0.1.
    """


@hookspec
def register_cluster_sources(settings: Any) -> Iterable[ClusterSource]:  # type: ignore[empty-body]
    """Say where clusters come from. Names are unique; the setting `kubernetes.sources` orders them. Since 0.1."""


@hookspec
def register_credential_providers(settings: Any) -> Iterable[CredentialProvider]:  # type: ignore[empty-body]
    """Say how to sign in to clusters. Which provider serves a source is chosen by name. Since 0.1."""


@hookspec
def register_auth_providers(settings: Any) -> Iterable[AuthProvider]:  # type: ignore[empty-body]
    """Say who is behind a bearer token, for transports over a network.

    A provider that is not set up is left out: as soon as there is one, everybody has to sign in. A JWT goes to the
    provider of its issuer, any other token to the first that knows it; the setting `auth.providers` orders them.
    Since 0.1.
    """


@hookspec
def register_transports(settings: Any) -> Iterable[Transport]:  # type: ignore[empty-body]
    """Offer ways to reach this server. `--transport` chooses one by name. Since 0.1."""


@hookspec
def register_stores(settings: Any) -> Iterable[Store]:  # type: ignore[empty-body]
    """Say where what outlives a call can be kept, for the replicas of a server to share.

    A store that is not set up is left out: one that is, and that the setting `state.store` does not name, keeps the
    server from starting. Names are unique over all plugins. Only the one that is named is ever used. Since 0.1.
    """


@hookspec
def register_tools(settings: Any) -> Iterable[Tool]:  # type: ignore[empty-body]
    """Offer tools, made with `@tool`. Names are unique over all plugins. Since 0.1."""


@hookspec
def register_resources(settings: Any) -> Iterable[ResourceTemplate]:  # type: ignore[empty-body]
    """Offer MCP resources by templates of their URIs. Templates are unique over all plugins. Since 0.1."""


@hookspec
def register_prompts(settings: Any) -> Iterable[Prompt]:  # type: ignore[empty-body]
    """Offer MCP prompts, which clients show to their users. Names are unique over all plugins. Since 0.1."""


@hookspec
def register_middleware(settings: Any) -> Iterable[Middleware]:  # type: ignore[empty-body]
    """Wrap every call. A middleware's `stage` places it, never the order of installation. Since 0.1."""


@hookspec
def register_kinds(settings: Any) -> Iterable[KindProfile]:  # type: ignore[empty-body]
    """Say what is known of kinds: their noise, and what is related to their objects. One owner a kind. Since 0.1."""


@hookspec
def register_findings(settings: Any) -> Iterable[FindingRule]:  # type: ignore[empty-body]
    """Offer rules by which `k8s_get_cluster_health` finds what is wrong, one for each cause.

    Names are unique over all plugins. A rule that fails costs only itself, and the answer tells so. Since 0.1.
    """


@hookspec
def register_commands() -> Iterable[Command]:  # type: ignore[empty-body]
    """Offer commands of the command line. Names are unique over all plugins, and none is the host's.

    Asked where somebody types a command that the host does not have, and never by a server. Since 0.1.
    """


@hookspec
def lifespan(settings: Any, app: AppView) -> AbstractAsyncContextManager[None]:  # type: ignore[empty-body]
    """Open and close what the plugin owns: entered before the first call, left after the last.

    In a task of its own, so a task group inside may fail without ending the server. The setting
    `plugins.lifespan_timeout` bounds both ends. Since 0.1.
    """
