"""Port-forward to a service on a real node: by its EndpointSlices to a ready pod, and to another when that is gone."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import pytest

from tests.cluster.node.pods import is_ready
from tests.pods.forwards import Caller, Forward, connection, opened, until

if TYPE_CHECKING:
    from tests.cluster import Cluster
    from tests.cluster.node import Pods

TELLING = ("nc", "-ll", "-p", "7001", "-e", "hostname")
"""Answers each connection with the pod's name."""


@pytest.fixture
def web(cluster: Cluster, namespace: str) -> str:
    """A service whose port leads to a port that each pod names."""
    ports: list[dict[str, Any]] = [
        {"name": "web", "port": 80, "targetPort": "http"},
        {"name": "plain", "port": 81, "targetPort": 7001},
        {"name": "dns", "port": 53, "protocol": "UDP"},
    ]
    service(cluster, namespace, "web", {"selector": {"app": "web"}, "ports": ports})
    return "web"


def service(cluster: Cluster, namespace: str, name: str, spec: dict[str, Any]) -> None:
    cluster.api.post(f"/api/v1/namespaces/{namespace}/services", {"metadata": {"name": name}, "spec": spec})


def run(pods: Pods, namespace: str, name: str) -> None:
    """A pod of the service, with a name for its port."""
    spec = pods.spec({"main": TELLING}, nodeName=pods.node)
    spec["containers"][0]["ports"] = [{"name": "http", "containerPort": 7001}]
    pods.api.ensure(f"/api/v1/namespaces/{namespace}/serviceaccounts", {"metadata": {"name": "default"}})
    metadata = {"name": name, "labels": {"app": "web"}}
    pods.api.post(f"/api/v1/namespaces/{namespace}/pods", {"metadata": metadata, "spec": spec})
    pods.until(namespace, name, is_ready, "ready")


async def said(port: int) -> str:
    """What the pod behind the port says; "" if there is none."""
    try:
        async with connection(port) as (reader, _):
            return (await reader.read()).decode().strip()
    except ConnectionResetError:
        return ""


async def forwarded(caller: Caller, namespace: str, *ports: str) -> Forward:
    """Forward to the service as soon as its endpoints are known."""
    asked = {"namespace": namespace, "serviceName": "web", "ports": [*ports]}
    async with asyncio.timeout(30):
        while (found := await caller.outcome("k8s_port_forward_service", **asked)).is_error:
            assert "No ready pod" in found.blocks[0]
    return opened("\n".join(found.blocks))


async def test_a_port_of_the_service_leads_to_the_one_that_the_pod_names(
    caller: Caller, pods: Pods, namespace: str, web: str
) -> None:
    run(pods, namespace, "a")
    found = await forwarded(caller, namespace, "0:80", "0:web", "0:81")
    assert [await said(port) for port in found.ports] == ["a"] * 3
    assert found.text.count("\ta\t7001") == 3
    assert f"service/{web} in {namespace}" in found.text


async def test_when_its_pod_is_gone_the_next_connection_goes_to_another(
    caller: Caller, cluster: Cluster, pods: Pods, namespace: str, web: str
) -> None:
    run(pods, namespace, "a")
    found = await forwarded(caller, namespace, "0:80")
    assert await said(found.port) == "a"
    run(pods, namespace, "b")
    cluster.kubectl("delete", "pod", "a", "-n", namespace, "--wait=false")
    await until(lambda: says(found.port, "b"))
    row = await caller.row(found.handle)
    assert (row["POD"], row["TO"], row["STATE"]) == ("b", f"service/{web}", "open, moved 1 times")


async def says(port: int, name: str) -> bool:
    return await said(port) == name


@pytest.mark.usefixtures("web")
async def test_while_no_pod_is_ready_connections_are_reset_and_later_ones_served(
    caller: Caller, cluster: Cluster, pods: Pods, namespace: str
) -> None:
    run(pods, namespace, "a")
    found = await forwarded(caller, namespace, "0:80")
    cluster.kubectl("delete", "pod", "a", "-n", namespace)
    await until(lambda: says(found.port, ""))
    row = await caller.row(found.handle)
    assert row["STATE"] == "open"
    assert row["PROBLEM"]
    run(pods, namespace, "b")
    await until(lambda: says(found.port, "b"))


@pytest.mark.usefixtures("web")
async def test_a_service_that_is_gone_ends_it(caller: Caller, cluster: Cluster, pods: Pods, namespace: str) -> None:
    run(pods, namespace, "a")
    found = await forwarded(caller, namespace, "0:80")
    cluster.kubectl("delete", "service/web", "pod/a", "-n", namespace)

    async def has_ended() -> bool:
        with suppress(OSError):
            await said(found.port)
        return (await caller.row(found.handle))["STATE"] == "ended: service/web is gone"

    await until(has_ended)


@pytest.mark.parametrize(
    ("ports", "sentence"),
    [
        (["0:82"], "The service has no such port. It has: 53, 80, 81."),
        (["0:nope"], "The service has no such port. It has: dns, plain, web."),
        (["0:53"], "This port is UDP: only TCP can be forwarded."),
        (["0:80"], "No ready pod stands behind the service."),
    ],
)
@pytest.mark.usefixtures("web")
async def test_what_cannot_be_forwarded_is_told_at_once(
    caller: Caller, namespace: str, ports: list[str], sentence: str
) -> None:
    said = await caller.refused("k8s_port_forward_service", namespace=namespace, serviceName="web", ports=ports)
    assert said.startswith(sentence)


async def test_a_service_that_is_only_a_name_has_no_pod(caller: Caller, cluster: Cluster, namespace: str) -> None:
    service(cluster, namespace, "far", {"type": "ExternalName", "externalName": "example.com"})
    said = await caller.refused("k8s_port_forward_service", namespace=namespace, serviceName="far", ports=["80"])
    assert said.startswith("The service is an ExternalName")
