"""pytest fixtures for authors of mcp-kubernetes plugins: a real App, a real MCP client, and a cluster.

Nothing of the host is replaced by a double. Heavy modules are imported when a fixture is used, so that having
this plugin installed costs other test runs nothing.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pytest_mcp_kubernetes.apps import Apps
    from pytest_mcp_kubernetes.files import Files
    from pytest_mcp_kubernetes.static import Static

KUBECONFIG = "MCP_KUBERNETES_TEST_KUBECONFIG"
"""Variable that names the kubeconfig of the cluster that tests may use."""


@pytest.fixture
def anyio_backend() -> str:
    """Async tests run on asyncio: the Kubernetes client does."""
    return "asyncio"


@pytest.fixture(scope="session")
def test_kubeconfig() -> Path:
    """The kubeconfig of the cluster under test. Override it to start one."""
    path = os.environ.get(KUBECONFIG)
    if not path:
        pytest.fail(f"This test needs a cluster: set {KUBECONFIG} to a kubeconfig that may be used for tests.")
    return Path(path)


@pytest.fixture(name="static")  # the module of that name would take the function's place once it is imported
def static_plugin(test_kubeconfig: Path) -> Static:
    """A plugin with one cluster, the one of `test_kubeconfig`, and its credentials: the source `static`."""
    from pytest_mcp_kubernetes.static import Static

    return Static(test_kubeconfig)


@pytest.fixture
def test_manifests(request: pytest.FixtureRequest) -> Path:
    """What the cluster of `files` holds: the folder `manifests` beside the test. Override it for another."""
    return request.path.with_name("manifests")


@pytest.fixture(name="files")
def files_plugin(test_manifests: Path) -> Files:
    """A plugin with one cluster, made of `test_manifests`, which a test may change as it likes."""
    from pytest_mcp_kubernetes.files import Files

    if not test_manifests.exists():
        pytest.fail(f"There are no manifests for a cluster of files: put some into {test_manifests}.")
    return Files(test_manifests)


@pytest.fixture
def app() -> Apps:
    """Make apps with the plugins that a test names; see `Apps`."""
    from pytest_mcp_kubernetes.apps import Apps

    return Apps()
