"""What an answer shows instead of a value never becomes the value: read, edit a label, send it back."""

from __future__ import annotations

import base64
import json
from typing import TYPE_CHECKING, Any

import pytest
import yaml

import mcp_kubernetes_resources
from pytest_mcp_kubernetes.apps import text
from pytest_mcp_kubernetes.static import Static
from tests.invariants.planted import Planted, bearer, encoded, random_text
from tests.writing.comparing import told
from tests.writing.kinds import KINDS, Fields

if TYPE_CHECKING:
    from mcp import Client

    from pytest_mcp_kubernetes.apps import Apps
    from tests.cluster import Cluster

PLANTED = random_text()
_LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
_ENV = [
    {"name": "COLOUR", "value": "blue"},
    {"name": "DB_PASSWORD", "value": PLANTED},
    {"name": "URL", "value": f"postgres://web:{PLANTED}@db/web"},
]
_CONTAINER = {"name": "web", "image": "a:1", "env": _ENV, "args": ["--colour", "blue", f"--password={PLANTED}"]}
_TEMPLATE = {"metadata": {"labels": {"app": "o"}}, "spec": {"containers": [_CONTAINER]}}
_DEPLOYED = {"replicas": 0, "paused": True, "selector": {"matchLabels": {"app": "o"}}, "template": _TEMPLATE}

OBJECTS: dict[str, tuple[str, Fields, list[str]]] = {
    "Secret": ("Secret", {"data": {"a": encoded(PLANTED), "b": encoded(PLANTED[::-1])}}, [".data.a", ".data.b"]),
    "ConfigMap": (
        "ConfigMap",
        {"data": {"colour": "blue", "password": PLANTED, "settings": f"colour=blue\ntoken={PLANTED}\n"}},
        [".data.password", ".data.settings"],
    ),
    "Deployment": (
        "Deployment",
        {"spec": _DEPLOYED},
        [
            f".spec.template.spec.containers[0].{place}"
            for place in ("args[2]", "env[1].value", "env[2].value")
        ],
    ),
}  # fmt: skip

OUTPUTS: dict[str, dict[str, Any]] = {
    "yaml": {"output": "yaml"},
    "json": {"output": "json"},
    "yaml, full": {"output": "yaml", "full": True},
    "json, full": {"output": "json", "full": True},
}


def _object(answer: str) -> Fields:
    """What an answer shows as one object, without our notes."""
    body = "\n".join(line for line in answer.splitlines() if not line.startswith("note: "))
    found: Fields = yaml.safe_load(body)
    return found


def _which(name: str, namespace: str) -> dict[str, str]:
    kind = KINDS[OBJECTS[name][0]]
    return {"resourceType": kind.resource, "namespace": namespace, "name": "o"}


@pytest.fixture(params=OBJECTS)
def made(request: pytest.FixtureRequest, cluster: Cluster, namespace: str) -> str:
    name: str = request.param
    kind = KINDS[OBJECTS[name][0]]
    manifest = {**kind.manifest("o", labels={"tier": "front"}), **OBJECTS[name][1]}
    manifest["metadata"]["annotations"] = {_LAST_APPLIED: json.dumps(manifest)}
    cluster.api.post(kind.path(namespace), manifest)
    return name


def _kept(cluster: Cluster, name: str, namespace: str) -> Fields:
    return told(cluster.api.get(KINDS[OBJECTS[name][0]].path(namespace, "o")))


def _served(app: Apps, cluster: Cluster, **safety: Any) -> Any:
    plugins = {"resources": mcp_kubernetes_resources, "static": Static(cluster.kubeconfig)}
    return app(plugins, {"safety": {"non_destructive": False, **safety}, "kubernetes": {"qps_limit": 0}})


async def _sent_back(client: Client, which: dict[str, str], edited: Fields) -> list[str]:
    """What is said to it, on each way in which it can be sent back."""
    ways: list[tuple[str, dict[str, Any]]] = [
        ("k8s_apply_resource", {"manifest": edited, "force": True}),
        ("k8s_apply_resource", {"manifest": yaml.safe_dump(edited), "force": True, "dryRun": True}),
        ("k8s_create_resource", {"manifest": {**edited, "metadata": {**edited["metadata"], "name": "copy"}}}),
        ("k8s_patch_resource", {**which, "patch": edited, "patchType": "merge"}),
        ("k8s_patch_resource", {**which, "patch": json.dumps(edited), "patchType": "strategic"}),
        (
            "k8s_patch_resource",
            {**which, "patch": [{"op": "replace", "path": "", "value": edited}], "patchType": "json"},
        ),
    ]
    results = [await client.call_tool(tool, arguments) for tool, arguments in ways]
    assert all(result.is_error for result in results), [text(result) for result in results]
    return [text(result) for result in results]


@pytest.mark.parametrize("output", OUTPUTS)
async def test_an_object_with_masks_is_refused_with_their_paths_and_what_to_do(
    app: Apps, cluster: Cluster, namespace: str, made: str, output: str
) -> None:
    which, before = _which(made, namespace), _kept(cluster, made, namespace)
    async with _served(app, cluster) as client:
        shown = text(await client.call_tool("k8s_get_resource", {**which, **OUTPUTS[output]}))
        edited = _object(shown)
        edited["metadata"]["labels"] = {"tier": "back"}
        for said in await _sent_back(client, which, edited):
            assert all(path in said for path in OBJECTS[made][2]), said
            assert "Leave them out" in said
    assert _kept(cluster, made, namespace) == before


async def test_the_way_that_the_refusal_names_changes_the_label_and_nothing_else(
    app: Apps, cluster: Cluster, namespace: str, made: str
) -> None:
    before = _kept(cluster, made, namespace)
    async with _served(app, cluster) as client:
        patch = {"metadata": {"labels": {"tier": "back"}}}
        which = _which(made, namespace)
        result = await client.call_tool("k8s_patch_resource", {**which, "patch": patch, "patchType": "merge"})
        assert not result.is_error, text(result)
        assert ".metadata.labels.tier\tfront\tback" in text(result)
    after = _kept(cluster, made, namespace)
    assert after["metadata"].pop("labels") == {"tier": "back"}
    before["metadata"].pop("labels")
    assert after == before


@pytest.mark.parametrize("tool", ["k8s_list_resources", "k8s://"])
async def test_nor_does_what_a_list_or_a_resource_shows_become_a_value(
    app: Apps, cluster: Cluster, namespace: str, made: str, tool: str
) -> None:
    which, before = _which(made, namespace), _kept(cluster, made, namespace)
    async with _served(app, cluster) as client:
        if tool == "k8s://":
            found = await client.read_resource(f"k8s://test/{namespace}/{which['resourceType']}/o")
            shown = json.loads(getattr(found.contents[0], "text", ""))
        else:
            asked = {key: which[key] for key in ("resourceType", "namespace")}
            where = {"fieldSelector": "metadata.name=o", "output": "json"}
            answer = text(await client.call_tool(tool, {**asked, **where}))
            shown = json.loads(next(line for line in answer.splitlines() if line.startswith("{")))
        await _sent_back(client, which, shown)
    assert _kept(cluster, made, namespace) == before


async def test_a_mask_in_base64_is_a_mask(app: Apps, cluster: Cluster, namespace: str) -> None:
    """As somebody writes it who was told that a Secret's data is base64."""
    manifest = {**KINDS["Secret"].manifest("o"), "data": {"a": encoded(PLANTED)}}
    cluster.api.post(f"/api/v1/namespaces/{namespace}/secrets", manifest)
    which = {"resourceType": "secrets", "namespace": namespace, "name": "o"}
    async with _served(app, cluster) as client:
        edited = _object(text(await client.call_tool("k8s_get_resource", which)))
        edited["data"] = {key: base64.b64encode(value.encode()).decode() for key, value in edited["data"].items()}
        for said in await _sent_back(client, which, edited):
            assert ".data.a" in said


async def test_what_text_is_redacted_to_is_no_value_either(app: Apps, cluster: Cluster, namespace: str) -> None:
    """Where the operator wants nothing masked outside of Secrets, known forms still leave no answer."""
    manifest = {**KINDS["ConfigMap"].manifest("o"), "data": {"header": bearer(PLANTED)}}
    cluster.api.post(f"/api/v1/namespaces/{namespace}/configmaps", manifest)
    which = {"resourceType": "configmaps", "namespace": namespace, "name": "o"}
    async with _served(app, cluster, mask_sensitive=False) as client:
        shown = text(await client.call_tool("k8s_get_resource", which))
        assert "<redacted>" in shown
        for said in await _sent_back(client, which, _object(shown)):
            assert ".data.header" in said


@pytest.mark.parametrize("output", ["yaml", "json"])
async def test_the_end_of_a_cut_value_is_not_lost_by_sending_it_back(
    app: Apps, cluster: Cluster, namespace: str, output: str
) -> None:
    data = {"text": "some words " * 2_000, **{f"key-{n}": "x" for n in range(300)}}
    manifest = {**KINDS["ConfigMap"].manifest("o", labels={"tier": "front"}), "data": data}
    before = cluster.api.post(f"/api/v1/namespaces/{namespace}/configmaps", manifest)
    which = {"resourceType": "configmaps", "namespace": namespace, "name": "o"}
    async with _served(app, cluster) as client:
        answer = await client.call_tool("k8s_get_resource", {**which, "output": output, "maxBytes": 3_000})
        for said in await _sent_back(client, which, _object(text(answer))):
            assert ".data" in said
    assert cluster.api.get(f"/api/v1/namespaces/{namespace}/configmaps/o") == before


async def test_values_shown_on_the_operator_s_wish_may_be_sent_back(
    app: Apps, cluster: Cluster, namespace: str
) -> None:
    manifest = {**KINDS["Secret"].manifest("o", labels={"tier": "front"}), "data": {"a": encoded(PLANTED)}}
    cluster.api.post(f"/api/v1/namespaces/{namespace}/secrets", manifest)
    which = {"resourceType": "secrets", "namespace": namespace, "name": "o"}
    async with _served(app, cluster, show_secret_values=True) as client:
        edited = _object(text(await client.call_tool("k8s_get_resource", which)))
        edited["metadata"]["labels"] = {"tier": "back"}
        result = await client.call_tool("k8s_patch_resource", {**which, "patch": edited, "patchType": "merge"})
        assert not result.is_error, text(result)
        assert Planted((PLANTED,)).left_in(text(result)) == []
    assert cluster.api.get(f"/api/v1/namespaces/{namespace}/secrets/o")["data"] == {"a": encoded(PLANTED)}
