"""What is told of an app: to a plugin's lifespan, and to whoever lists its tools."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mcp_kubernetes.tools import Tool


@dataclass(frozen=True, kw_only=True)
class RegisteredTool:
    """A tool in this server: with the host's parameters, the plugin it came from, and why it is hidden, if it is."""

    tool: Tool
    plugin: str
    hidden: str


@dataclass(frozen=True, kw_only=True)
class AppView:
    """What a plugin's lifespan may see of the app."""

    version: str
    tools: tuple[str, ...]
