"""Columns of one's own, beside those of the kubectl that was built with the cluster."""

from __future__ import annotations

import json
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

import mcp_kubernetes_resources
from pytest_mcp_kubernetes.apps import text

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from mcp import Client

    from pytest_mcp_kubernetes.apps import Apps
    from pytest_mcp_kubernetes.static import Static
    from tests.cluster import Cluster

KINDS = {
    "pods": [
        ".metadata.name",
        "metadata.name",
        "{.metadata.name}",
        "{metadata.name}",
        ".metadata['name']",
        ".metadata.labels.app",
        r".metadata.labels.example\.com/tier",
        ".metadata.labels['example\\.com/tier']",
        ".metadata.labels.none",
        ".metadata.none.deeper",
        ".spec.containers[*].image",
        ".spec.containers[0].image",
        ".spec.containers[-1].image",
        ".spec.containers[0:1].name",
        ".spec.containers[:].name",
        ".spec.containers[*].ports[*].containerPort",
        ".spec.containers[*].ports[0].protocol",
        ".spec.containers[?(@.name=='proxy')].image",
        '.spec.containers[?(@.name!="proxy")].image',
        ".spec.containers[?(@.ports)].name",
        ".spec.containers[*].args[*]",
        "..containerPort",
        ".spec.containers[*].resources.requests.cpu",
        ".spec.hostNetwork",
        ".spec.terminationGracePeriodSeconds",
        ".status.phase",
        ".spec.nodeName",
        ".spec.containers[*].env[?(@.name=='A')].value",
        ".metadata.annotations.*",
    ],
    "services": [
        ".spec.ports[*].port",
        ".spec.ports[?(@.port>100)].name",
        ".spec.ports[?(@.port<=80)].targetPort",
        ".spec.selector.app",
        ".spec.allocateLoadBalancerNodePorts",
    ],
    "configmaps": [".data.text", ".data.none", ".immutable", ".metadata.finalizers"],
}


def _container(name: str, **fields: Any) -> dict[str, Any]:
    return {"name": name, "image": f"registry.example/{name}:1.0", **fields}


def _objects() -> Iterator[dict[str, Any]]:
    ports = [{"containerPort": 80}, {"containerPort": 443, "protocol": "UDP"}]
    requests = {"requests": {"cpu": "100m"}}
    containers = [_container("main", ports=ports, resources=requests, args=["-v", "a b"]), _container("proxy")]
    env = [{"name": "A", "value": "1"}, {"name": "B", "value": ""}]
    labels = {"app": "web", "example.com/tier": "front"}
    quiet = {"automountServiceAccountToken": False}
    for name, metadata, spec in (
        ("one", {"labels": labels, "annotations": {"note": "ä, b"}}, {"containers": containers}),
        ("two", {"labels": {"app": ""}}, {"containers": [_container("main", env=env)], "hostNetwork": True}),
        ("three", {}, {"containers": [_container("proxy", ports=ports[1:])]}),
    ):
        yield {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": name, **metadata}, "spec": {**quiet, **spec}}
    named = [{"name": "web", "port": 80, "targetPort": "http"}, {"name": "tls", "port": 443}]
    for name, spec in (("one", {"ports": named, "selector": {"app": "web"}}), ("two", {"ports": [{"port": 8080}]})):  # type: ignore[assignment]
        yield {"apiVersion": "v1", "kind": "Service", "metadata": {"name": name}, "spec": spec}
    for name, data in (("a", {"text": "x y"}), ("b", {"text": ""}), ("c", {})):
        yield {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}, "data": data, "immutable": True}


@pytest.fixture
def made(cluster: Cluster, namespace: str) -> str:
    """A namespace with objects that have what the paths look for, and lack it."""
    items = {"apiVersion": "v1", "kind": "List", "items": list(_objects())}
    cluster.kubectl("create", "-n", namespace, "-f", "-", stdin=json.dumps(items))
    return namespace


@pytest.fixture
async def client(app: Apps, static: Static) -> AsyncIterator[Client]:
    async with app({"resources": mcp_kubernetes_resources, "static": static}) as connected:
        yield connected


async def _ours(client: Client, kind: str, namespace: str, path: str) -> list[str]:
    asked = {"resourceType": kind, "namespace": namespace, "columns": f"V:{path}"}
    result = await client.call_tool("k8s_list_resources", asked)
    assert not result.is_error, text(result)
    lines = text(result).partition("\nnote: ")[0].split("\n")
    assert lines[0] == "V"
    return [line.rstrip() for line in lines[1:]]


def _kubectls(cluster: Cluster, kind: str, namespace: str, path: str) -> list[str]:
    shown = cluster.kubectl("get", kind, "-n", namespace, "--no-headers", "-o", f"custom-columns=V:{path}")
    return [line.rstrip() for line in shown.removesuffix("\n").split("\n")]


async def test_columns_show_what_kubectl_shows(client: Client, cluster: Cluster, made: str) -> None:
    asked = [(kind, path) for kind, paths in KINDS.items() for path in paths]
    assert len(asked) >= 30
    differing = []
    for kind, path in asked:
        ours, theirs = await _ours(client, kind, made, path), _kubectls(cluster, kind, made, path)
        if ours != theirs:
            differing.append((kind, path, ours, theirs))
    assert not differing


@pytest.mark.parametrize(
    ("path", "ours", "theirs"),
    [
        (".metadata.labels", '{"app":"web","example.com/tier":"front"}', "map[app:web example.com/tier:front]"),
        (".spec.containers[0].args", "-v,a b", "[-v a b]"),
        (".spec.containers[0].resources", '{"requests":{"cpu":"100m"}}', "map[requests:map[cpu:100m]]"),
    ],
)
async def test_maps_are_json_and_lists_their_items_and_not_go_s_own_form(
    client: Client, cluster: Cluster, made: str, path: str, ours: str, theirs: str
) -> None:
    assert (await _ours(client, "pods", made, path))[0] == ours
    assert _kubectls(cluster, "pods", made, path)[0] == theirs


@pytest.mark.parametrize("path", [".metadata.labels['example.com/tier']", ".metadata['name','uid']"])
async def test_a_key_may_hold_dots_and_commas_in_quotes_which_kubectl_does_not_take(
    client: Client, cluster: Cluster, made: str, path: str
) -> None:
    (shown,) = [row for row in await _ours(client, "pods", made, path) if row.startswith(("front", "one"))]
    assert shown
    if "," not in path:
        assert _kubectls(cluster, "pods", made, path)[0] == "<none>"


async def test_a_list_that_is_too_short_has_no_value_where_kubectl_gives_up(
    client: Client, cluster: Cluster, made: str
) -> None:
    path = ".spec.containers[1].name"
    assert await _ours(client, "pods", made, path) == ["proxy", "<none>", "<none>"]
    with pytest.raises(subprocess.CalledProcessError):
        _kubectls(cluster, "pods", made, path)
