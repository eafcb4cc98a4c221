"""The reading tools against a real API server, over MCP, in both eras of the protocol."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import mcp_kubernetes_resources
from pytest_mcp_kubernetes.apps import text

if TYPE_CHECKING:
    from pytest_mcp_kubernetes.apps import Apps
    from pytest_mcp_kubernetes.static import Static
    from tests.cluster import Cluster


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_a_client_of_either_era_lists_the_tools_and_namespaces(app: Apps, static: Static, mode: str) -> None:
    async with app({"resources": mcp_kubernetes_resources, "static": static}, mode=mode) as client:
        names = [tool.name for tool in (await client.list_tools()).tools]
        listed = await client.call_tool("k8s_list_resources", {"resourceType": "namespaces"})
    assert names == ["k8s_describe_resource", "k8s_get_resource", "k8s_list_events", "k8s_list_resources"]
    assert not listed.is_error
    assert text(listed).startswith("NAME\tSTATUS\tAGE\n")
    assert "\nkube-system\tActive\t" in text(listed)


async def test_a_table_ends_at_the_limit_and_goes_on_from_its_cursor(
    app: Apps, static: Static, cluster: Cluster, namespace: str
) -> None:
    for number in range(5):
        cluster.kubectl("create", "configmap", f"cm-{number}", "-n", namespace)
    seen: list[str] = []
    arguments = {"resourceType": "cm", "namespace": namespace, "limit": 2, "output": "name"}
    async with app({"resources": mcp_kubernetes_resources, "static": static}) as client:
        for _ in range(9):
            answer = text(await client.call_tool("k8s_list_resources", arguments))
            rows, _, notes = answer.partition("note:")
            seen += rows.split()[1:]
            if "continue=" not in notes:
                break
            arguments["continue"] = notes.rsplit("continue=", 1)[1].split()[0]
    assert [name for name in seen if name.startswith("cm-")] == [f"cm-{n}" for n in range(5)]
    assert len(seen) == len(set(seen))
