"""The tools of the plugin over MCP, on whatever cluster there is."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import mcp_kubernetes_cluster
from pytest_mcp_kubernetes.apps import text

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from mcp import Client

    from pytest_mcp_kubernetes.apps import Apps
    from pytest_mcp_kubernetes.static import Static


@pytest.fixture
async def client(app: Apps, static: Static) -> AsyncIterator[Client]:
    async with app({"cluster": mcp_kubernetes_cluster, "static": static}) as connected:
        yield connected


async def test_health_begins_with_a_verdict_and_what_was_looked_at(client: Client) -> None:
    answer = text(await client.call_tool("k8s_get_cluster_health", {}))
    assert answer.startswith(("Healthy.", "Degraded.", "Unhealthy.", "Unknown: "))
    assert "API server v1." in answer.splitlines()[0]


async def test_kinds_are_found_by_a_short_name(client: Client) -> None:
    answer = text(await client.call_tool("k8s_get_api_resources", {"search": "deploy"}))
    assert "deployments\tdeploy\tapps/v1\ttrue\tDeployment\tusual\tall\tscale\n" in answer


async def test_rights_are_told_one_by_one(client: Client) -> None:
    checks = [{"verb": "create", "resource": "selfsubjectaccessreviews"}]
    answer = text(await client.call_tool("k8s_check_access", {"checks": checks}))
    assert "\nyes\tcreate\tselfsubjectaccessreviews\t" in answer
