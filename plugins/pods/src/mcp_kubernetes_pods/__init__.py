"""The plugin `pods`: what containers print, commands in them, and ports that lead to them."""

from __future__ import annotations

from mcp_kubernetes import Settings, Tool, hookimpl
from mcp_kubernetes_pods.executing import k8s_exec_pod
from mcp_kubernetes_pods.forwarding import Forwarding
from mcp_kubernetes_pods.logs import k8s_get_pod_logs
from mcp_kubernetes_pods.settings import PodSettings


@hookimpl
def register_settings() -> type[Settings]:
    """Limits of port-forwards."""
    return PodSettings


@hookimpl
def register_tools(settings: PodSettings) -> list[Tool]:
    """The tools that read, then those that connect."""
    return [k8s_get_pod_logs, k8s_exec_pod, *Forwarding(settings).tools()]
