"""A dry run leaves everything in the cluster as it is: the resourceVersions of all objects tell."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

import mcp_kubernetes_resources
from pytest_mcp_kubernetes.apps import text
from pytest_mcp_kubernetes.static import Static
from tests.cluster import own
from tests.invariants.probes import seen_by
from tests.writing.definitions import definition
from tests.writing.watched import change_id, versions, writes

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from mcp import Client

    from pytest_mcp_kubernetes.apps import Apps
    from tests.cluster import Cluster

_LOOKS = 500
_MAP = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "kept", "labels": {"a": "b"}}}
_NEW = {**_MAP, "metadata": {"name": "new"}}
_SECRET = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "new"}, "stringData": {"a": "b"}}
_KEPT = {"resourceType": "configmaps", "name": "kept"}
_WEB = {"resourceType": "deployments", "name": "web"}
_CREATE, _APPLY, _PATCH = "k8s_create_resource", "k8s_apply_resource", "k8s_patch_resource"
_DELETE, _SCALE = "k8s_delete_resource", "k8s_scale_resource"

CHANGES: dict[str, tuple[str, dict[str, Any]]] = {
    "create": (_CREATE, {"manifest": _NEW}),
    "create with a made name": (_CREATE, {"manifest": {**_MAP, "metadata": {"generateName": "new-"}}}),
    "create several": (_CREATE, {"manifest": [_NEW, _SECRET]}),
    "create a namespace": (_CREATE, {"manifest": {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "n"}}}),
    "create a kind": (_CREATE, {"manifest": definition("Tried")}),
    "apply a new one": (_APPLY, {"manifest": _NEW}),
    "apply": (_APPLY, {"manifest": {**_MAP, "data": {"changed": "1"}}}),
    "apply by force": (_APPLY, {"manifest": {**_MAP, "data": {"is": "gone"}}, "force": True}),
    "strategic patch": (_PATCH, {**_WEB, "patch": {"spec": {"paused": False}}}),
    "merge patch": (_PATCH, {**_KEPT, "patch": {"data": {"is": None}}, "patchType": "merge"}),
    "json patch": (
        _PATCH,
        {**_KEPT, "patch": [{"op": "replace", "path": "/data/is", "value": "1"}], "patchType": "json"},
    ),
    "patch of a status": (_PATCH, {**_WEB, "patch": {"status": {"replicas": 5}}, "subresource": "status"}),
    "patch of a scale": (
        _PATCH,
        {**_WEB, "patch": {"spec": {"replicas": 5}}, "patchType": "merge", "subresource": "scale"},
    ),
    "scale": (_SCALE, {**_WEB, "replicas": 5}),
    "delete": (_DELETE, _KEPT),
    "delete with options": (_DELETE, {**_KEPT, "propagationPolicy": "Foreground", "gracePeriodSeconds": 0}),
    "delete by selector": (_DELETE, {"resourceType": "configmaps", "labelSelector": "a=b"}),
    "delete a namespace": (_DELETE, {"resourceType": "namespaces", "name": "full", "confirm": "full"}),
    "delete a kind": (_DELETE, {"resourceType": "crds", "name": "kepts.writing.example.com"}),
}  # fmt: skip


@pytest.fixture(scope="module")
def resting(cluster: Cluster) -> Iterator[Cluster]:
    """An API server without controllers: what changes, a tool has changed."""
    with own(cluster) as mine:
        mine.api.post("/api/v1/namespaces", {"metadata": {"name": "full"}})
        mine.api.post("/api/v1/namespaces/default/configmaps", {**_MAP, "data": {"is": "here"}})
        mine.kubectl("apply", "-f", "-", stdin=json.dumps(definition("Kept")))
        mine.kubectl("wait", "--for=condition=Established", "crd/kepts.writing.example.com", "--timeout=30s")
        assert any(mine.api.answers("/apis/writing.example.com/v1/kepts") for _ in range(_LOOKS))
        mine.kubectl("create", "deployment", "web", "--image=a:1", "--replicas=2")
        yield mine


@pytest.fixture
async def client(app: Apps, resting: Cluster, request: pytest.FixtureRequest) -> AsyncIterator[Client]:
    plugins = {"resources": mcp_kubernetes_resources, "static": Static(resting.kubeconfig)}
    async with app(plugins, {"safety": request.param, "kubernetes": {"qps_limit": 0}}) as made:
        yield made


that_changes = pytest.mark.parametrize("client", [{"non_destructive": False}], ids=["dryRun"], indirect=True)
that_tries = pytest.mark.parametrize("client", [{"dry_run": True}], ids=["--dry-run"], indirect=True)


@that_changes
async def test_a_call_with_dry_run_changes_nothing(resting: Cluster, client: Client) -> None:
    await _changes_nothing(resting, client, dryRun=True)


@that_tries
async def test_a_server_with_dry_run_changes_nothing(resting: Cluster, client: Client) -> None:
    await _changes_nothing(resting, client)


async def _changes_nothing(resting: Cluster, client: Client, **dry: bool) -> None:
    before = versions(resting)
    for what, (tool, arguments) in CHANGES.items():
        result = await client.call_tool(tool, {**arguments, **dry})
        assert not result.is_error, (what, text(result))
        assert " would be " in text(result), what
        assert "changeId" not in text(result), what
    assert versions(resting) == before


@that_changes
async def test_an_undo_with_dry_run_changes_nothing(resting: Cluster, client: Client) -> None:
    done: dict[str, tuple[str, dict[str, Any]]] = {
        "create": (_CREATE, {"manifest": {**_MAP, "metadata": {"name": "made"}}}),
        "patch": (_PATCH, {**_KEPT, "patch": {"data": {"is": "there"}}, "patchType": "merge"}),
        "scale": (_SCALE, {**_WEB, "replicas": 3}),
        "delete": (_DELETE, {"resourceType": "configmaps", "name": "made"}),
        "create another": (_CREATE, {"manifest": {**_MAP, "metadata": {"name": "another"}}}),
    }
    changes = {}
    for what, (tool, arguments) in done.items():
        changes[what] = change_id(text(await client.call_tool(tool, arguments)))
    before = versions(resting)
    for what in ("patch", "scale", "delete", "create another"):
        result = await client.call_tool("k8s_undo_change", {"changeId": changes[what], "dryRun": True})
        assert " would be " in text(result), (what, text(result))
    assert versions(resting) == before


@that_changes
async def test_the_same_changes_happen_without_it(resting: Cluster, client: Client) -> None:
    """Otherwise an unchanged cluster would prove nothing. This one comes last: it changes what the others need."""
    for what in ("create", "apply", "merge patch", "scale", "delete", "delete a namespace"):
        tool, arguments = CHANGES[what]
        before = len(writes(seen_by(resting)))
        result = await client.call_tool(tool, arguments)
        assert not result.is_error, (what, text(result))
        assert len(writes(seen_by(resting))) > before, what
