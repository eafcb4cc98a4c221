"""What the tests of the plugin `pods` at the test bed share: a client that asks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

import mcp_kubernetes_pods
from pytest_mcp_kubernetes.apps import text

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from mcp.types import CallToolResult

    from pytest_mcp_kubernetes.apps import Apps
    from pytest_mcp_kubernetes.static import Static
    from tests.pods.logs.reading import Ask


@pytest.fixture
async def calls(app: Apps, static: Static, namespace: str) -> AsyncIterator[Callable[..., Awaitable[CallToolResult]]]:
    """Calls the tool for the test's namespace."""
    async with app({"pods": mcp_kubernetes_pods, "static": static}) as client:

        async def call(**arguments: Any) -> CallToolResult:
            return await client.call_tool("k8s_get_pod_logs", {"namespace": namespace, **arguments})

        yield call


@pytest.fixture
def logs(calls: Callable[..., Awaitable[CallToolResult]]) -> Ask:
    """Asks for logs, and gives all text of an answer that must be no error."""

    async def ask(**arguments: Any) -> str:
        result = await calls(**arguments)
        assert not result.is_error, text(result)
        return text(result)

    return ask


@pytest.fixture
def refused(calls: Callable[..., Awaitable[CallToolResult]]) -> Ask:
    """Asks for what must be refused, and gives the words."""

    async def ask(**arguments: Any) -> str:
        result = await calls(**arguments)
        assert result.is_error, text(result)
        return text(result)

    return ask
