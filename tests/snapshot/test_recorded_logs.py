"""`mcp-kubernetes snapshot --logs`: a recording answers for logs as the real node did, and holds no credential."""

from __future__ import annotations

import re
import tarfile
from typing import TYPE_CHECKING, Any

import pytest

import mcp_kubernetes_pods
from mcp_kubernetes.identity import Identity
from mcp_kubernetes_snapshot import Snapshots
from mcp_kubernetes_snapshot.recorder.command import RecorderOptions, recorder
from pytest_mcp_kubernetes.apps import Apps
from pytest_mcp_kubernetes.static import Static
from tests.cluster.node import BUSYBOX, has_ended
from tests.snapshot.contract import comparable

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from mcp_kubernetes.spi import Outcome
    from tests.cluster import Cluster
    from tests.cluster.node import Pods

_CREDENTIAL = "correct-horse-battery-staple"
_SCRIPT = f"for i in 1 2 3 4; do echo line $i; done; echo Authorization: Bearer {_CREDENTIAL}"
_FENCE = re.compile(r"<<<data (\w+)(\n.*\n)\1>>>", re.DOTALL)
_LONG = "an-app-with-a-name-that-is-as-long-as-those-that-a-controller-makes-" * 2 + "0"

QUESTIONS: Mapping[str, Mapping[str, Any]] = {
    "all of it": {"podName": "web", "containerName": "*"},
    "the default": {"podName": "web"},
    "another container": {"podName": "web", "containerName": "side"},
    "the newest lines": {"podName": "web", "tailLines": 2},
    "with times": {"podName": "web", "timestamps": True},
    "lines that match": {"podName": "web", "grep": "line [24]"},
    "several pods": {"labelSelector": "app=web"},
    "since before": {"podName": "web", "sinceSeconds": 3_600},
    "the run before": {"podName": "web", "previous": True},
    "the run before of one that crashed": {"podName": "crashed", "previous": True},
    "one that crashed": {"podName": "crashed"},
    "one that waits": {"podName": "waiting"},
    "a container that is not there": {"podName": "web", "containerName": "none"},
    "a pod that is not there": {"podName": "none"},
    "a name of many letters": {"podName": _LONG},
}


@pytest.fixture
def shop(pods: Pods, namespace: str) -> str:
    """Pods that have printed what they ever will: one of them crashed and runs again, one waits."""
    printing = {"main": ["sh", "-c", _SCRIPT], "side": ["echo", "beside"]}
    pods.make(namespace, "web", printing, labels={"app": "web"}, restartPolicy="Never")
    pods.make(namespace, _LONG, {"main": ["echo", "long"]}, labels={"app": "web"}, restartPolicy="Never")
    _crash_once(pods, namespace, "crashed")
    never = {"name": "prepare", "image": BUSYBOX, "command": ["sleep", "2147483647"]}
    pods.make(namespace, "waiting", {"main": ["true"]}, initContainers=[never])
    pods.until(namespace, "waiting", lambda pod: bool(pod["status"].get("initContainerStatuses")), "initialising")
    pods.until(namespace, "crashed", _runs_again, "restarted")
    for name in ("web", _LONG):
        pods.until(namespace, name, has_ended, "at its end")
    return namespace


def _crash_once(pods: Pods, namespace: str, name: str) -> None:
    """Make a pod whose container ends once, and then runs on; an emptyDir outlives the first run."""
    script = "echo doomed; [ -e /kept/ran ] && exec sleep 2147483647; touch /kept/ran; exit 3"
    spec = pods.spec({"main": ["sh", "-c", script]}, nodeName=pods.node, volumes=[{"name": "kept", "emptyDir": {}}])
    spec["containers"][0]["volumeMounts"] = [{"name": "kept", "mountPath": "/kept"}]
    pods.api.post(f"/api/v1/namespaces/{namespace}/pods", {"metadata": {"name": name}, "spec": spec})


def _runs_again(pod: dict[str, Any]) -> bool:
    statuses = pod["status"].get("containerStatuses", ())
    return any(each["restartCount"] and each["state"].get("running") for each in statuses)


async def _recorded(cluster: Cluster, *, stop_at: str = "never", **options: Any) -> Outcome:
    def progress(_done: int, _of: int, name: str, _objects: int) -> None:
        if name.endswith(stop_at):
            raise OSError("the terminal is gone")

    source = {"static": Static(cluster.kubeconfig)}
    async with Apps().make(source, {"kubernetes": {"qps_limit": 0}}) as app:
        return await app.resources.run(recorder(RecorderOptions(**options), progress, lambda _: None))


async def _answers(source: Mapping[str, object], namespace: str, settings: Any = None) -> dict[str, tuple[bool, str]]:
    async with Apps().make({"pods": mcp_kubernetes_pods, **source}, settings or {}) as app:
        found = {}
        for name, question in QUESTIONS.items():
            arguments = {"namespace": namespace, **question}
            outcome = await app.call("k8s_get_pod_logs", arguments, identity=Identity.local(), session=None)
            found[name] = outcome.is_error, _FENCE.sub(r"\2", comparable("\n".join(outcome.blocks)))
        return found


async def test_logs_are_answered_as_the_node_answered(cluster: Cluster, shop: str, tmp_path: Path) -> None:
    file = tmp_path / "shop.tar"
    outcome = await _recorded(cluster, out=file, namespaces=(shop,), kinds=("pods",), logs=1_000)
    assert "4 objects and 6 logs of" in "".join(outcome.blocks)
    living = await _answers({"static": Static(cluster.kubeconfig)}, shop)
    assert await _answers({"snapshot": Snapshots}, shop, {"snapshot": {"paths": (file,)}}) == living
    assert _CREDENTIAL.encode() not in file.read_bytes()


async def test_no_more_lines_are_kept_than_were_asked_for(cluster: Cluster, shop: str, tmp_path: Path) -> None:
    file = tmp_path / "shop.tar"
    await _recorded(cluster, out=file, namespaces=(shop,), kinds=("pods",), logs=2)
    assert b" line 4\n" in file.read_bytes()
    assert b" line 3\n" not in file.read_bytes()


async def test_logs_go_on_where_they_were_interrupted(cluster: Cluster, shop: str, tmp_path: Path) -> None:
    file = tmp_path / "shop.tar"
    asked: dict[str, Any] = {"out": file, "namespaces": (shop,), "kinds": ("pods",), "logs": 10}
    assert (await _recorded(cluster, stop_at="/web", **asked)).is_error
    outcome = await _recorded(cluster, **asked)
    assert "4 objects and 6 logs of" in "".join(outcome.blocks)
    with tarfile.open(file) as archive:
        logs = [name for name in archive.getnames() if name.endswith(".log")]
    assert len(logs) == len({*logs}) == 6
