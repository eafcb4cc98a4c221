"""What outlives a call, and who can open it: the host's own stores, and keys that replicas share."""

from __future__ import annotations

from mcp_kubernetes.hookspecs import hookimpl
from mcp_kubernetes.state.settings import StateSettings
from mcp_kubernetes.store import MemoryStore, Store


@hookimpl
def register_settings() -> type[StateSettings]:
    """The section `state`."""
    return StateSettings


@hookimpl
def register_stores(settings: StateSettings) -> list[Store]:
    """The memory of the process, and a file if one is named."""
    if settings.file is None:
        return [MemoryStore()]
    from mcp_kubernetes.state.sqlite import SQLiteStore  # start-up does without it where nobody names a file

    return [MemoryStore(), SQLiteStore(settings.file)]
