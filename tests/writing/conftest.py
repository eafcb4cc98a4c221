"""What the tests of changes share: a client that may change the cluster, and a witness at the API server."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest

import mcp_kubernetes_resources
from pytest_mcp_kubernetes.apps import text
from pytest_mcp_kubernetes.static import Static
from tests.invariants.probes import Witness
from tests.writing.asking import Asking

if TYPE_CHECKING:
    from mcp.types import CallToolResult

    from pytest_mcp_kubernetes.apps import Apps
    from tests.cluster import Cluster

Call = Callable[..., Awaitable["CallToolResult"]]
"""Calls a tool; its result, an error or not."""

Ask = Callable[..., Awaitable[str]]
"""Calls a tool; all text of an answer that must be no error."""

Serving = Callable[..., AbstractAsyncContextManager[Call]]
"""A server with these settings of the section `safety`, which signs in as the witness."""


@pytest.fixture
def witness(cluster: Cluster) -> Witness:
    """Who the servers of this test sign in as, and nobody else."""
    return Witness.of(cluster)


@pytest.fixture
def serving(app: Apps, witness: Witness) -> Serving:
    @asynccontextmanager
    async def serve(**safety: Any) -> AsyncIterator[Call]:
        plugins = {"resources": mcp_kubernetes_resources, "static": Static(witness.kubeconfig)}
        settings = {"safety": {"non_destructive": False, **safety}, "kubernetes": {"qps_limit": 0}}
        async with app(plugins, settings) as client:

            async def call(tool: str, **arguments: Any) -> CallToolResult:
                return await client.call_tool(tool, arguments)

            yield call

    return serve


@pytest.fixture
async def call(serving: Serving) -> AsyncIterator[Call]:
    """Of a server that may change everything."""
    async with serving() as made:
        yield made


@pytest.fixture
def ask(call: Call) -> Ask:
    """As `call`, for what must succeed."""

    async def asked(tool: str, **arguments: Any) -> str:
        result = await call(tool, **arguments)
        assert not result.is_error, text(result)
        return text(result)

    return asked


@pytest.fixture
def refused(call: Call) -> Ask:
    """As `call`, for what must fail: all that is said."""

    async def asked(tool: str, **arguments: Any) -> str:
        result = await call(tool, **arguments)
        assert result.is_error, text(result)
        return text(result)

    return asked


@pytest.fixture
async def asking(app: Apps, cluster: Cluster, witness: Witness, namespace: str) -> AsyncIterator[Asking]:
    """A server that has a person approve of what destroys."""
    plugins = {"resources": mcp_kubernetes_resources, "static": Static(witness.kubeconfig)}
    safety = {"non_destructive": False, "confirm": "destructive"}
    async with app.make(plugins, {"safety": safety, "kubernetes": {"qps_limit": 0}}) as made:
        yield Asking(made, cluster, witness, namespace)
