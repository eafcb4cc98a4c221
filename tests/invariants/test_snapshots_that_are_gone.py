"""Invariant 10 when the API server has dropped the list that a cursor stands in: etcd was really compacted."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import pytest

import mcp_kubernetes_resources
from mcp_kubernetes import App, Identity
from pytest_mcp_kubernetes.static import Static
from tests.cluster import start
from tests.invariants.lists import BY_NAMESPACE, CURSOR, OVER_ALL

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mcp_kubernetes.spi import Outcome
    from tests.cluster import Cluster

SPACES = ("gone-a", "gone-b")
STAYING = range(1, 10)
INCONSISTENT = "this goes on inconsistently, in the present list"
WHERE = 'object.data.kept == "yes"'
_LOOKS = 20_000


@pytest.fixture(scope="module")
def forgetful(cluster: Cluster) -> Iterator[Cluster]:
    """An API server that compacts its etcd each second; an etcd of its own, for compaction goes over all prefixes."""
    assert cluster.version
    with start(extra_args=["--etcd-compaction-interval=1s"], controllers=False, kwok=False) as mine:
        for space in SPACES:
            mine.api.ensure("/api/v1/namespaces", {"metadata": {"name": space}})
            for number in STAYING:
                _write(mine, space, f"cm-{number}0")
        yield mine


def _write(cluster: Cluster, space: str, name: str) -> None:
    body = {"metadata": {"name": name, "labels": {"gone": "here"}}, "data": {"kept": "yes"}}
    cluster.api.ensure(f"/api/v1/namespaces/{space}/configmaps", body)


def _delete(cluster: Cluster, space: str, name: str) -> None:
    cluster.kubectl("delete", "configmap", name, "-n", space)


def _wait_until_gone(cluster: Cluster) -> None:
    """Return when the API server can no longer show a list as it is now."""
    with cluster.api.trying() as send:
        path = f"/api/v1/namespaces/{SPACES[0]}/configmaps?limit=1"
        token = send("GET", path, None)[1]["metadata"]["continue"]
        for number in range(_LOOKS):
            if send("GET", f"{path}&continue={token}", None)[0] == 410:
                return
            # A snapshot is the older the more was written since.
            send("PATCH", f"/api/v1/namespaces/{SPACES[0]}", {"metadata": {"labels": {"n": str(number)}}})
    raise AssertionError("the API server has forgotten nothing")


async def _ask(app: App, **arguments: Any) -> Outcome:
    asked = {"resourceType": "configmaps", "labelSelector": "gone=here", **arguments}
    outcome = await app.call("k8s_list_resources", asked, identity=Identity.local(), session=None)
    assert not outcome.is_error, outcome.blocks
    return outcome


def _names(outcome: Outcome) -> list[str]:
    return re.findall(r"\bcm-\d+\b", outcome.blocks[0]) if "cm-" in outcome.blocks[0] else []


WAYS: tuple[Mapping[str, Any], ...] = tuple(
    {**scope, **more, "limit": 4}
    for scope in ({"namespace": SPACES[0]}, {"allNamespaces": True})
    for more in (
        {},
        {"output": "json"},
        {"columns": "NAME:.metadata.name"},
        {"where": WHERE},
        {"where": WHERE, "columns": "NAME:.metadata.name"},
    )
)


async def _rest(app: App, way: Mapping[str, Any], cursor: str) -> list[str]:
    """All that comes after a cursor. The first answer has to say that it is not of the same list."""
    answer = await _ask(app, **way, **{"continue": cursor})
    assert INCONSISTENT in answer.blocks[-1], answer.blocks
    found = _names(answer)
    while following := CURSOR.search("\n".join(answer.blocks)):
        answer = await _ask(app, **way, **{"continue": following[1]})
        found += _names(answer)
    return found


@pytest.mark.parametrize("settings", [BY_NAMESPACE, OVER_ALL], ids=["by namespace", "over all"])
async def test_a_list_goes_on_in_the_present_one_and_says_so(
    forgetful: Cluster, settings: Mapping[str, Mapping[str, Any]]
) -> None:
    plugins = {"resources": mcp_kubernetes_resources, "static": Static(forgetful.kubeconfig)}
    async with App.of(settings, plugins=plugins) as app:
        begun = [await _ask(app, **way) for way in WAYS]
        cursors = [CURSOR.search("\n".join(answer.blocks)) for answer in begun]
        assert all(cursors)
        _change(forgetful)
        rests = [await _rest(app, way, cursor[1]) for way, cursor in zip(WAYS, cursors, strict=True) if cursor]
        _change_back(forgetful)
    throughout = [f"cm-{number}0" for number in STAYING]
    for way, first, rest in zip(WAYS, begun, rests, strict=True):
        others = throughout if "allNamespaces" in way else []
        assert _names(first) + rest == [*throughout, "cm-95", *others], way


async def test_a_table_whose_rows_have_no_names_is_to_be_started_again(forgetful: Cluster) -> None:
    for number in range(3):
        forgetful.api.ensure(f"/api/v1/namespaces/{SPACES[1]}/events", _event(number))
    plugins = {"resources": mcp_kubernetes_resources, "static": Static(forgetful.kubeconfig)}
    asked = {"resourceType": "events", "namespace": SPACES[1], "limit": 2}
    async with App.of(BY_NAMESPACE, plugins=plugins) as app:
        first = await app.call("k8s_list_resources", asked, identity=Identity.local(), session=None)
        cursor = CURSOR.search("\n".join(first.blocks))
        assert cursor is not None
        _wait_until_gone(forgetful)
        asked |= {"continue": cursor[1]}
        answer = await app.call("k8s_list_resources", asked, identity=Identity.local(), session=None)
    assert answer.is_error
    assert "Start the list again without `continue`." in answer.blocks[0]


def _event(number: int) -> dict[str, Any]:
    involved = {"kind": "Pod", "namespace": SPACES[1], "name": "a"}
    return {"metadata": {"name": f"e-{number}"}, "involvedObject": involved, "reason": "A", "message": "b"}


def _change(cluster: Cluster) -> None:
    """A row that was given goes, one comes before it and one at the end; and the list as it was is forgotten."""
    _delete(cluster, SPACES[0], "cm-10")
    for name in ("cm-05", "cm-95"):
        _write(cluster, SPACES[0], name)
    _wait_until_gone(cluster)


def _change_back(cluster: Cluster) -> None:
    _write(cluster, SPACES[0], "cm-10")
    for name in ("cm-05", "cm-95"):
        _delete(cluster, SPACES[0], name)
