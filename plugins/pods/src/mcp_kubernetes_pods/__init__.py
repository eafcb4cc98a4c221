"""The plugin `pods`: what containers print, commands in them, and ports that lead to them."""

from __future__ import annotations

from mcp_kubernetes import Tool, hookimpl
from mcp_kubernetes_pods.executing import k8s_exec_pod


@hookimpl
def register_tools() -> list[Tool]:
    """The tools that read, then those that connect."""
    return [k8s_exec_pod]
