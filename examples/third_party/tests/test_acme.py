"""The plugin as its users meet it: over MCP, beside the built-in tools, on a real cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING

import acme_mcp_tools
import mcp_kubernetes_resources
from pytest_mcp_kubernetes.apps import text

if TYPE_CHECKING:
    from pytest_mcp_kubernetes.apps import Apps
    from pytest_mcp_kubernetes.static import Static

FORBIDDEN = {"acme": {"off_limits": ("kube-public",)}}


async def test_the_tool_counts_the_images_of_a_namespace(app: Apps, static: Static) -> None:
    async with app({"acme": acme_mcp_tools, "static": static}) as client:
        counted = await client.call_tool("acme_list_images", {"namespace": "default"})
    assert not counted.is_error
    assert text(counted).startswith("IMAGE\tCONTAINERS")


async def test_the_prompt_begins_with_the_images_of_a_namespace(app: Apps, static: Static) -> None:
    async with app({"acme": acme_mcp_tools, "static": static}) as client:
        [listed] = (await client.list_prompts()).prompts
        got = await client.get_prompt(listed.name, {"namespace": "default"})
    message, *_ = got.messages
    assert message.content.type == "text"
    assert message.content.text.startswith("Which of these images should be pinned to a version, and why?\nIMAGE")


async def test_the_policy_holds_for_the_built_in_tools_too(app: Apps, static: Static) -> None:
    plugins = {"acme": acme_mcp_tools, "resources": mcp_kubernetes_resources, "static": static}
    async with app(plugins, FORBIDDEN) as client:
        arguments = {"resourceType": "configmaps", "namespace": "kube-public"}
        refused = await client.call_tool("k8s_list_resources", arguments)
        allowed = await client.call_tool("k8s_list_resources", {**arguments, "namespace": "default"})
    assert refused.is_error
    assert "ACME keeps this namespace to itself." in text(refused)
    assert not allowed.is_error
