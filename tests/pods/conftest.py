"""What the tests of the plugin `pods` share: a client that may run commands, and a pod on a real node."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest

import mcp_kubernetes_pods
from pytest_mcp_kubernetes.apps import text
from tests.calling import Call, Serving, serving_changes
from tests.pods.forwards import ECHOING, Caller, Echo

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_mcp_kubernetes.apps import Apps
    from pytest_mcp_kubernetes.static import Static
    from tests.cluster import Cluster
    from tests.cluster.node import Pods

Run = Callable[..., Awaitable[str]]
"""Runs a command in the pod; all text of an answer that must be no error."""

NAMESPACE = "exec"


@pytest.fixture(scope="session")
def pod(cluster: Cluster, any_pods: Pods) -> Iterator[str]:
    """A pod in NAMESPACE with one container, `main`. Files of your own get names of your own, and no folder.

    Its node may be a simulated one: what needs a container asks for `pods`, too.
    """
    cluster.api.ensure("/api/v1/namespaces", {"metadata": {"name": NAMESPACE}})
    name = any_pods.run(NAMESPACE, f"pod-{id(any_pods):x}")
    yield name
    cluster.api.delete(f"/api/v1/namespaces/{NAMESPACE}/pods/{name}")


@pytest.fixture
def serving(app: Apps, static: Static) -> Serving:
    def serve(source: object = static, **safety: Any) -> AbstractAsyncContextManager[Call]:
        return serving_changes(app, {"pods": mcp_kubernetes_pods, "static": source}, safety)

    return serve


@pytest.fixture
async def call(serving: Serving) -> AsyncIterator[Call]:
    """Of a server that may connect to everything."""
    async with serving() as made:
        yield made


@pytest.fixture
def run(call: Call, pod: str) -> Run:
    async def ran(*command: str, **more: Any) -> str:
        result = await call("k8s_exec_pod", **{"namespace": NAMESPACE, "podName": pod, "command": command, **more})
        assert not result.is_error, text(result)
        return text(result)

    return ran


@pytest.fixture(scope="session")
def echo(cluster: Cluster, pods: Pods) -> Iterator[Echo]:
    """A pod that echoes, for all tests that leave it as it is."""
    cluster.api.ensure("/api/v1/namespaces", {"metadata": {"name": NAMESPACE}})
    name = pods.run(NAMESPACE, f"echo-{id(pods):x}", ECHOING)
    yield Echo(NAMESPACE, name)
    cluster.api.delete(f"/api/v1/namespaces/{NAMESPACE}/pods/{name}")


@pytest.fixture
def reaching(app: Apps, static: Static) -> Callable[..., AbstractAsyncContextManager[Caller]]:
    """A server that may reach into pods, with these settings of the section `pods`; others by section."""

    @asynccontextmanager
    async def serve(settings: dict[str, dict[str, Any]] | None = None, **pods: Any) -> AsyncIterator[Caller]:
        plugins = {"pods": mcp_kubernetes_pods, "static": static}
        usual: dict[str, dict[str, Any]] = {
            "safety": {"non_destructive": False},
            "kubernetes": {"qps_limit": 0},
            "pods": pods,
        }
        async with app.make(plugins, usual | (settings or {})) as made:
            yield Caller(made)

    return serve


@pytest.fixture
async def caller(reaching: Callable[..., AbstractAsyncContextManager[Caller]]) -> AsyncIterator[Caller]:
    """Somebody who calls tools of a server that may reach into pods."""
    async with reaching() as made:
        yield made
