"""The plugin `resources`: read, create, change and delete objects of any kind that the cluster serves."""

from __future__ import annotations

from mcp_kubernetes import KindProfile, ResourceTemplate, Tool, hookimpl
from mcp_kubernetes_resources.addresses import OBJECTS
from mcp_kubernetes_resources.applying import k8s_apply_resource, k8s_create_resource
from mcp_kubernetes_resources.deleting import k8s_delete_resource
from mcp_kubernetes_resources.describing import k8s_describe_resource
from mcp_kubernetes_resources.events import k8s_list_events
from mcp_kubernetes_resources.getting import k8s_get_resource
from mcp_kubernetes_resources.listing import k8s_list_resources
from mcp_kubernetes_resources.patching import k8s_patch_resource, k8s_undo_change
from mcp_kubernetes_resources.profiles import PROFILES
from mcp_kubernetes_resources.scaling import k8s_scale_resource


@hookimpl
def register_tools() -> list[Tool]:
    """The tools that read, then those that write."""
    return [
        k8s_list_resources,
        k8s_list_events,
        k8s_get_resource,
        k8s_describe_resource,
        k8s_create_resource,
        k8s_apply_resource,
        k8s_patch_resource,
        k8s_scale_resource,
        k8s_delete_resource,
        k8s_undo_change,
    ]


@hookimpl
def register_resources() -> list[ResourceTemplate]:
    """Each object, by its address."""
    return [OBJECTS]


@hookimpl
def register_kinds() -> tuple[KindProfile, ...]:
    """What is known of the built-in kinds."""
    return PROFILES
