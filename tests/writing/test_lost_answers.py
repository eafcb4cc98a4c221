"""A change whose answer is lost: told as unknown, with what to do, and sent to the API server once."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

import mcp_kubernetes_resources
from pytest_mcp_kubernetes.apps import text
from pytest_mcp_kubernetes.static import Static
from tests.writing.cutting import SPOILS, Cutting, cutting
from tests.writing.kinds import KINDS
from tests.writing.watched import change_id, is_write

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from mcp import Client

    from pytest_mcp_kubernetes.apps import Apps
    from tests.cluster import Cluster
    from tests.invariants.probes import Witness

_MAP = KINDS["ConfigMap"]
_KEPT = {"resourceType": "configmaps", "name": "kept"}
CHANGES: dict[str, tuple[str, dict[str, Any]]] = {
    "create": ("k8s_create_resource", {"manifest": _MAP.manifest("new")}),
    "apply": ("k8s_apply_resource", {"manifest": {**_MAP.manifest("kept"), "data": {"a": "2"}}, "force": True}),
    "patch": ("k8s_patch_resource", {**_KEPT, "patch": {"data": {"a": "2"}}, "patchType": "merge"}),
    "json patch": (
        "k8s_patch_resource",
        {**_KEPT, "patch": [{"op": "replace", "path": "/data/a", "value": "2"}], "patchType": "json"},
    ),
    "scale": ("k8s_scale_resource", {"resourceType": "deployments", "name": "web", "replicas": 2}),
    "delete": ("k8s_delete_resource", _KEPT),
}


@pytest.fixture
async def lossy(witness: Witness, tmp_path: Path) -> AsyncIterator[Cutting]:
    async with cutting(witness, tmp_path / "config") as made:
        yield made


@pytest.fixture
async def client(app: Apps, lossy: Cutting, tmp_path: Path, cluster: Cluster, namespace: str) -> AsyncIterator[Client]:
    del lossy
    cluster.api.post(_MAP.path(namespace), _MAP.manifest("kept"))
    web = KINDS["Deployment"]
    cluster.api.post(web.path(namespace), web.manifest("web"))
    plugins = {"resources": mcp_kubernetes_resources, "static": Static(tmp_path / "config")}
    settings: dict[str, dict[str, Any]] = {
        "safety": {"non_destructive": False},
        "kubernetes": {"qps_limit": 0},
        "tools": {"timeout": 20},
    }
    async with app(plugins, settings) as made:
        yield made


async def _told(client: Client, change: str, namespace: str) -> str:
    tool, arguments = CHANGES[change]
    result = await client.call_tool(tool, {**arguments, "namespace": namespace})
    assert result.is_error, text(result)
    return text(result)


def _sent(witness: Witness) -> list[str]:
    return [request.verb for request in witness.seen() if is_write(request)]


@pytest.mark.parametrize("spoil", SPOILS)
async def test_a_lost_answer_is_told_as_unknown_and_the_change_is_sent_once(
    client: Client, lossy: Cutting, witness: Witness, namespace: str, spoil: str
) -> None:
    lossy.spoil = spoil
    for count, change in enumerate(CHANGES, 1):
        said = await _told(client, change, namespace)
        assert " is not known: " in said, said
        assert "It was not sent again: read the object" in said
        assert len(lossy.arrived) == count
    arrived = 0 if spoil == SPOILS[0] else len(CHANGES)
    assert len(_sent(witness)) == arrived


async def test_the_change_was_carried_out_and_reading_tells_so(
    client: Client, lossy: Cutting, cluster: Cluster, namespace: str
) -> None:
    lossy.spoil = "the connection ends before the answer"
    await _told(client, "patch", namespace)
    answer = await client.call_tool("k8s_get_resource", {**_KEPT, "namespace": namespace})
    assert '"a":"2"' in text(answer)
    assert cluster.api.get(_MAP.path(namespace, "kept"))["data"]["a"] == "2"


async def test_of_several_documents_one_with_a_lost_answer_hides_nothing(
    client: Client, lossy: Cutting, witness: Witness, namespace: str
) -> None:
    lossy.spoil = "the connection ends before the answer"
    lossy.done = lambda: setattr(lossy, "spoil", "")
    manifest = [_MAP.manifest(name) for name in ("one", "two", "three")]
    result = await client.call_tool("k8s_create_resource", {"manifest": manifest, "namespace": namespace})
    said = text(result)
    assert "item 1, configmap/one, failed: Whether configmap/one was created is not known" in said
    assert "configmap/two created" in said
    assert "configmap/three created" in said
    assert _sent(witness) == ["create"] * 3


async def test_where_all_answers_are_lost_nobody_says_that_nothing_was_changed(
    client: Client, lossy: Cutting, namespace: str
) -> None:
    lossy.spoil = "the connection ends before the answer"
    manifest = [_MAP.manifest(name) for name in ("one", "two")]
    result = await client.call_tool("k8s_create_resource", {"manifest": manifest, "namespace": namespace})
    assert result.is_error
    assert text(result).count("is not known") == 2
    assert "othing was changed" not in text(result)


async def test_an_undo_with_a_lost_answer_can_still_be_asked_for(
    client: Client, lossy: Cutting, witness: Witness, namespace: str
) -> None:
    tool, arguments = CHANGES["patch"]
    change = change_id(text(await client.call_tool(tool, {**arguments, "namespace": namespace})))
    lossy.spoil = "the connection ends before the answer"
    lost = await client.call_tool("k8s_undo_change", {"changeId": change})
    assert "is not known" in text(lost)
    lossy.spoil = ""
    again = await client.call_tool("k8s_undo_change", {"changeId": change})
    assert "changed since, so nothing was undone" in text(again)  # for it was undone, as reading tells
    assert _sent(witness) == ["patch"] * 3


async def test_a_call_that_is_cancelled_while_it_waits_sends_nothing_again(
    client: Client, lossy: Cutting, witness: Witness, namespace: str
) -> None:
    lossy.spoil, lossy.held = "the answer never comes", asyncio.Event()
    carried_out = asyncio.Event()
    lossy.done = carried_out.set
    tool, arguments = CHANGES["patch"]
    asked = asyncio.ensure_future(client.call_tool(tool, {**arguments, "namespace": namespace}))
    await carried_out.wait()
    asked.cancel()
    await asyncio.wait([asked])
    lossy.held.set()
    assert _sent(witness) == ["patch"]
    assert lossy.arrived == ["PATCH"]
