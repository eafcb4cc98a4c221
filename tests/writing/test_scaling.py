"""Scaling: any kind that can be, from old to new, and on request until the replicas are there."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

from tests.writing.definitions import define, undefine
from tests.writing.kinds import KINDS
from tests.writing.watched import change_id

if TYPE_CHECKING:
    import pytest

    from tests.cluster import Cluster
    from tests.writing.asking import Asking
    from tests.writing.conftest import Ask

GROUP = "scaling.example.com"
_SCALE = "k8s_scale_resource"
_WEB = KINDS["Deployment"]


async def test_old_and_new_are_told_for_each_kind_that_scales(cluster: Cluster, namespace: str, ask: Ask) -> None:
    define(cluster, GROUP)
    fields = {"Deployment": ".spec.replicas", "StatefulSet": ".spec.replicas", "Typed": ".spec.replicas"}
    for name, field in fields.items():
        kind = replace(KINDS[name], api_version=f"{GROUP}/v1") if name == "Typed" else KINDS[name]
        cluster.api.post(kind.path(namespace), kind.manifest("o"))
        before = cluster.api.get(kind.path(namespace, "o", "scale"))["spec"].get("replicas", 0)
        which = {"resourceType": kind.resource, "name": "o", "namespace": namespace}
        answer = await ask(_SCALE, **which, replicas=5)
        assert f"{field}\t{before}\t5" in answer
        assert cluster.api.get(kind.path(namespace, "o", "scale"))["spec"]["replicas"] == 5
        await ask("k8s_undo_change", changeId=change_id(answer))
        assert cluster.api.get(kind.path(namespace, "o", "scale"))["spec"].get("replicas", 0) == before
    undefine(cluster, GROUP)


async def test_a_wait_ends_when_the_replicas_are_ready(cluster: Cluster, namespace: str, ask: Ask) -> None:
    """kwok plays the nodes; its pods run at once."""
    cluster.nodes(1)
    template = {"metadata": {"labels": {"app": "o"}}, "spec": {"containers": [{"name": "a", "image": "a:1"}]}}
    spec = {"replicas": 0, "selector": {"matchLabels": {"app": "o"}}, "template": template}
    manifest = {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": "web"}, "spec": spec}
    cluster.kubectl("wait", "--for=create", "serviceaccount/default", "-n", namespace, "--timeout=30s")
    cluster.kubectl("create", "-n", namespace, "-f", "-", stdin=json.dumps(manifest))
    which = {"resourceType": "deployments", "name": "web", "namespace": namespace}
    answer = await ask(_SCALE, **which, replicas=2, waitSeconds=90)
    assert "note: All 2 replicas are ready." in answer
    assert cluster.api.get(_WEB.path(namespace, "web"))["status"]["readyReplicas"] == 2
    await ask(_SCALE, **which, replicas=0)


async def test_a_wait_that_is_too_short_says_how_far_it_came(
    cluster: Cluster, namespace: str, ask: Ask, caplog: pytest.LogCaptureFixture
) -> None:
    """A paused one makes no pods."""
    cluster.api.post(_WEB.path(namespace), {**_WEB.manifest("web"), "spec": {**_WEB.fields["spec"], "paused": True}})
    which = {"resourceType": "deployments", "name": "web", "namespace": namespace}
    answer = await ask(_SCALE, **which, replicas=3, waitSeconds=1)
    assert "scaled" in answer
    assert "note: After 1 s 0 of 3 replicas are ready." in answer
    assert '"outcome": "ok"' in caplog.text


async def test_who_waits_is_told_how_far_it_is(asking: Asking) -> None:
    told: list[tuple[float | None, str | None]] = []

    async def tell(progress: float, total: float | None, message: str | None) -> None:
        assert total is None or progress <= total
        told.append((total, message))

    web = {**_WEB.manifest("web"), "spec": {**_WEB.fields["spec"], "paused": True}}
    asking.cluster.api.post(_WEB.path(asking.namespace), web)
    which = {"resourceType": "deployments", "name": "web", "namespace": asking.namespace}
    async with asking.client("auto", None) as client:
        await client.call_tool(_SCALE, {**which, "replicas": 3, "waitSeconds": 2}, progress_callback=tell)
    assert set(told) == {(2, "0 of 3 replicas are ready.")}


async def test_a_dry_run_does_not_wait(cluster: Cluster, namespace: str, ask: Ask) -> None:
    cluster.api.post(_WEB.path(namespace), _WEB.manifest("web"))
    which = {"resourceType": "deployments", "name": "web", "namespace": namespace}
    answer = await ask(_SCALE, **which, replicas=3, waitSeconds=500, dryRun=True)
    assert "would be scaled" in answer
    assert "replicas are ready" not in answer
