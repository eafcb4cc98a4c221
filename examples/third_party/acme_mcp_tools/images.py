"""A tool: which images run in a namespace, and how many containers of each; and a prompt that begins with that."""

from __future__ import annotations

from collections import Counter

from mcp_kubernetes import Effect, Namespace, Prompt, Rows, Text, ToolCall, tool


@tool(effect=Effect.READ, title="Images in use")
async def acme_list_images(call: ToolCall, namespace: Namespace = None) -> Rows:
    """Count the container images of the pods in a namespace."""
    return await _images(call, namespace)


@tool(effect=Effect.READ)
async def acme_review_images(call: ToolCall, namespace: Namespace = None) -> list[Text | Rows]:
    """Review the container images of a namespace."""
    return [Text("Which of these images should be pinned to a version, and why?"), await _images(call, namespace)]


REVIEW = Prompt(acme_review_images)
"""Clients show it to their users, and what it answers is what the user says first."""


async def _images(call: ToolCall, namespace: str | None) -> Rows:
    pods = call.cluster.rows("pods", namespace, containers=".spec.containers")
    images = Counter([container["image"] async for pod in pods for container in pod.containers or ()])
    return Rows(("IMAGE", "CONTAINERS"), images.most_common())
