"""A tool: which images run in a namespace, and how many containers of each."""

from __future__ import annotations

from collections import Counter

from mcp_kubernetes import Effect, Namespace, Rows, ToolCall, tool


@tool(effect=Effect.READ, title="Images in use")
async def acme_list_images(call: ToolCall, namespace: Namespace = None) -> Rows:
    """Count the container images of the pods in a namespace."""
    pods = call.cluster.rows("pods", namespace, containers=".spec.containers")
    images = Counter([container["image"] async for pod in pods for container in pod.containers or ()])
    return Rows(("IMAGE", "CONTAINERS"), images.most_common())
