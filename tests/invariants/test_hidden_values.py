"""Invariant 4 outside of Secrets: what looks like a credential leaves no path, and no question finds it out."""

from __future__ import annotations

import json
import logging
import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

import mcp_kubernetes_resources
from mcp_kubernetes.kube.secrecy.marks import MARKER
from pytest_mcp_kubernetes.apps import text
from tests.invariants.planted import Planted, encoded, jwt, private_key, random_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_mcp_kubernetes.apps import Apps
    from pytest_mcp_kubernetes.static import Static
    from tests.cluster import Cluster

ROOMY = {"output": {"max_bytes": 4_000_000}, "kubernetes": {"qps_limit": 0}}
KINDS = ("configmaps", "deployments", "pods", "podtemplates")


@dataclass(frozen=True)
class House:
    """A namespace with credentials in objects that are no Secrets."""

    namespace: str
    planted: Planted


@pytest.fixture(scope="module")
def house(cluster: Cluster) -> Iterator[House]:
    namespace = f"house-{uuid.uuid4().hex[:8]}"
    values = [random_text() for _ in range(8)]
    cluster.kubectl("create", "namespace", namespace)
    for made in _objects(values):
        cluster.kubectl("apply", "-n", namespace, "-f", "-", stdin=json.dumps(made))
    cluster.api.post(f"/api/v1/namespaces/{namespace}/events", _event(namespace, values[7]))
    yield House(namespace, Planted(tuple(values)))
    cluster.kubectl("delete", "namespace", namespace, "--wait=false")


def _objects(values: list[str]) -> list[dict[str, Any]]:
    container = {
        "name": "c",
        "image": "registry.example.com/app",
        "env": [{"name": "DB_PASSWORD", "value": values[0]}, {"name": "MODE", "value": "plain"}],
        "args": [f"--token={values[1]}", "--url", f"amqp://app:{values[2]}@mq.example.com/x"],
    }
    pod = {"metadata": {"labels": {"app": "a"}}, "spec": {"containers": [container]}}
    data = {"db.password": values[3], "app.properties": f"a=b\napi.key={values[4]}\n", "key": private_key(values[5])}
    more = {"jwt": jwt(values[6]), "plain": "kept"}
    return [
        {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "o"}, "data": data | more,
         "binaryData": {"client-secret": encoded(values[0])}},
        {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "o"},
         "spec": {"replicas": 0, "selector": {"matchLabels": {"app": "a"}}, "template": pod}},
        {"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "o"},
         "spec": {"containers": [container], "automountServiceAccountToken": False}},
        {"apiVersion": "v1", "kind": "PodTemplate", "metadata": {"name": "o"}, "template": pod},
    ]  # fmt: skip


def _event(namespace: str, value: str) -> dict[str, Any]:
    involved = {"kind": "Pod", "namespace": namespace, "name": "o", "apiVersion": "v1"}
    message = f"exec of app --password={value} failed"
    return {"metadata": {"name": "e"}, "involvedObject": involved, "reason": "Failed", "message": message}


ASKED: dict[str, tuple[str, dict[str, Any]]] = {
    **{f"list as {form}": ("k8s_list_resources", {"output": form}) for form in ("table", "wide", "yaml", "json")},
    "columns": ("k8s_list_resources", {"columns": "A:.data,B:.spec,C:.template,D:.metadata.annotations"}),
    "columns below": ("k8s_list_resources", {"columns": "A:..env,B:..args,C:.data['db.password']"}),
    "count": ("k8s_list_resources", {"countBy": "..value"}),
    "count of data": ("k8s_list_resources", {"countBy": ".data['db.password']"}),
    "sort": ("k8s_list_resources", {"sortBy": ".data['db.password']"}),
    "get": ("k8s_get_resource", {"name": "o"}),
    "get in full": ("k8s_get_resource", {"name": "o", "full": True}),
    "get in full as json": ("k8s_get_resource", {"name": "o", "full": True, "output": "json"}),
    "describe": ("k8s_describe_resource", {"name": "o"}),
}


async def _said(
    apps: Apps, static: Static, asked: tuple[str, dict[str, Any]], settings: dict[str, Any] | None = None
) -> tuple[bool, str]:
    async with apps({"resources": mcp_kubernetes_resources, "static": static}, settings or ROOMY) as client:
        answer = await client.call_tool(*asked)
    return answer.is_error, text(answer)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("way", ASKED)
async def test_no_answer_shows_a_credential(
    app: Apps, static: Static, house: House, caplog: pytest.LogCaptureFixture, way: str, kind: str
) -> None:
    caplog.set_level(logging.DEBUG)
    tool, arguments = ASKED[way]
    failed, said = await _said(app, static, (tool, {"resourceType": kind, "namespace": house.namespace} | arguments))
    assert not failed, said
    assert house.planted.left_in(said + caplog.text) == []


@pytest.mark.parametrize("form", ["table", "wide", "yaml", "json"])
async def test_an_event_shows_no_credential(app: Apps, static: Static, house: House, form: str) -> None:
    asked = {"resourceType": "events", "namespace": house.namespace, "output": form}
    failed, said = await _said(app, static, ("k8s_list_resources", asked))
    assert not failed, said
    assert "--password=<masked" in said
    assert house.planted.left_in(said) == []


@pytest.mark.parametrize(
    ("where", "rows"),
    [
        ("object.data['db.password'] == '{0}'", 0),
        ("object.data['db.password'].startsWith('{1}')", 0),
        ("object.data['db.password'].contains('{1}')", 0),
        ("object.data['db.password'].startsWith('<masked')", 1),
        ("object.data['plain'] == 'kept'", 1),
        ("object.data['app.properties'].contains('{2}')", 0),
    ],
)
async def test_a_question_cannot_guess_a_value(app: Apps, static: Static, house: House, where: str, rows: int) -> None:
    value, other = house.planted.values[3], house.planted.values[4]
    where = where.format(value, value[:6], other)  # of two characters a mask may have both
    asked = {"resourceType": "configmaps", "namespace": house.namespace, "where": where, "output": "name"}
    failed, said = await _said(app, static, ("k8s_list_resources", asked))
    assert not failed, said
    assert f"{rows} of " in said
    assert ("NAME\no\n" in said) is bool(rows)


async def test_everything_else_stays_and_the_answer_says_what_is_masked(
    app: Apps, static: Static, house: House
) -> None:
    asked = {"resourceType": "configmaps", "namespace": house.namespace, "name": "o"}
    _, said = await _said(app, static, ("k8s_get_resource", asked))
    assert "kept" in said
    assert "a=b" in said
    assert MARKER in said
    assert "note: Values that look like credentials are masked" in said


async def test_the_operator_may_have_secrets_alone_masked(app: Apps, static: Static, house: House) -> None:
    asked = {"resourceType": "configmaps", "namespace": house.namespace, "name": "o"}
    _, said = await _said(app, static, ("k8s_get_resource", asked), {"safety": {"mask_sensitive": False}})
    assert house.planted.values[3] in said
