"""The tools that a plain install offers where nothing is said of changes."""

from __future__ import annotations

CONTEXT_TOOLS = ["k8s_get_current_context", "k8s_list_contexts", "k8s_switch_context"]
CLUSTER_TOOLS = [
    "k8s_check_access",
    "k8s_describe_resource",
    "k8s_get_api_resources",
    "k8s_get_cluster_health",
    "k8s_get_pod_logs",
    "k8s_get_resource",
    "k8s_list_events",
    "k8s_list_resources",
]
TOOLS = sorted(CONTEXT_TOOLS + CLUSTER_TOOLS)
