"""The plugin `valkey`: a store that replicas share, wherever they run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from mcp_kubernetes import Settings, hookimpl
from mcp_kubernetes_valkey.settings import ValkeySettings

if TYPE_CHECKING:
    from mcp_kubernetes.spi import Store


class Valkey:
    """The plugin."""

    @hookimpl
    def register_settings(self) -> type[Settings]:
        """Which server."""
        return ValkeySettings

    @hookimpl
    def register_stores(self, settings: ValkeySettings) -> list[Store]:
        """The store at that server, if one is named."""
        if not settings.url:
            return []
        from mcp_kubernetes_valkey.store import ValkeyStore  # whoever names no server does not need it

        return [ValkeyStore(settings)]
