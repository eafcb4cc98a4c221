"""What a change is answered with: a line, and the fields that differ; never the object."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.writing.definitions import definition
from tests.writing.kinds import KINDS, Fields
from tests.writing.watched import change_id

if TYPE_CHECKING:
    from tests.cluster import Cluster
    from tests.writing.conftest import Ask

LARGE = 2_000
"""Bytes of an object, as the API server gives it, from which an echo would hurt."""

MOST = 0.03
"""Of an object's bytes, what its fields may take in an answer."""

_ENV = [{"name": f"SETTING_{n}", "value": f"value {n}: some text"} for n in range(20)]
_CONTAINER = {"name": "web", "image": "registry.example.com/team/web:1", "env": _ENV}
_TEMPLATE = {"metadata": {"labels": {"app": "o"}}, "spec": {"containers": [_CONTAINER]}}
_SELECTOR = {"matchLabels": {"app": "o"}}
_LINES = {f"key-{n}": f"line {n}\n" * 10 for n in range(40)}

FIELDS: dict[str, Fields] = {
    "ConfigMap": {"data": _LINES},
    "Secret": {"stringData": _LINES},
    "Deployment": {"spec": {"replicas": 0, "paused": True, "selector": _SELECTOR, "template": _TEMPLATE}},
    "StatefulSet": {"spec": {"replicas": 0, "selector": _SELECTOR, "template": _TEMPLATE, "serviceName": "o"}},
    "Role": {
        "rules": [{"apiGroups": [f"g{n}.example.com"], "resources": ["things"], "verbs": ["*"]} for n in range(60)]
    },
    "NetworkPolicy": {
        "spec": {"podSelector": {}, "ingress": [{"ports": [{"port": 1_000 + n, "protocol": "TCP"}]} for n in range(60)]}
    },
    "Service": {"spec": {"ports": [{"name": f"p{n}", "port": 1_000 + n} for n in range(60)], "clusterIP": "None"}},
}


def _echoed(answer: str) -> int:
    """Bytes of the object's own fields in an answer: all but the line that tells what was done, and our notes."""
    lines = [line for line in answer.splitlines()[1:] if not line.startswith("note: ")]
    return len("\n".join(lines).encode())


@pytest.fixture(params=FIELDS)
def large(request: pytest.FixtureRequest) -> tuple[str, Fields]:
    kind = KINDS[request.param]
    manifest = {**kind.manifest("o", labels={"tier": "front"}), **FIELDS[request.param]}
    if request.param == "Secret":
        del manifest["data"]
    return request.param, manifest


async def test_the_echo_is_a_small_part_of_a_large_object(
    cluster: Cluster, namespace: str, ask: Ask, large: tuple[str, Fields]
) -> None:
    name, manifest = large
    kind = KINDS[name]
    which = {"resourceType": f"{kind.api_version}/{kind.kind}", "name": "o", "namespace": namespace}
    relabelled = {**manifest, "metadata": {"name": "o", "labels": {"tier": "back"}}}
    answers = {
        "create": await ask("k8s_create_resource", manifest=manifest, namespace=namespace),
        "apply": await ask("k8s_apply_resource", manifest=relabelled, namespace=namespace, force=True),
        "patch": await ask("k8s_patch_resource", **which, patch={"metadata": {"labels": {"tier": "mid"}}}),
    }
    size = len(json.dumps(cluster.api.get(kind.path(namespace, "o")), separators=(",", ":")).encode())
    assert size > LARGE
    if kind.scales:
        answers["scale"] = await ask("k8s_scale_resource", **which, replicas=0)
    answers["undo"] = await ask("k8s_undo_change", changeId=change_id(answers["patch"]))
    answers["try to delete"] = await ask("k8s_delete_resource", **which, dryRun=True)
    answers["delete"] = await ask("k8s_delete_resource", **which)
    echoes = {what: _echoed(answer) / size for what, answer in answers.items()}
    assert max(echoes.values()) < MOST, echoes
    for what, answer in answers.items():
        assert len(answer.encode()) < size * MOST + 300, what


async def test_of_a_kind_that_is_defined_only_its_name_is_told(cluster: Cluster, ask: Ask) -> None:
    large: Fields = {"type": "object", "properties": {f"field{n}": {"type": "string"} for n in range(200)}}
    manifest = definition("Echo", group="echo.example.com", spec=large)
    answer = await ask("k8s_create_resource", manifest=manifest)
    assert _echoed(answer) == 0
    cluster.kubectl("delete", "crd", "echos.echo.example.com", "--wait=false")


async def test_a_long_value_is_not_repeated(cluster: Cluster, namespace: str, ask: Ask) -> None:
    """Of a text of 100 KB in which a word changes, the place is told and no more."""
    lines = [f"line {n}: some words that are the same\n" for n in range(3_000)]
    made: dict[str, Any] = {
        "apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": "o", "namespace": namespace},
        "data": {"text": "".join(lines)},
    }  # fmt: skip
    cluster.api.post(f"/api/v1/namespaces/{namespace}/configmaps", made)
    lines[1_500] = "line 1500: another\n"
    answer = await ask("k8s_apply_resource", manifest={**made, "data": {"text": "".join(lines)}}, force=True)
    assert "another" in answer
    assert len(answer.encode()) < 1_000
