"""The operator's limits on changes: what each setting denies, and that the denial names it."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from mcp import MCPError

from pytest_mcp_kubernetes.apps import text
from tests.writing.kinds import KINDS, Fields
from tests.writing.watched import is_write, writes

if TYPE_CHECKING:
    from tests.calling import Call, Serving
    from tests.cluster import Cluster
    from tests.invariants.probes import Witness

_CREATE, _APPLY, _PATCH = "k8s_create_resource", "k8s_apply_resource", "k8s_patch_resource"
_DELETE, _SCALE = "k8s_delete_resource", "k8s_scale_resource"
_MAP = KINDS["ConfigMap"]


def _namespace(name: str) -> Fields:
    return {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": name}}


def _role(name: str) -> Fields:
    return {
        "apiVersion": "rbac.authorization.k8s.io/v1",
        "kind": "ClusterRole",
        "metadata": {"name": name},
        "rules": [],
    }


async def _denied(call: Call, setting: str, tool: str, **arguments: Any) -> None:
    result = await call(tool, **arguments)
    assert result.is_error, text(result)
    assert setting in text(result), text(result)


def _none_sent(witness: Witness) -> bool:
    return not [request for request in witness.seen() if is_write(request)]


async def test_a_namespace_object_is_known_by_its_name_in_every_change(serving: Serving, witness: Witness) -> None:
    """To create one, the API server is told the name in the body alone."""
    async with serving(restricted_namespaces=["walled-new", "kube-system"]) as call:
        for tool in (_CREATE, _APPLY):
            await _denied(call, "--restricted-namespaces", tool, manifest=_namespace("walled-new"))
        which = {"resourceType": "namespaces", "name": "kube-system"}
        await _denied(call, "--restricted-namespaces", _PATCH, **which, patch={"metadata": {"labels": {"a": "b"}}})
        await _denied(call, "--restricted-namespaces", _PATCH, **which, patch={"spec": {}}, subresource="finalize")
        await _denied(call, "--restricted-namespaces", _DELETE, **which, confirm="kube-system")
    assert _none_sent(witness)


async def test_where_only_some_namespaces_are_allowed_no_other_one_is_made(
    cluster: Cluster, serving: Serving, witness: Witness
) -> None:
    made = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"generateName": "made-"}}
    async with serving(allowed_namespaces=["allowed-new"], allowed_cluster_kinds=["namespaces"]) as call:
        for manifest in (_namespace("another-new"), made):
            await _denied(call, "--allowed-namespaces", _CREATE, manifest=manifest)
        await _denied(call, "--allowed-namespaces", _APPLY, manifest=_namespace("another-new"))
        assert _none_sent(witness)
        assert not (await call(_CREATE, manifest=_namespace("allowed-new"))).is_error
    cluster.kubectl("delete", "namespace", "allowed-new", "--wait=false")


async def test_what_has_no_namespace_is_changed_only_where_its_kind_is_named(
    cluster: Cluster, namespace: str, serving: Serving, witness: Witness
) -> None:
    role = _role(f"role-{namespace}")
    async with serving(allowed_namespaces=[namespace]) as call:
        for tool in (_CREATE, _APPLY):
            await _denied(call, "--allowed-cluster-kinds", tool, manifest=role)
        await _denied(call, "--allowed-cluster-kinds", _DELETE, resourceType="clusterrole", name="view")
    assert _none_sent(witness)
    async with serving(allowed_namespaces=[namespace], allowed_cluster_kinds=["ClusterRole"]) as call:
        assert not (await call(_CREATE, manifest=role)).is_error
        assert not (await call(_CREATE, manifest=_MAP.manifest("o"), namespace=namespace)).is_error
    cluster.kubectl("delete", "clusterrole", role["metadata"]["name"])


async def test_a_denied_kind_is_touched_on_no_way(
    cluster: Cluster, namespace: str, serving: Serving, witness: Witness
) -> None:
    web = KINDS["Deployment"]
    cluster.api.post(web.path(namespace), web.manifest("web"))
    which = {"resourceType": "deployments", "name": "web", "namespace": namespace}
    async with serving(denied_kinds=["Deployment"]) as call:
        changes: list[tuple[str, dict[str, Any]]] = [
            (_CREATE, {"manifest": web.manifest("new"), "namespace": namespace}),
            (_APPLY, {"manifest": web.manifest("web"), "namespace": namespace, "force": True}),
            (_PATCH, {**which, "patch": {"spec": {"paused": False}}}),
            (_PATCH, {**which, "patch": {"spec": {"replicas": 1}}, "patchType": "merge", "subresource": "scale"}),
            (_SCALE, {**which, "replicas": 1}),
            (_DELETE, which),
            ("k8s_get_resource", which),
            ("k8s_list_resources", {"resourceType": "deployments", "allNamespaces": True}),
        ]
        for tool, arguments in changes:
            await _denied(call, "--denied-kinds", tool, **arguments)
        assert not (await call(_CREATE, manifest=_MAP.manifest("o"), namespace=namespace)).is_error
    seen = [request.uri for request in witness.seen() if f"/namespaces/{namespace}/deployments" in request.uri]
    assert seen == []


@pytest.mark.parametrize(
    ("settings", "listed"),
    [
        ({"denied_operations": ["delete"]}, {_CREATE, _APPLY, _PATCH, _SCALE, "k8s_undo_change"}),
        ({"allowed_operations": ["get", "list", "scale"]}, {_SCALE, "k8s_undo_change"}),
        ({"allowed_operations": ["get", "apply"]}, {_APPLY}),
        ({"denied_operations": ["create", "apply", "patch", "delete", "scale"]}, set()),
    ],
)
async def test_a_tool_is_listed_where_any_of_what_it_does_is_allowed(
    app: Any, witness: Witness, settings: dict[str, Any], listed: set[str]
) -> None:
    import mcp_kubernetes_resources
    from pytest_mcp_kubernetes.static import Static

    plugins = {"resources": mcp_kubernetes_resources, "static": Static(witness.kubeconfig)}
    async with app(plugins, {"safety": {"non_destructive": False, **settings}}) as client:
        tools = {each.name for each in (await client.list_tools()).tools}
        writing = {_CREATE, _APPLY, _PATCH, _DELETE, _SCALE, "k8s_undo_change"}
        assert tools & writing == listed
        for hidden in writing - listed:
            with pytest.raises(MCPError, match="Unknown tool"):
                await client.call_tool(hidden, {})


async def test_a_denied_operation_is_named_on_the_way_around(
    cluster: Cluster, namespace: str, serving: Serving, witness: Witness
) -> None:
    """Replicas can be patched, and the API server calls that scaling."""
    web = KINDS["Deployment"]
    cluster.api.post(web.path(namespace), web.manifest("web"))
    which = {"resourceType": "deployments", "name": "web", "namespace": namespace}
    patch = {"patch": {"spec": {"replicas": 1}}, "patchType": "merge", "subresource": "scale"}
    async with serving(denied_operations=["scale"]) as call:
        await _denied(call, "--denied-operations", _PATCH, **which, **patch)
    assert _none_sent(witness)


PROTECTED: dict[str, Fields] = {
    "namespaces": _namespace("protected"),
    "nodes": {"apiVersion": "v1", "kind": "Node", "metadata": {"name": "protected"}},
    "persistentvolumes": {
        "apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": "protected"},
        "spec": {"capacity": {"storage": "1Gi"}, "accessModes": ["ReadWriteOnce"], "hostPath": {"path": "/x"}},
    },
    "customresourcedefinitions": {
        "apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition",
        "metadata": {"name": "protecteds.limits.example.com"},
        "spec": {
            "group": "limits.example.com", "scope": "Namespaced",
            "names": {"plural": "protecteds", "kind": "Protected"},
            "versions": [
                {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": {"type": "object"}}}
            ],
        },
    },
}  # fmt: skip


@pytest.mark.parametrize("kind", PROTECTED)
async def test_a_protected_object_is_deleted_only_by_its_repeated_name(
    cluster: Cluster, call: Call, witness: Witness, kind: str
) -> None:
    manifest = PROTECTED[kind]
    cluster.kubectl("create", "-f", "-", stdin=json.dumps(manifest))
    which = {"resourceType": kind, "name": manifest["metadata"]["name"]}
    for confirm in ({}, {"confirm": "yes"}, {"confirm": "1"}, {"confirm": kind}):
        await _denied(call, "pass the object's name as confirm", _DELETE, **which, **confirm)
    tried = await call(_DELETE, **which, dryRun=True)
    assert "cannot be undone" in text(tried)
    assert writes(witness.seen()) == []
    result = await call(_DELETE, **which, confirm=which["name"])
    assert not result.is_error, text(result)
    assert [verb for verb, _ in writes(witness.seen())] == ["delete"]


async def test_nor_does_undoing_its_creation_go_around_that(cluster: Cluster, call: Call) -> None:
    created = text(await call(_CREATE, manifest=_namespace("undone-place")))
    change = created.partition("changeId ")[2].split()[0]
    await _denied(call, "pass the object's name as confirm", "k8s_undo_change", changeId=change)
    assert cluster.api.get("/api/v1/namespaces/undone-place")["status"]["phase"] == "Active"
    undone = await call("k8s_undo_change", changeId=change, confirm="undone-place")
    assert not undone.is_error, text(undone)


async def test_nor_does_a_selector(cluster: Cluster, call: Call) -> None:
    """Each of them needs its own name."""
    for name in ("selected-a", "selected-b"):
        cluster.api.post("/api/v1/namespaces", {"metadata": {"name": name, "labels": {"selected": "yes"}}})
    for confirm in ({}, {"confirm": "2"}):
        result = await call(_DELETE, resourceType="namespaces", labelSelector="selected=yes", **confirm)
        assert result.is_error
        assert text(result).count("pass the object's name as confirm") == 2
    for name in ("selected-a", "selected-b"):
        assert cluster.api.get(f"/api/v1/namespaces/{name}")["status"]["phase"] == "Active"
    cluster.kubectl("delete", "namespaces", "-l", "selected=yes", "--wait=false")
