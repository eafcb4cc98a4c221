"""Whoever may change an object does not get to see what is hidden in it: neither in the answer, nor afterwards."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from pytest_mcp_kubernetes.apps import text
from tests.invariants.planted import Planted, encoded, random_text
from tests.writing.comparing import told
from tests.writing.definitions import definition
from tests.writing.kinds import KINDS, Fields, Kind
from tests.writing.watched import change_id

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.calling import Call
    from tests.cluster import Cluster

GROUP = "hidden.example.com"
HIDDEN = random_text()
PLANTED = Planted((HIDDEN,))

_ENV = [{"name": "COLOUR", "value": "blue"}, {"name": "DB_PASSWORD", "value": HIDDEN}]
_CONTAINER = {"name": "web", "image": "a:1", "env": _ENV, "args": ["--password", HIDDEN]}
_TEMPLATE = {"metadata": {"labels": {"app": "o"}}, "spec": {"containers": [_CONTAINER]}}
_WEB = "/spec/template/spec/containers/0"
_OPEN = "/metadata/annotations/open"
_EMPTY = {"op": "add", "path": "/metadata/annotations", "value": {}}


def _kind(name: str) -> Kind:
    return replace(KINDS["Free"], api_version=f"{GROUP}/v1") if name == "Free" else KINDS[name]


OBJECTS: dict[str, Fields] = {
    "Secret": {"data": {"a": encoded(HIDDEN)}},
    "ConfigMap": {"data": {"password": HIDDEN, "colour": "blue"}},
    "Deployment": {
        "spec": {"replicas": 0, "paused": True, "selector": {"matchLabels": {"app": "o"}}, "template": _TEMPLATE}
    },
    "Free": {
        "spec": {
            "one": {"name": "PASSWORD", "value": HIDDEN},
            "many": [{"id": 1, "name": "PASSWORD", "value": HIDDEN}],
            "inner": {"kind": "Secret", "data": {"a": encoded(HIDDEN)}},
        }
    },
}

ATTEMPTS: dict[str, tuple[str, Any]] = {
    "copy a Secret's value into an annotation": (
        "Secret", [_EMPTY, {"op": "copy", "from": "/data/a", "path": _OPEN}],
    ),
    "move a Secret's value into an annotation": (
        "Secret", [_EMPTY, {"op": "move", "from": "/data/a", "path": _OPEN}],
    ),
    "copy all values to be annotations": (
        "Secret", [{"op": "copy", "from": "/data", "path": "/metadata/annotations"}],
    ),
    "copy through a second place": (
        "Secret",
        [_EMPTY, {"op": "copy", "from": "/data/a", "path": "/data/b"},
         {"op": "move", "from": "/data/b", "path": _OPEN}],
    ),
    "copy a Secret's value into a label": (
        "Secret", [{"op": "add", "path": "/metadata/labels", "value": {}},
                   {"op": "copy", "from": "/data/a", "path": "/metadata/labels/open"}],
    ),
    "move a key to another name": (
        "ConfigMap", [{"op": "move", "from": "/data/password", "path": "/data/shade"}],
    ),
    "copy a key over another one": (
        "ConfigMap", [{"op": "copy", "from": "/data/password", "path": "/data/colour"}],
    ),
    "rename a variable": (
        "Deployment", [{"op": "replace", "path": f"{_WEB}/env/1/name", "value": "SHADE"}],
    ),
    "rename a variable, counted from the end": (
        "Deployment", [{"op": "replace", "path": f"{_WEB}/env/-1/name", "value": "SHADE"}],
    ),
    "rename a variable behind one that is put before it": (
        "Deployment",
        [{"op": "add", "path": f"{_WEB}/env/0", "value": {"name": "A", "value": "a"}},
         {"op": "replace", "path": f"{_WEB}/env/2/name", "value": "SHADE"}],
    ),
    "copy a value beside another name": (
        "Deployment", [{"op": "copy", "from": f"{_WEB}/env/1/value", "path": f"{_WEB}/env/0/value"}],
    ),
    "take away the option before a value": ("Deployment", [{"op": "remove", "path": f"{_WEB}/args/0"}]),
    "rename what a map calls itself": ("Free", {"spec": {"one": {"name": "COLOUR"}}}),
    "rename it by a JSON patch": ("Free", [{"op": "replace", "path": "/spec/one/name", "value": "COLOUR"}]),
    "make no Secret of what is one inside": ("Free", {"spec": {"inner": {"kind": "Public"}}}),
    "make no Secret of it by a JSON patch": ("Free", [{"op": "remove", "path": "/spec/inner/kind"}]),
    "rename an item of a list": ("Free", [{"op": "replace", "path": "/spec/many/0/name", "value": "COLOUR"}]),
}  # fmt: skip


@pytest.fixture(scope="module")
def _defined(cluster: Cluster) -> Iterator[None]:
    cluster.kubectl("apply", "-f", "-", stdin=json.dumps(definition("Free", group=GROUP)))
    cluster.kubectl("wait", "--for=condition=Established", f"crd/frees.{GROUP}", "--timeout=30s")
    yield
    cluster.kubectl("delete", "crd", f"frees.{GROUP}", "--wait=false")


@pytest.fixture(scope="module")
def place(cluster: Cluster, _defined: None) -> Iterator[str]:
    cluster.kubectl("create", "namespace", "hidden")
    for name, fields in OBJECTS.items():
        manifest = {**_kind(name).manifest("o"), **fields}
        cluster.kubectl("create", "-n", "hidden", "-f", "-", stdin=json.dumps(manifest))
    yield "hidden"
    cluster.kubectl("delete", "namespace", "hidden", "--wait=false")


def _which(name: str, place: str) -> dict[str, str]:
    return {"resourceType": _kind(name).resource, "namespace": place, "name": "o"}


async def _seen(call: Call, which: dict[str, str]) -> str:
    """All that can be read of the object."""
    asked = {key: which[key] for key in ("resourceType", "namespace")}
    results = [
        await call("k8s_get_resource", **which, full=True),
        await call("k8s_describe_resource", **which),
        await call("k8s_list_resources", **asked, columns="ALL:.metadata,SPEC:.spec,DATA:.data"),
    ]
    return "\n".join(map(text, results))


@pytest.mark.parametrize("attempt", ATTEMPTS)
async def test_a_hidden_value_is_not_brought_out(cluster: Cluster, place: str, call: Call, attempt: str) -> None:
    name, patch = ATTEMPTS[attempt]
    form, which = "json" if isinstance(patch, list) else "merge", _which(name, place)
    before = told(cluster.api.get(_kind(name).path(place, "o")))
    for dry_run in (True, False):
        result = await call("k8s_patch_resource", **which, patch=patch, patchType=form, dryRun=dry_run)
        assert result.is_error
        assert "hidden value" in text(result)
        assert PLANTED.left_in(text(result)) == []
    assert told(cluster.api.get(_kind(name).path(place, "o"))) == before
    assert PLANTED.left_in(await _seen(call, which)) == []


@pytest.mark.parametrize("patch", [{"one": {"name": "COLOUR"}}, {"inner": {"kind": "Public"}}])
async def test_nor_by_applying_a_part_of_it(cluster: Cluster, place: str, call: Call, patch: Fields) -> None:
    manifest = {"apiVersion": f"{GROUP}/v1", "kind": "Free", "metadata": {"name": "o"}, "spec": patch}
    before = told(cluster.api.get(_kind("Free").path(place, "o")))
    for dry_run in (True, False):
        result = await call("k8s_apply_resource", manifest=manifest, namespace=place, force=True, dryRun=dry_run)
        assert "hidden value" in text(result)
        assert PLANTED.left_in(text(result)) == []
    assert told(cluster.api.get(_kind("Free").path(place, "o"))) == before


async def test_what_does_not_touch_hidden_values_is_carried_out_and_undone(
    cluster: Cluster, place: str, call: Call
) -> None:
    patches: dict[str, Any] = {
        "Secret": {"metadata": {"labels": {"tier": "back"}}, "data": {"new": encoded("x")}},
        "ConfigMap": [{"op": "move", "from": "/data/colour", "path": "/data/shade"}],
        "Deployment": [{"op": "replace", "path": f"{_WEB}/env/0/name", "value": "SHADE"}],
        "Free": {"spec": {"one": {"name": "OTHER_PASSWORD"}}},
    }
    for name, patch in patches.items():
        before = told(cluster.api.get(_kind(name).path(place, "o")))
        form = "json" if isinstance(patch, list) else "merge"
        result = await call("k8s_patch_resource", **_which(name, place), patch=patch, patchType=form)
        assert not result.is_error, text(result)
        undone = await call("k8s_undo_change", changeId=change_id(text(result)))
        assert not undone.is_error, text(undone)
        assert PLANTED.left_in(text(result) + text(undone)) == []
        assert told(cluster.api.get(_kind(name).path(place, "o"))) == before


async def test_a_value_that_the_caller_sends_may_stand_anywhere(place: str, call: Call) -> None:
    """They know it. What else is hidden stays hidden all the same."""
    patch = {"metadata": {"annotations": {"theirs": "open-words"}}, "stringData": {"also": "open-words"}}
    result = await call("k8s_patch_resource", **_which("Secret", place), patch=patch, patchType="merge", dryRun=True)
    assert not result.is_error, text(result)
    assert '.metadata.annotations\t(none)\t{"theirs":"open-words"}' in text(result)


async def test_what_may_not_be_read_is_not_moved_about_blindly(cluster: Cluster, place: str, serving: Any) -> None:
    del cluster
    async with serving(denied_operations=["get"]) as call:
        patch = [_EMPTY, {"op": "copy", "from": "/data/a", "path": _OPEN}]
        for dry_run in (True, False):
            result = await call(
                "k8s_patch_resource", **_which("Secret", place), patch=patch, patchType="json", dryRun=dry_run
            )
            assert "copy and move are refused" in text(result)


async def test_a_guess_is_no_way_to_read_a_value_out_piece_by_piece(place: str, call: Call) -> None:
    """A test of the wrong value fails, and its failure tells nothing of the right one."""
    patch = [{"op": "test", "path": "/data/a", "value": encoded(HIDDEN)[:-4]}]
    result = await call("k8s_patch_resource", **_which("Secret", place), patch=patch, patchType="json", dryRun=True)
    assert result.is_error
    assert Planted((HIDDEN[-12:],)).left_in(text(result)) == []
