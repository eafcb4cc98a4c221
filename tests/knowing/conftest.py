"""What the tests of the plugin `cluster` at the test bed share: asking its tools as somebody."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest

import mcp_kubernetes_cluster
from pytest_mcp_kubernetes.apps import text
from pytest_mcp_kubernetes.static import Static

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_mcp_kubernetes.apps import Apps

Ask = Callable[..., Awaitable[str]]
"""Calls a tool; all text of an answer that must be no error."""

Asking = Callable[..., AbstractAsyncContextManager[Ask]]
"""A server for the user of a kubeconfig, with these further plugins and these settings of the section `safety`."""


@pytest.fixture
def asking(app: Apps) -> Asking:
    @asynccontextmanager
    async def serve(kubeconfig: Path, plugins: dict[str, object] | None = None, **settings: Any) -> AsyncIterator[Ask]:
        found = {"cluster": mcp_kubernetes_cluster, "static": Static(kubeconfig), **(plugins or {})}
        async with app(found, {"kubernetes": {"qps_limit": 0}, **settings}) as client:

            async def ask(tool: str, **arguments: Any) -> str:
                result = await client.call_tool(tool, arguments)
                assert not result.is_error, text(result)
                return text(result)

            yield ask

    return serve
