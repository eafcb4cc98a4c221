"""Whose rights a port-forward has: its owner's, asked for anew by each connection, and nobody else's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

import mcp_kubernetes_pods
from mcp_kubernetes.spi import ClusterEntry
from pytest_mcp_kubernetes.static import Static
from tests.invariants.probes import seen_by
from tests.invariants.two_users import PerUser, User, by_certificate, by_token
from tests.pods.forwards import ECHO, ECHOING, Caller, echoed

if TYPE_CHECKING:
    from pytest_mcp_kubernetes.apps import Apps
    from tests.cluster import Cluster
    from tests.cluster.node import Pods

CONNECTING: dict[str, dict[str, Any]] = {"safety": {"non_destructive": False}, "kubernetes": {"qps_limit": 0}}
VERBS = ("get", "create")


def grant(cluster: Cluster, namespace: str, user: str, *verbs: str) -> None:
    """Let a user forward ports there, and wait until the API server knows."""
    asked = ",".join(verbs)
    cluster.kubectl("create", "role", "forwards", f"--verb={asked}", "--resource=pods/portforward", "-n", namespace)
    cluster.kubectl("create", "rolebinding", "forwards", "--role=forwards", f"--user={user}", "-n", namespace)
    while not all(may(cluster, namespace, user, verb) for verb in verbs):
        pass


def may(cluster: Cluster, namespace: str, user: str, verb: str) -> bool:
    where = {"verb": verb, "resource": "pods", "subresource": "portforward", "namespace": namespace}
    review = {"spec": {"user": user, "resourceAttributes": where}}
    return bool(cluster.api.post("/apis/authorization.k8s.io/v1/subjectaccessreviews", review)["status"]["allowed"])


@pytest.fixture
def ann(cluster: Cluster) -> User:
    """She may look at her namespace."""
    return by_certificate(cluster, "ann")


def alone(app: Apps, cluster: Cluster, user: User) -> Caller:
    static = Static(cluster.user(user.kubernetes_name))
    return Caller(app.make({"pods": mcp_kubernetes_pods, "static": static}, CONNECTING))


async def test_who_may_not_forward_is_told_so_when_opening(app: Apps, cluster: Cluster, pods: Pods, ann: User) -> None:
    pods.run(ann.namespace, "echo", ECHOING)
    asked = {"namespace": ann.namespace, "podName": "echo", "ports": [f"0:{ECHO}"]}
    caller = alone(app, cluster, ann)
    async with caller.app:
        said = await caller.refused("k8s_port_forward_pod", **asked)
        assert said.startswith(f"This user may not forward ports of pods in {ann.namespace}. It takes get and, ")
        assert await caller.listed() == []


async def test_who_may_get_and_not_create_is_warned_and_connections_are_refused_with_the_server_s_words(
    app: Apps, cluster: Cluster, pods: Pods, ann: User
) -> None:
    pods.run(ann.namespace, "echo", ECHOING)
    grant(cluster, ann.namespace, ann.kubernetes_name, "get")
    caller = alone(app, cluster, ann)
    async with caller.app:
        found = await caller.forward(ann.namespace, "echo", f"0:{ECHO}")
        assert "note: This user may not create pods/portforward" in found.text
        with pytest.raises(ConnectionResetError):
            await echoed(found.port, b"x")
        assert "403" in (await caller.row(found.handle))["PROBLEM"]


async def test_a_right_that_is_taken_away_is_gone_for_the_next_connection(
    app: Apps, cluster: Cluster, pods: Pods, ann: User
) -> None:
    pods.run(ann.namespace, "echo", ECHOING)
    grant(cluster, ann.namespace, ann.kubernetes_name, *VERBS)
    caller = alone(app, cluster, ann)
    async with caller.app:
        found = await caller.forward(ann.namespace, "echo", f"0:{ECHO}")
        assert await echoed(found.port, b"allowed") == [b"allowed"]
        cluster.kubectl("delete", "rolebinding", "forwards", "-n", ann.namespace)
        while may(cluster, ann.namespace, ann.kubernetes_name, "get"):
            pass
        with pytest.raises(ConnectionResetError):
            await echoed(found.port, b"x")
        assert "403" in (await caller.row(found.handle))["PROBLEM"]


async def test_two_users_reach_each_their_pods_as_themselves(app: Apps, cluster: Cluster, pods: Pods) -> None:
    users = by_certificate(cluster, "ann"), by_token(cluster, "bob")
    for user in users:
        pods.run(user.namespace, "echo", ECHOING)
        grant(cluster, user.namespace, user.kubernetes_name, *VERBS)
    entry = ClusterEntry(name="one", source="shared", server=cluster.server, ca=cluster.ca.read_bytes())
    shared = PerUser([entry], {user.subject: user.credentials for user in users})
    async with app.make({"pods": mcp_kubernetes_pods, "shared": shared}, CONNECTING) as made:
        for user in users * 2:
            found = await Caller(made, user.identity).forward(user.namespace, "echo", f"0:{ECHO}")
            assert await echoed(found.port, user.subject.encode()) == [user.subject.encode()]
            (other,) = (each for each in users if each is not user)
            asked = {"namespace": other.namespace, "podName": "echo", "ports": [f"0:{ECHO}"]}
            assert "403" in await Caller(made, user.identity).refused("k8s_port_forward_pod", **asked)
    seen = {(request.user, request.uri.split("/")[4]) for request in seen_by(cluster) if "portforward" in request.uri}
    assert {(user.kubernetes_name, user.namespace) for user in users} <= seen
    assert not seen & {(users[0].kubernetes_name, users[1].namespace), (users[1].kubernetes_name, users[0].namespace)}
