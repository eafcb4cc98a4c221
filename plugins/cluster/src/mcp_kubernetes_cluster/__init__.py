"""The plugin `cluster`: what the cluster serves, how it is, and what the caller may do in it."""

from __future__ import annotations

from mcp_kubernetes import FindingRule, Tool, hookimpl
from mcp_kubernetes_cluster.access import k8s_check_access
from mcp_kubernetes_cluster.api_resources import k8s_get_api_resources
from mcp_kubernetes_cluster.health import k8s_get_cluster_health
from mcp_kubernetes_cluster.rules import RULES


@hookimpl
def register_tools() -> list[Tool]:
    """Three tools that read."""
    return [k8s_check_access, k8s_get_api_resources, k8s_get_cluster_health]


@hookimpl
def register_findings() -> tuple[FindingRule, ...]:
    """What may be wrong with objects of the built-in kinds, and with certificates of cert-manager."""
    return RULES
