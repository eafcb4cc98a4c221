"""What the tests of changes share: a client that may change the cluster, and a witness at the API server."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from typing import TYPE_CHECKING, Any

import pytest

import mcp_kubernetes_resources
from pytest_mcp_kubernetes.apps import text
from pytest_mcp_kubernetes.static import Static
from tests.calling import Call, Serving, serving_changes
from tests.invariants.probes import Witness
from tests.writing.asking import Asking

if TYPE_CHECKING:
    from pytest_mcp_kubernetes.apps import Apps
    from tests.cluster import Cluster

Ask = Callable[..., Awaitable[str]]
"""Calls a tool; all text of an answer that must be no error."""


@pytest.fixture
def witness(cluster: Cluster) -> Witness:
    """Who the servers of this test sign in as, and nobody else."""
    return Witness.of(cluster)


@pytest.fixture
def serving(app: Apps, witness: Witness) -> Serving:
    """Servers that sign in as the witness."""

    def serve(**safety: Any) -> AbstractAsyncContextManager[Call]:
        plugins = {"resources": mcp_kubernetes_resources, "static": Static(witness.kubeconfig)}
        return serving_changes(app, plugins, safety)

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
