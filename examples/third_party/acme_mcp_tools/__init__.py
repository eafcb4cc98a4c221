"""ACME's plugin for mcp-kubernetes: a tool, a prompt, a source of clusters, and a rule about what may be asked.

It shows the things that outside plugins bring most often. Everything comes from the two public modules.
"""

from __future__ import annotations

from acme_mcp_tools.images import REVIEW, acme_list_images
from acme_mcp_tools.inventory import Inventory, InventorySettings, InventoryTokens
from acme_mcp_tools.off_limits import OffLimits
from mcp_kubernetes import Prompt, Tool, hookimpl
from mcp_kubernetes.spi import ClusterSource, CredentialProvider, Middleware


@hookimpl
def register_settings() -> type[InventorySettings]:
    """The section `acme`."""
    return InventorySettings


@hookimpl
def register_cluster_sources(settings: InventorySettings) -> list[ClusterSource]:
    """The clusters of ACME's inventory, if it names any."""
    return [Inventory(settings)] if settings.clusters else []


@hookimpl
def register_credential_providers(settings: InventorySettings) -> list[CredentialProvider]:
    """How to sign in to them."""
    return [InventoryTokens(settings)] if settings.clusters else []


@hookimpl
def register_tools() -> list[Tool]:
    """One tool."""
    return [acme_list_images]


@hookimpl
def register_prompts() -> list[Prompt]:
    """One prompt."""
    return [REVIEW]


@hookimpl
def register_middleware(settings: InventorySettings) -> list[Middleware]:
    """Refuse calls to the namespaces that are off limits."""
    return [OffLimits(settings.off_limits)]
