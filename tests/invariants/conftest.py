"""What several invariants' tests stand on: lists of a known content, and two users of one cluster."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mcp_kubernetes import App
from mcp_kubernetes.spi import ClusterEntry
from mcp_kubernetes_resources.listing import k8s_list_resources
from tests.cluster import own
from tests.invariants.lists import NAMESPACES, config_map
from tests.invariants.probes import Toolbox
from tests.invariants.two_users import QUICK, PerUser, User, by_certificate, by_token, list_again, who_am_i

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from pytest_mcp_kubernetes.apps import Apps
    from tests.cluster import Cluster


@pytest.fixture(scope="session")
def filled(cluster: Cluster) -> Iterator[Cluster]:
    """An API server with config maps of many sizes, and nobody else who makes some."""
    with own(cluster) as mine:
        for name in NAMESPACES:
            mine.api.ensure("/api/v1/namespaces", {"metadata": {"name": name}})
        mine.api.ensure_all(
            [
                (f"/api/v1/namespaces/{name}/configmaps", config_map(number))
                for name, count in NAMESPACES.items()
                for number in range(count)
            ]
        )
        yield mine


@pytest.fixture(scope="session", params=[by_certificate, by_token], ids=["certificates", "tokens"])
def users(request: pytest.FixtureRequest, cluster: Cluster) -> Iterator[tuple[User, User]]:
    made = request.param(cluster, "alice"), request.param(cluster, "bob")
    yield made
    for user in made:
        cluster.kubectl("delete", "namespace", user.namespace, "--wait=false")


@pytest.fixture
async def shared(app: Apps, cluster: Cluster, users: tuple[User, User]) -> AsyncIterator[App]:
    """An app with two names of one real cluster, for both users."""
    ca = cluster.ca.read_bytes()
    entries = [ClusterEntry(name=name, source="shared", server=cluster.server, ca=ca) for name in ("one", "two")]
    source = PerUser(entries, {user.subject: user.credentials for user in users})
    plugins = {"toolbox": Toolbox(k8s_list_resources, list_again, who_am_i), "shared": source}
    async with app.make(plugins, QUICK) as made:
        yield made
