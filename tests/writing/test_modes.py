"""Mode x tool x way in: no change reaches the API server where it must not, by the server's own audit log."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from mcp import MCPError

import mcp_kubernetes_resources
from mcp_kubernetes_contexts import Contexts
from pytest_mcp_kubernetes.apps import text
from tests.invariants.probes import Witness
from tests.writing.watched import change_id, writes

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractAsyncContextManager
    from pathlib import Path

    from mcp import Client

    from pytest_mcp_kubernetes.apps import Apps
    from tests.cluster import Cluster

PLACE = "modes"
_EVERY_WRITE = ["create", "apply", "patch", "update", "delete", "deletecollection", "scale"]

MODES: dict[str, dict[str, Any]] = {
    "it only reads": {},
    "it only tries": {"dry_run": True},
    "it may change, and only tries": {"non_destructive": False, "dry_run": True},
    "it may only get and list": {"non_destructive": False, "allowed_operations": ["get", "list"]},
    "no writing operation": {"non_destructive": False, "denied_operations": _EVERY_WRITE},
    "another namespace only": {"non_destructive": False, "allowed_namespaces": ["default"]},
    "not in this namespace": {"non_destructive": False, "restricted_namespaces": [PLACE]},
    "not these kinds": {"non_destructive": False, "denied_kinds": ["ConfigMap", "deployments.apps"]},
}


def _config_map(name: str, **data: str) -> dict[str, Any]:
    return {
        "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name, "namespace": PLACE, "labels": {"a": "b"}},
        "data": data,
    }  # fmt: skip


_OF_MAP = {"resourceType": "configmaps", "namespace": PLACE}
_OF_WEB = {"resourceType": "deployments", "namespace": PLACE, "name": "web"}

TOOLS: dict[str, tuple[str, dict[str, Any]]] = {
    "create": ("k8s_create_resource", {"manifest": _config_map("new")}),
    "create two": ("k8s_create_resource", {"manifest": [_config_map("new-1"), _config_map("new-2")]}),
    "apply": ("k8s_apply_resource", {"manifest": _config_map("kept", changed="1"), "force": True}),
    "merge patch": ("k8s_patch_resource", {**_OF_MAP, "name": "kept", "patch": {"data": {"m": "1"}}}),
    "json patch": (
        "k8s_patch_resource",
        {**_OF_MAP, "name": "kept", "patchType": "json", "patch": [{"op": "add", "path": "/data/j", "value": "1"}]},
    ),
    "delete": ("k8s_delete_resource", {**_OF_MAP, "name": "kept"}),
    "delete by selector": ("k8s_delete_resource", {**_OF_MAP, "labelSelector": "a=b"}),
    "scale": ("k8s_scale_resource", {**_OF_WEB, "replicas": 3}),
    "undo": ("k8s_undo_change", {"changeId": "a" * 13}),
}

WAYS: dict[str, Any] = {
    "a direct call": lambda arguments: arguments,
    "another context": lambda arguments: {**arguments, "kubeContext": "there"},
    "all namespaces": lambda arguments: {**arguments, "allNamespaces": True},
    "dryRun: false": lambda arguments: {**arguments, "dryRun": False},
    "a subresource": lambda arguments: {**arguments, "subresource": "status"},
}
THROUGH_PATCH = [
    {**_OF_WEB, "patch": {"spec": {"replicas": 7}}, "patchType": "merge", "subresource": "scale"},
    {**_OF_WEB, "patch": {"status": {"replicas": 7}}, "patchType": "merge", "subresource": "status"},
    {**_OF_WEB, "patch": {"spec": {}}, "patchType": "merge", "subresource": "exec"},
]


@pytest.fixture(scope="module")
def prepared(cluster: Cluster) -> Iterator[Cluster]:
    cluster.kubectl("create", "namespace", PLACE)
    cluster.api.post(f"/api/v1/namespaces/{PLACE}/configmaps", _config_map("kept", is_="here"))
    cluster.kubectl("create", "deployment", "web", "--image=a:1", "--replicas=0", "-n", PLACE)
    yield cluster
    cluster.kubectl("delete", "namespace", PLACE, "--wait=false")


@pytest.fixture
def two_contexts(prepared: Cluster, tmp_path: Path) -> tuple[Witness, Path]:
    """A witness, and a kubeconfig with two names of the one server."""
    witness = Witness.of(prepared)
    content = yaml.safe_load(witness.kubeconfig.read_text("utf-8"))
    [context] = content["contexts"]
    content["contexts"] = [{**context, "name": name} for name in ("here", "there")]
    path = tmp_path / "config"
    path.write_text(json.dumps({**content, "current-context": "here"}), "utf-8")
    return witness, path


def _served(app: Apps, kubeconfig: Path, safety: dict[str, Any]) -> AbstractAsyncContextManager[Client]:
    sections = {"safety": safety, "contexts": {"kubeconfig": [str(kubeconfig)]}, "kubernetes": {"qps_limit": 0}}
    return app({"resources": mcp_kubernetes_resources, "contexts": Contexts()}, sections)


def _state(cluster: Cluster) -> str:
    """What a change of any of these tools would alter, as the API server has it; the status is the controllers'."""
    kinds = ("/api/v1", "configmaps"), ("/apis/apps/v1", "deployments")
    lists = [cluster.api.get(f"{root}/namespaces/{PLACE}/{plural}")["items"] for root, plural in kinds]
    items = [item for found in lists for item in found]
    return json.dumps([(item["metadata"]["name"], item.get("data"), item.get("spec")) for item in items])


async def _try_all(client: Client) -> None:
    """Each tool on each way; whether it is refused, and how, is not looked at here."""
    calls = [(tool, way(arguments)) for way in WAYS.values() for tool, arguments in TOOLS.values()]
    calls += [("k8s_patch_resource", arguments) for arguments in THROUGH_PATCH]
    for tool, arguments in calls:
        try:
            await client.call_tool(tool, arguments)
        except MCPError as error:
            assert "Unknown tool" in str(error)  # noqa: PT017 - other errors are none of a hidden tool


@pytest.mark.parametrize("mode", MODES)
async def test_no_change_reaches_the_api_server_where_it_must_not(
    app: Apps, prepared: Cluster, two_contexts: tuple[Witness, Path], mode: str
) -> None:
    witness, kubeconfig = two_contexts
    before = _state(prepared)
    async with _served(app, kubeconfig, MODES[mode]) as client:
        await _try_all(client)
    assert writes(witness.seen()) == []
    assert _state(prepared) == before


@pytest.mark.parametrize("tool", [name for name in TOOLS if name != "undo"])
@pytest.mark.parametrize("way", ["a direct call", "another context", "dryRun: false"])
async def test_the_same_calls_change_something_where_they_may(
    app: Apps, cluster: Cluster, two_contexts: tuple[Witness, Path], tool: str, way: str
) -> None:
    """Otherwise the table above would prove nothing."""
    witness, kubeconfig = two_contexts
    async with _served(app, kubeconfig, {"non_destructive": False}) as client:
        name, arguments = TOOLS[tool]
        result = await client.call_tool(name, WAYS[way](arguments))
    assert not result.is_error
    assert writes(witness.seen())
    maps = f"/api/v1/namespaces/{PLACE}/configmaps"
    cluster.api.delete(f"{maps}?labelSelector=a%3Db")
    cluster.api.post(maps, _config_map("kept", is_="here"))
    cluster.api.patch(f"/apis/apps/v1/namespaces/{PLACE}/deployments/web/scale", {"spec": {"replicas": 0}})


@pytest.mark.parametrize("mode", ["it only tries", "it may change, and only tries"])
async def test_a_server_that_only_tries_says_so_of_each_change(
    app: Apps, prepared: Cluster, two_contexts: tuple[Witness, Path], mode: str
) -> None:
    witness, kubeconfig = two_contexts
    async with _served(app, kubeconfig, MODES[mode]) as client:
        for name, arguments in TOOLS.values():
            result = await client.call_tool(name, {**arguments, "dryRun": False})
            assert " would be " in text(result) or (result.is_error and name == "k8s_undo_change")
        assert "nothing is changed" in (client.instructions or "")
    assert [request for request in witness.seen() if "dryRun=All" in request.uri]
    assert prepared.api.get(f"/api/v1/namespaces/{PLACE}/configmaps/kept")


@pytest.mark.parametrize("denied", ["create", "delete", "patch"])
async def test_an_undo_needs_the_right_to_what_it_does(
    app: Apps, prepared: Cluster, two_contexts: tuple[Witness, Path], denied: str
) -> None:
    """Undoing is no way around what the operator denies."""
    del prepared
    witness, kubeconfig = two_contexts
    safety = {"non_destructive": False, "denied_operations": [denied]}
    forward = {"create": "delete", "delete": "create", "patch": "apply"}[denied]
    async with _served(app, kubeconfig, safety) as client:
        if forward == "delete":
            await client.call_tool("k8s_apply_resource", {"manifest": _config_map("undone")})
        forwards: dict[str, tuple[str, dict[str, Any]]] = {
            "create": ("k8s_create_resource", {"manifest": _config_map("undone")}),
            "delete": ("k8s_delete_resource", {**_OF_MAP, "name": "undone"}),
            "apply": ("k8s_apply_resource", {"manifest": _config_map("kept", undone="1"), "force": True}),
        }
        tool, arguments = forwards[forward]
        change = change_id(text(await client.call_tool(tool, arguments)))
        before = writes(witness.seen())
        result = await client.call_tool("k8s_undo_change", {"changeId": change})
    assert result.is_error
    assert "--denied-operations names it" in text(result)
    assert writes(witness.seen()) == before
