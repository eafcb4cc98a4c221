"""No read reaches a namespace that the operator withholds: no tool, resource, completion or expression.

What is in that namespace has random names and values, which no answer may hold; the API server's audit log shows that
they were never asked for.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

import pytest
from mcp import MCPError
from mcp import types as mcp

import mcp_kubernetes_resources
from mcp_kubernetes_resources.addresses import OBJECTS
from pytest_mcp_kubernetes.apps import text
from pytest_mcp_kubernetes.static import Static
from tests.invariants.planted import Planted, random_text
from tests.invariants.probes import Witness

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from mcp import Client

    from pytest_mcp_kubernetes.apps import Apps
    from tests.cluster import Cluster

WALLED, OPEN = "walled", "unwalled"
NAME = f"n{random_text()}"
PLANTED = Planted((NAME, NAME[1:]))
NODE = "node-of-both"

LIMITS: dict[str, dict[str, Any]] = {
    "--restricted-namespaces": {"restricted_namespaces": [WALLED]},
    "--allowed-namespaces": {"allowed_namespaces": [OPEN]},
    "both": {"allowed_namespaces": [OPEN, WALLED], "restricted_namespaces": [WALLED]},
}


def _pod(name: str) -> dict[str, Any]:
    containers = [{"name": name[:40], "image": f"registry.example/{name}:1"}]
    return {"metadata": {"name": name, "labels": {"is": name}}, "spec": {"nodeName": NODE, "containers": containers}}


def _event(namespace: str, name: str) -> dict[str, Any]:
    about = {"kind": "Pod", "namespace": namespace, "name": name, "apiVersion": "v1"}
    times = {"firstTimestamp": "2030-01-01T00:00:00Z", "lastTimestamp": "2030-01-01T00:00:00Z"}
    return {
        "metadata": {"name": name},
        "involvedObject": about,
        "reason": "Said",
        "message": name,
        "type": "Warning",
        **times,
    }


@pytest.fixture(scope="module")
def filled(cluster: Cluster) -> Iterator[Cluster]:
    cluster.api.post("/api/v1/nodes", {"metadata": {"name": NODE}})
    for namespace, name in ((WALLED, NAME), (OPEN, "visible")):
        cluster.kubectl("create", "namespace", namespace)
        cluster.kubectl("wait", "--for=create", "serviceaccount/default", "-n", namespace, "--timeout=30s")
        at = f"/api/v1/namespaces/{namespace}"
        cluster.api.post(f"{at}/configmaps", {"metadata": {"name": name, "labels": {"is": name}}, "data": {"a": name}})
        cluster.api.post(f"{at}/secrets", {"metadata": {"name": name}, "stringData": {"a": name}})
        cluster.api.post(f"{at}/pods", _pod(name))
        cluster.api.post(f"{at}/events", _event(namespace, name))
    yield cluster
    for namespace in (WALLED, OPEN):
        cluster.kubectl("delete", "pods", "--all", "--force", "--grace-period=0", "-n", namespace)
        cluster.kubectl("delete", "namespace", namespace, "--wait=false")
    cluster.kubectl("delete", "node", NODE, "--wait=false")


@pytest.fixture
def witness(filled: Cluster) -> Witness:
    return Witness.of(filled)


@pytest.fixture(params=LIMITS)
async def client(app: Apps, witness: Witness, request: pytest.FixtureRequest) -> AsyncIterator[Client]:
    plugins = {"resources": mcp_kubernetes_resources, "static": Static(witness.kubeconfig)}
    settings = {"safety": LIMITS[request.param], "kubernetes": {"qps_limit": 0}}
    async with app(plugins, settings) as made:
        yield made


_LIST, _GET, _DESCRIBE, _EVENTS = (
    "k8s_list_resources", "k8s_get_resource", "k8s_describe_resource", "k8s_list_events",
)  # fmt: skip
_ALL = {"allNamespaces": True}
_IN = {"namespace": WALLED}

READS: list[tuple[str, dict[str, Any]]] = [
    *((_LIST, {"resourceType": kind, **where}) for kind in ("pods", "configmaps", "secrets") for where in (_ALL, _IN)),
    *((_LIST, {"resourceType": "pods", **_ALL, "output": output}) for output in ("wide", "name", "yaml", "json")),
    (_LIST, {"resourceType": "pods", **_ALL, "columns": "ALL:.metadata,SPEC:.spec"}),
    (_LIST, {"resourceType": "pods", **_ALL, "countBy": "IMAGE:.spec.containers[*].image"}),
    (_LIST, {"resourceType": "pods", **_ALL, "countBy": "PLACE:.metadata.namespace"}),
    (_LIST, {"resourceType": "pods", **_ALL, "sortBy": "-.metadata.name", "limit": 1}),
    (_LIST, {"resourceType": "pods", **_ALL, "where": 'object.metadata.namespace == "walled"', "output": "json"}),
    (_LIST, {"resourceType": "pods", **_ALL, "where": "object.spec.containers.exists(c, c.image.contains('n'))"}),
    (_LIST, {"resourceType": "pods", **_ALL, "fieldSelector": "metadata.namespace=walled"}),
    (_LIST, {"resourceType": "pods", **_ALL, "fieldSelector": "metadata.namespace!=x,metadata.namespace=walled"}),
    (_LIST, {"resourceType": "pods", **_ALL, "fieldSelector": f"metadata.name={NAME}"}),
    (_LIST, {"resourceType": "pods", **_ALL, "labelSelector": "is", "output": "name"}),
    (_LIST, {"resourceType": "configmaps", **_ALL, "columns": "A:.data.a"}),
    (_LIST, {"resourceType": "namespaces", "output": "json"}),
    (_LIST, {"resourceType": "namespaces", "fieldSelector": "metadata.name=walled", "output": "name"}),
    (_LIST, {"resourceType": "namespaces", "labelSelector": "kubernetes.io/metadata.name=walled"}),
    (_LIST, {"resourceType": "namespaces", "labelSelector": "kubernetes.io/metadata.name in (walled,x)"}),
    (_LIST, {"resourceType": "events", **_ALL}),
    (_EVENTS, {**_ALL}),
    (_EVENTS, {**_ALL, "types": "Warning", "object": f"pod/{NAME}"}),
    (_EVENTS, {**_IN}),
    *((tool, {"resourceType": kind, "name": NAME, **_IN}) for tool in (_GET, _DESCRIBE) for kind in ("pod", "secret")),
    (_GET, {"resourceType": "configmap", "name": f"visible,{NAME}", **_IN}),
    (_GET, {"resourceType": "configmap", "name": NAME, "namespace": "walled/configmaps"}),
    (_GET, {"resourceType": "configmap", "name": NAME, "namespace": "Walled"}),
    (_GET, {"resourceType": "namespace", "name": WALLED}),
    (_DESCRIBE, {"resourceType": "namespace", "name": WALLED}),
    (_DESCRIBE, {"resourceType": "node", "name": NODE}),
]  # fmt: skip


def _asked_for(witness: Witness) -> list[str]:
    """Requests for objects of the walled namespace, or of all of them without an exception for it."""
    uris = [
        unquote(request.uri)
        for request in witness.seen()
        if not request.uri.startswith(("/apis/authorization", "/api?"))
    ]
    namespaced = ("/pods", "/configmaps", "/secrets", "/events")
    paths = [(uri, uri.partition("?")[0]) for uri in uris]
    return [
        uri
        for uri, path in paths
        if f"/namespaces/{WALLED}" in path
        or (path.endswith(namespaced) and "/namespaces/" not in path and f"metadata.namespace!={WALLED}" not in uri)
    ]


async def test_no_read_tool_reaches_it(client: Client, witness: Witness) -> None:
    for tool, arguments in READS:
        result = await client.call_tool(tool, arguments)
        said = text(result)
        asked = json.dumps(arguments)
        assert PLANTED.left_in(said) == [] or (result.is_error and NAME in asked), (arguments, said)
        if arguments.get("namespace") == WALLED or arguments.get("name") == WALLED:
            assert result.is_error, (tool, arguments)
            assert "-namespaces " in said, said
    assert _asked_for(witness) == []


async def test_what_is_elsewhere_is_read_all_the_same(client: Client) -> None:
    """Otherwise an empty answer above would prove nothing."""
    for arguments in ({"namespace": OPEN}, {"namespace": OPEN, "where": 'object.metadata.name == "visible"'}):
        assert "visible" in text(await client.call_tool(_LIST, {"resourceType": "pods", **arguments}))
    found = await client.call_tool(_LIST, {"resourceType": "pods", **_ALL})
    assert "visible" in text(found), text(found)
    names = text(await client.call_tool(_LIST, {"resourceType": "namespaces", "output": "name"}))
    assert OPEN in names
    assert "\nwalled" not in names


async def test_no_resource_and_no_completion_reaches_it(client: Client, witness: Witness) -> None:
    for kind in ("pods", "secrets", "configmaps"):
        with pytest.raises(MCPError):
            await client.read_resource(f"k8s://test/{WALLED}/{kind}/{NAME}")
    with pytest.raises(MCPError):
        await client.read_resource(f"k8s://test/-/namespaces/{WALLED}")
    reference = mcp.ResourceTemplateReference(uri=OBJECTS.uri)
    given = {"context": "test", "namespace": WALLED, "kind": "pods"}
    found: list[str] = []
    for variable, typed in (("namespace", "wal"), ("name", "n"), ("name", ""), ("kind", "")):
        known = {key: value for key, value in given.items() if key != variable}
        try:
            completed = await client.complete(reference, {"name": variable, "value": typed}, known)
        except MCPError:
            continue
        found += [value for value in completed.completion.values if variable != "kind"]
    assert WALLED not in found
    assert PLANTED.left_in(" ".join(found)) == []
    assert _asked_for(witness) == []


async def test_a_description_says_what_was_withheld(client: Client) -> None:
    """A node's pods are in all namespaces."""
    result = await client.call_tool(_DESCRIBE, {"resourceType": "node", "name": NODE})
    assert not result.is_error
    said = text(result)
    assert "namespaces" in said.partition("\nnote: ")[2], said


async def test_a_cursor_of_a_server_without_limits_is_no_way_in(
    app: Apps, client: Client, witness: Witness, filled: Cluster
) -> None:
    asked = {"resourceType": "configmaps", **_ALL, "limit": 1}
    free = Static(Witness.of(filled).kubeconfig)
    async with app({"resources": mcp_kubernetes_resources, "static": free}) as other:
        said = text(await other.call_tool(_LIST, asked))
    cursor = said.partition("continue=")[2].split()[0].strip(".\"'") if "continue=" in said else "x" * 40
    result = await client.call_tool(_LIST, {**asked, "continue": cursor})
    assert result.is_error
    assert PLANTED.left_in(text(result)) == []
    assert _asked_for(witness) == []
