"""Deletes: what is held, what a selector takes along, and what the caller has to say first."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from tests.writing.kinds import KINDS
from tests.writing.watched import change_id, writes

if TYPE_CHECKING:
    from tests.cluster import Cluster
    from tests.invariants.probes import Witness
    from tests.writing.conftest import Ask

_MAP = KINDS["ConfigMap"]
_DELETE = "k8s_delete_resource"


def _which(namespace: str, **more: Any) -> dict[str, Any]:
    return {"resourceType": "configmaps", "namespace": namespace, **more}


def _make(cluster: Cluster, namespace: str, count: int) -> list[str]:
    names = [f"many-{number:02}" for number in range(count)]
    at = _MAP.path(namespace)
    cluster.api.ensure_all([(at, _MAP.manifest(name, labels={"many": "yes"})) for name in names])
    return names


def _names(cluster: Cluster, namespace: str) -> set[str]:
    return {item["metadata"]["name"] for item in cluster.api.get(_MAP.path(namespace))["items"]} - {"kube-root-ca.crt"}


async def test_finalizers_that_hold_a_delete_are_named(cluster: Cluster, namespace: str, ask: Ask) -> None:
    cluster.api.post(_MAP.path(namespace), _MAP.manifest("o", finalizers=["example.com/hold"]))
    tried = await ask(_DELETE, **_which(namespace, name="o"), dryRun=True)
    assert "cannot be undone: its finalizers clean up what would not come back with it" in tried
    answer = await ask(_DELETE, **_which(namespace, name="o"))
    assert "marked for deletion, held by its finalizers example.com/hold" in answer
    assert "o" in _names(cluster, namespace)
    cluster.api.patch(_MAP.path(namespace, "o"), {"metadata": {"finalizers": None}})


async def test_a_selector_takes_a_few_at_once_each_with_an_id_of_its_own(
    cluster: Cluster, namespace: str, ask: Ask
) -> None:
    names = _make(cluster, namespace, 3)
    cluster.api.post(_MAP.path(namespace), _MAP.manifest("other"))
    tried = await ask(_DELETE, **_which(namespace, labelSelector="many=yes"), dryRun=True)
    assert all(f"configmap/{name} would be deleted in {namespace}" in tried for name in names)
    answer = await ask(_DELETE, **_which(namespace, labelSelector="many=yes"))
    assert all(f"configmap/{name} deleted in {namespace}" in answer for name in names)
    assert len(set(re.findall(r"changeId (\w+)", answer))) == 3
    assert _names(cluster, namespace) == {"other"}
    await ask("k8s_undo_change", changeId=change_id(answer))
    assert _names(cluster, namespace) == {"other", names[0]}


async def test_more_than_a_few_are_listed_and_need_their_number(
    cluster: Cluster, namespace: str, ask: Ask, refused: Ask, witness: Witness
) -> None:
    names = _make(cluster, namespace, 12)
    for confirm in ({}, {"confirm": "11"}, {"confirm": "yes"}):
        said = await refused(_DELETE, **_which(namespace, labelSelector="many=yes"), **confirm)
        assert "12 objects match" in said
        assert all(name in said for name in names)
        assert "pass confirm=12" in said
    assert writes(witness.seen()) == []
    answer = await ask(_DELETE, **_which(namespace, labelSelector="many=yes"), confirm="12")
    assert answer.count(" deleted in ") == 12
    assert _names(cluster, namespace) == set()


async def test_a_selector_that_matches_nothing_deletes_nothing(namespace: str, ask: Ask) -> None:
    assert "Nothing matches" in await ask(_DELETE, **_which(namespace, labelSelector="many=none"))


async def test_only_the_object_of_that_uid_is_deleted(cluster: Cluster, namespace: str, ask: Ask, refused: Ask) -> None:
    uid = cluster.api.post(_MAP.path(namespace), _MAP.manifest("o"))["metadata"]["uid"]
    await refused(_DELETE, **_which(namespace, name="o"), uid="00000000-0000-0000-0000-000000000000")
    assert _names(cluster, namespace) == {"o"}
    await ask(_DELETE, **_which(namespace, name="o"), uid=uid)
    assert _names(cluster, namespace) == set()


async def test_dependents_are_orphaned_where_that_is_asked_for(cluster: Cluster, namespace: str, ask: Ask) -> None:
    web = KINDS["Deployment"]
    cluster.api.post(web.path(namespace), web.manifest("web"))
    uid = cluster.api.get(web.path(namespace, "web"))["metadata"]["uid"]
    owner = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web", "uid": uid}
    cluster.api.post(_MAP.path(namespace), _MAP.manifest("owned", ownerReferences=[owner]))
    which = {"resourceType": "deployments", "name": "web", "namespace": namespace}
    await ask(_DELETE, **which, propagationPolicy="Orphan")
    cluster.kubectl("wait", "--for=delete", "deployment/web", "-n", namespace, "--timeout=30s")
    assert "ownerReferences" not in cluster.api.get(_MAP.path(namespace, "owned"))["metadata"]
