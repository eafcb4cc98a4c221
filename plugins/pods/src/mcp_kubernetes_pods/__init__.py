"""The plugin `pods`: what containers print, commands in them, and ports that lead to them."""

from __future__ import annotations

from mcp_kubernetes import Tool, hookimpl


@hookimpl
def register_tools() -> list[Tool]:
    """The tools that read, then those that connect."""
    return []
