"""One object, several, or some of their fields."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

import pytest

import mcp_kubernetes_resources
from pytest_mcp_kubernetes.apps import text

if TYPE_CHECKING:
    from pytest_mcp_kubernetes.apps import Apps
    from pytest_mcp_kubernetes.static import Static
    from tests.cluster import Cluster

Ask = Callable[..., Awaitable[str]]

POD = """
apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  schedulerName: nobody
  terminationGracePeriodSeconds: 5
  tolerations: [{key: mine, operator: Exists}]
  containers:
  - {name: web, image: "registry.example/web:1", ports: [{containerPort: 80}]}
  - {name: side, image: "registry.example/side:1", resources: {limits: {cpu: 1}}}
"""


@pytest.fixture
def where(cluster: Cluster, namespace: str) -> dict[str, str]:
    for name in ("a", "b", "c"):
        cluster.kubectl("create", "configmap", name, f"--from-literal=is={name}", "-n", namespace)
    return {"resourceType": "cm", "namespace": namespace}


def body(said: str) -> str:
    return said.partition("\nnote: ")[0]


async def test_several_objects_come_in_the_order_of_their_names_each_once(answer: Ask, where: dict[str, str]) -> None:
    said = await answer("k8s_get_resource", **where, name="c,a, b,a")
    assert [json.loads(line)["data"]["is"] for line in body(said).splitlines()] == ["c", "a", "b"]


async def test_what_is_missing_among_several_is_said_beside_what_is_there(answer: Ask, where: dict[str, str]) -> None:
    said = await answer("k8s_get_resource", **where, name="a,none", output="json")
    assert json.loads(body(said))["metadata"]["name"] == "a"
    assert 'note: none could not be read: The API server answered 404: configmaps "none" not found.' in said


async def test_only_when_all_are_missing_the_call_fails(app: Apps, static: Static, where: dict[str, str]) -> None:
    async with app({"resources": mcp_kubernetes_resources, "static": static}) as client:
        result = await client.call_tool("k8s_get_resource", {**where, "name": "none,neither"})
    assert result.is_error
    assert 'configmaps "none" not found' in text(result)


@pytest.mark.parametrize("names", ["a,", ",", ",".join(f"n{n}" for n in range(21))])
async def test_a_list_of_names_that_is_none_is_refused(
    app: Apps, static: Static, where: dict[str, str], names: str
) -> None:
    async with app({"resources": mcp_kubernetes_resources, "static": static}) as client:
        result = await client.call_tool("k8s_get_resource", {**where, "name": names})
    assert result.is_error
    assert "name takes 1 to 20 names. Write them with commas between: a,b." in text(result)


async def fields_of(answer: Ask, where: dict[str, str], fields: str, **more: Any) -> Any:
    return json.loads(body(await answer("k8s_get_resource", **where, name="web", output="json", fields=fields, **more)))


async def test_only_the_wanted_fields_come_beside_what_says_which_object_it_is(
    answer: Ask, cluster: Cluster, namespace: str
) -> None:
    cluster.kubectl("apply", "-n", namespace, "-f", "-", stdin=POD)
    where = {"resourceType": "pod", "namespace": namespace}
    found = await fields_of(answer, where, ".spec.schedulerName, .spec.containers[*].image,.spec.nosuch")
    assert found == {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "web", "namespace": namespace},
        "spec": {"schedulerName": "nobody"},
        ".spec.containers[*].image": ["registry.example/web:1", "registry.example/side:1"],
    }
    one = await fields_of(answer, where, ".spec.containers[?(@.name=='side')].image")
    assert one[".spec.containers[?(@.name=='side')].image"] == ["registry.example/side:1"]
    assert (await fields_of(answer, where, "{.metadata.uid}"))["metadata"]["uid"]
    assert "dnsPolicy" not in (await fields_of(answer, where, ".spec"))["spec"]
    assert (await fields_of(answer, where, ".spec", full=True))["spec"]["dnsPolicy"] == "ClusterFirst"
    assert (await fields_of(answer, where, ".spec.dnsPolicy"))["spec"] == {"dnsPolicy": "ClusterFirst"}


async def test_fields_below_one_another_join(answer: Ask, where: dict[str, str]) -> None:
    said = await answer("k8s_get_resource", **where, name="a", fields=".data,.data.is,.metadata.name", output="json")
    assert json.loads(body(said))["data"] == {"is": "a"}


@pytest.mark.parametrize("fields", [".a[", "..", ".a b", ".a,,.b", ".data['x]"])
async def test_fields_that_are_no_paths_are_refused_before_anything_is_read(
    app: Apps, static: Static, where: dict[str, str], fields: str
) -> None:
    async with app({"resources": mcp_kubernetes_resources, "static": static}) as client:
        result = await client.call_tool("k8s_get_resource", {**where, "name": "none", "fields": fields})
    assert result.is_error
    assert "fields" in text(result)
    assert "404" not in text(result)


async def test_a_pod_comes_without_defaults_and_with_all_that_differs_from_them(
    answer: Ask, cluster: Cluster, namespace: str
) -> None:
    cluster.kubectl("apply", "-n", namespace, "-f", "-", stdin=POD)
    where = {"resourceType": "pod", "namespace": namespace, "name": "web", "output": "json"}
    said = await answer("k8s_get_resource", **where)
    spec = json.loads(body(said))["spec"]
    assert spec == {
        "containers": [
            {
                "name": "web",
                "image": "registry.example/web:1",
                "imagePullPolicy": "IfNotPresent",
                "ports": [{"containerPort": 80}],
            },
            {
                "name": "side",
                "image": "registry.example/side:1",
                "imagePullPolicy": "IfNotPresent",
                "resources": {"limits": {"cpu": "1"}, "requests": {"cpu": "1"}},
            },
        ],
        "schedulerName": "nobody",
        "terminationGracePeriodSeconds": 5,
        "tolerations": [{"key": "mine", "operator": "Exists"}],
    }
    assert "note: Fields with the usual defaults are left out; full=true shows them." in said
    full = json.loads(body(await answer("k8s_get_resource", **where, full=True)))
    assert {"dnsPolicy", "serviceAccountName", "volumes"} <= set(full["spec"])
    assert {"uid", "resourceVersion", "managedFields"} <= set(full["metadata"])
