"""The public API for tool authors. Importing it loads nothing heavy; each name is loaded when it is used.

For cluster sources, credential providers, transports and middleware, see `mcp_kubernetes.spi`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from mcp_kubernetes.loading import lazily

__version__ = "0.1.0"

if TYPE_CHECKING:
    from mcp_kubernetes.app import App
    from mcp_kubernetes.blocks import Block, InBlocks
    from mcp_kubernetes.calls import Budget, Lasting, Outliving, ToolCall
    from mcp_kubernetes.effects import Effect, Operation
    from mcp_kubernetes.errors import Denied, Forbidden, InvalidArguments, NotFound, ToolError
    from mcp_kubernetes.findings import (
        Examination,
        Finding,
        FindingRule,
        Found,
        Severity,
        Surroundings,
        Unread,
    )
    from mcp_kubernetes.happenings import Happening, Happenings, Tally
    from mcp_kubernetes.hookspecs import hookimpl
    from mcp_kubernetes.identity import Identity
    from mcp_kubernetes.kinds import KindProfile, Noise, Relation
    from mcp_kubernetes.kube.catalogue.serving import APIResource, Endpoint
    from mcp_kubernetes.kube.client import Cluster
    from mcp_kubernetes.kube.containers.captured import Excerpt
    from mcp_kubernetes.kube.containers.executing import Execution
    from mcp_kubernetes.kube.reads.pages import TablePage
    from mcp_kubernetes.manifest import Manifest, PatchType, ordered, read_manifests, read_patch
    from mcp_kubernetes.parameters import (
        AllNamespaces,
        APIGroup,
        DryRun,
        LogOptions,
        ManifestText,
        Name,
        Namespace,
        Page,
        PatchText,
        ResourceType,
        Selectors,
    )
    from mcp_kubernetes.prompts import Prompt
    from mcp_kubernetes.results import Answer, Change, Ending, Foreign, Header, Object, Rows, Text
    from mcp_kubernetes.settings import Settings, setting
    from mcp_kubernetes.templates import ResourceTemplate, completion
    from mcp_kubernetes.times import age, duration, instant
    from mcp_kubernetes.tools import Tool, tool

_HOMES = {
    "app": ("App",),
    "blocks": ("Block", "InBlocks"),
    "calls": ("Budget", "Lasting", "Outliving", "ToolCall"),
    "effects": ("Effect", "Operation"),
    "errors": ("Denied", "Forbidden", "InvalidArguments", "NotFound", "ToolError"),
    "findings": (
        "Examination",
        "Finding",
        "FindingRule",
        "Found",
        "Severity",
        "Surroundings",
        "Unread",
    ),
    "happenings": ("Happening", "Happenings", "Tally"),
    "hookspecs": ("hookimpl",),
    "identity": ("Identity",),
    "kinds": ("KindProfile", "Noise", "Relation"),
    "kube.containers.captured": ("Excerpt",),
    "kube.client": ("Cluster",),
    "kube.containers.executing": ("Execution",),
    "kube.catalogue.serving": ("APIResource", "Endpoint"),
    "kube.reads.pages": ("TablePage",),
    "manifest": ("Manifest", "PatchType", "ordered", "read_manifests", "read_patch"),
    "parameters": (
        "APIGroup",
        "AllNamespaces",
        "DryRun",
        "LogOptions",
        "ManifestText",
        "Name",
        "Namespace",
        "Page",
        "PatchText",
        "ResourceType",
        "Selectors",
    ),
    "prompts": ("Prompt",),
    "results": ("Answer", "Change", "Ending", "Foreign", "Header", "Object", "Rows", "Text"),
    "settings": ("Settings", "setting"),
    "times": ("age", "duration", "instant"),
    "templates": ("ResourceTemplate", "completion"),
    "tools": ("Tool", "tool"),
}

__all__ = [
    "APIGroup",
    "APIResource",
    "AllNamespaces",
    "Answer",
    "App",
    "Block",
    "Budget",
    "Change",
    "Cluster",
    "Denied",
    "DryRun",
    "Effect",
    "Ending",
    "Endpoint",
    "Examination",
    "Excerpt",
    "Execution",
    "Finding",
    "FindingRule",
    "Forbidden",
    "Foreign",
    "Found",
    "Happening",
    "Happenings",
    "Header",
    "Identity",
    "InBlocks",
    "InvalidArguments",
    "KindProfile",
    "Lasting",
    "LogOptions",
    "Manifest",
    "ManifestText",
    "Name",
    "Namespace",
    "Noise",
    "NotFound",
    "Object",
    "Operation",
    "Outliving",
    "Page",
    "PatchText",
    "PatchType",
    "Prompt",
    "Relation",
    "ResourceTemplate",
    "ResourceType",
    "Rows",
    "Selectors",
    "Settings",
    "Severity",
    "Surroundings",
    "TablePage",
    "Tally",
    "Text",
    "Tool",
    "ToolCall",
    "ToolError",
    "Unread",
    "age",
    "completion",
    "duration",
    "hookimpl",
    "instant",
    "ordered",
    "read_manifests",
    "read_patch",
    "setting",
    "tool",
]


__getattr__ = lazily(globals(), _HOMES)
