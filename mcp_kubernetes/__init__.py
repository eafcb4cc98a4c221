"""The public API for tool authors. Importing it loads nothing heavy; each name is loaded when it is used.

For cluster sources, credential providers, transports and middleware, see `mcp_kubernetes.spi`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mcp_kubernetes.loading import lazily

__version__ = "0.1.0"

if TYPE_CHECKING:
    from mcp_kubernetes.app import App
    from mcp_kubernetes.calls import Budget, ToolCall
    from mcp_kubernetes.effects import Effect
    from mcp_kubernetes.errors import Denied, Forbidden, InvalidArguments, NotFound, ToolError
    from mcp_kubernetes.hookspecs import hookimpl
    from mcp_kubernetes.identity import Identity
    from mcp_kubernetes.kinds import KindProfile, Noise, Relation
    from mcp_kubernetes.kube.client import Cluster, TablePage
    from mcp_kubernetes.parameters import (
        AllNamespaces,
        APIGroup,
        Name,
        Namespace,
        Page,
        ResourceType,
        Selectors,
    )
    from mcp_kubernetes.results import Answer, Foreign, Header, Object, Rows, Text
    from mcp_kubernetes.settings import Settings, setting
    from mcp_kubernetes.tools import Tool, tool

_HOMES = {
    "app": ("App",),
    "calls": ("Budget", "ToolCall"),
    "effects": ("Effect",),
    "errors": ("Denied", "Forbidden", "InvalidArguments", "NotFound", "ToolError"),
    "hookspecs": ("hookimpl",),
    "identity": ("Identity",),
    "kinds": ("KindProfile", "Noise", "Relation"),
    "kube.client": ("Cluster", "TablePage"),
    "parameters": ("APIGroup", "AllNamespaces", "Name", "Namespace", "Page", "ResourceType", "Selectors"),
    "results": ("Answer", "Foreign", "Header", "Object", "Rows", "Text"),
    "settings": ("Settings", "setting"),
    "tools": ("Tool", "tool"),
}

__all__ = [
    "APIGroup",
    "AllNamespaces",
    "Answer",
    "App",
    "Budget",
    "Cluster",
    "Denied",
    "Effect",
    "Forbidden",
    "Foreign",
    "Header",
    "Identity",
    "InvalidArguments",
    "KindProfile",
    "Name",
    "Namespace",
    "Noise",
    "NotFound",
    "Object",
    "Page",
    "Relation",
    "ResourceType",
    "Rows",
    "Selectors",
    "Settings",
    "TablePage",
    "Text",
    "Tool",
    "ToolCall",
    "ToolError",
    "hookimpl",
    "setting",
    "tool",
]


__getattr__ = lazily(globals(), _HOMES)
