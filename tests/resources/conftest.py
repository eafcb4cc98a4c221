"""What the tests here, of the plugin `resources` at the test bed, share: a client that asks about objects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

import mcp_kubernetes_resources
from pytest_mcp_kubernetes.apps import text

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable

    from pytest_mcp_kubernetes.apps import Apps
    from pytest_mcp_kubernetes.static import Static


@pytest.fixture
async def answer(app: Apps, static: Static) -> AsyncIterator[Callable[..., Awaitable[str]]]:
    """Asks a tool as the administrator, and gives all text of an answer that must be no error."""
    async with app({"resources": mcp_kubernetes_resources, "static": static}) as client:

        async def ask(tool: str, **arguments: Any) -> str:
            result = await client.call_tool(tool, arguments)
            assert not result.is_error, text(result)
            return text(result)

        yield ask
