"""The plugin `resources`: list, get and describe objects of any kind that the cluster serves, and their events."""

from __future__ import annotations

from mcp_kubernetes import KindProfile, Tool, hookimpl
from mcp_kubernetes_resources.describing import k8s_describe_resource
from mcp_kubernetes_resources.events import k8s_list_events
from mcp_kubernetes_resources.getting import k8s_get_resource
from mcp_kubernetes_resources.listing import k8s_list_resources
from mcp_kubernetes_resources.profiles import PROFILES


@hookimpl
def register_tools() -> list[Tool]:
    """The reading tools."""
    return [k8s_list_resources, k8s_list_events, k8s_get_resource, k8s_describe_resource]


@hookimpl
def register_kinds() -> tuple[KindProfile, ...]:
    """What is known of the built-in kinds."""
    return PROFILES
