"""The real cluster of a test run: started once, by the process that spreads the tests, and handed to the workers."""

from __future__ import annotations

import gc
import re
from typing import TYPE_CHECKING, Any

import pytest

from tests.cluster import Cluster, ClusterUnavailable, Mode, mode, own, shared
from tests.cluster import node as real_node
from tests.ending_loop import EndingLoop

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.cluster.node import Node, Pods

_CLUSTER = pytest.StashKey[Cluster]()


class _Handing:
    """Hands the cluster to each worker of pytest-xdist."""

    @pytest.hookimpl(optionalhook=True)
    def pytest_configure_node(self, node: Any) -> None:
        node.workerinput["cluster"] = _started(node.config).to_json()


def _started(config: pytest.Config) -> Cluster:
    if _CLUSTER not in config.stash:
        config.stash[_CLUSTER] = shared()
        config.add_cleanup(config.stash[_CLUSTER].stop)
    return config.stash[_CLUSTER]


def pytest_configure(config: pytest.Config) -> None:
    """With workers, the cluster is started before them."""
    if not hasattr(config, "workerinput") and mode() is not Mode.NONE:
        config.pluginmanager.register(_Handing())


@pytest.fixture(scope="session")
def anyio_backend() -> tuple[str, dict[str, object]]:
    """Async tests run on asyncio: the Kubernetes client does."""
    return "asyncio", {"loop_factory": EndingLoop}


@pytest.fixture(scope="module", autouse=True)
def nothing_is_left_open() -> Iterator[None]:
    """What a module leaves open is its own failure, and not that of the test that runs when Python notices."""
    yield
    gc.collect()


@pytest.fixture(scope="session")
def cluster(request: pytest.FixtureRequest) -> Cluster:
    """The cluster that all tests share. Make objects in `namespace`, and give others names of your own."""
    if mode() is Mode.NONE:
        pytest.skip("MCP_KUBERNETES_TEST_CLUSTER=none: tests of a real cluster are left out on purpose")
    handed = getattr(request.config, "workerinput", {}).get("cluster")
    return Cluster.from_json(handed) if handed else _started(request.config)


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """What takes minutes is run where it is asked for: with `-m load`, or by name."""
    if "load" in config.option.markexpr or any("::" in argument for argument in config.args):
        return
    left_out = [item for item in items if item.get_closest_marker("load")]
    items[:] = [item for item in items if item not in left_out]
    if left_out:
        config.hook.pytest_deselected(items=left_out)


def pytest_report_header() -> str:
    """Which node the tests of logs, exec and port-forward have."""
    return f"node: {real_node.described()}"


@pytest.fixture(scope="session")
def node(cluster: Cluster) -> Node:
    """The node that all tests share, real where there can be one; it is started when the first one asks."""
    try:
        return real_node.shared(cluster)
    except ClusterUnavailable as error:
        pytest.fail(str(error))


@pytest.fixture(scope="session")
def any_pods(cluster: Cluster, node: Node) -> Pods:
    """What makes pods on that node, for tests to which it may be a simulated one."""
    return node.pods(cluster)


@pytest.fixture(scope="session")
def pods(any_pods: Pods, node: Node) -> Pods:
    """The same for tests that need real containers."""
    if node.is_real:
        return any_pods
    if real_node.left_out():
        pytest.skip(f"{real_node.WITHOUT} says that the real node is meant to be left out")
    pytest.fail(f"There is no real node: {real_node.missing()}. To test without it, set {real_node.WITHOUT}=node.")


@pytest.fixture
def own_cluster(cluster: Cluster) -> Iterator[Cluster]:
    """An API server of the test's own, to break, fill or reconfigure."""
    with own(cluster) as mine:
        yield mine


@pytest.fixture(scope="session")
def test_kubeconfig(cluster: Cluster) -> Path:
    """The administrator's kubeconfig of the shared cluster."""
    return cluster.kubeconfig


@pytest.fixture
def namespace(cluster: Cluster, request: pytest.FixtureRequest) -> Iterator[str]:
    """A namespace of the test's own, removed afterwards without waiting for its end."""
    slug = re.sub("[^a-z0-9]+", "-", request.node.name.lower()).strip("-")
    name = f"{slug[:40].strip('-')}-{request.node.nodeid.__hash__() & 0xFFFFFF:06x}"
    cluster.api.post("/api/v1/namespaces", {"metadata": {"name": name}})
    yield name
    cluster.api.delete(f"/api/v1/namespaces/{name}")
