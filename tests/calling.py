"""A server of some plugins that may change a cluster, and what calls its tools."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mcp.types import CallToolResult

    from pytest_mcp_kubernetes.apps import Apps

Call = Callable[..., Awaitable["CallToolResult"]]
"""Calls a tool; its result, an error or not."""

Serving = Callable[..., AbstractAsyncContextManager[Call]]
"""A server with these settings of the section `safety`."""


@asynccontextmanager
async def serving_changes(app: Apps, plugins: dict[str, object], safety: dict[str, Any]) -> AsyncIterator[Call]:
    """With these settings of `safety`, over those that let it change things; and without a rate limit."""
    settings = {"safety": {"non_destructive": False, **safety}, "kubernetes": {"qps_limit": 0}}
    async with app(plugins, settings) as client:

        async def call(tool: str, **arguments: Any) -> CallToolResult:
            return await client.call_tool(tool, arguments)

        yield call
