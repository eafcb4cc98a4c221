"""What programs collect from a cluster, opened by a real App: the same questions have the same answers in all forms."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import mcp_kubernetes_cluster
import mcp_kubernetes_pods
import mcp_kubernetes_resources
from mcp_kubernetes_snapshot import Snapshots
from pytest_mcp_kubernetes.apps import text
from tests.snapshot.bundles import BUNDLES, RUNNING, container, in_folder, pod, troubleshoot

if TYPE_CHECKING:
    from pytest_mcp_kubernetes.apps import Apps

Ask = Callable[..., Awaitable[str]]

TIMED = ["a must-gather", "a must-gather in a folder", "a bundle of support-bundle-kit"]
UNTIMED = [form for form in BUNDLES if form not in TIMED]
WITH_THE_RUN_BEFORE = [form for form in BUNDLES if "kubectl" not in form]
WITH_ALL_KINDS = WITH_THE_RUN_BEFORE
NO_TIMES = "recorded without times"


@asynccontextmanager
async def asking(app: Apps, path: Path) -> AsyncIterator[Ask]:
    """Calls tools about the snapshot at a path."""
    plugins = {
        "snapshot": Snapshots,
        "resources": mcp_kubernetes_resources,
        "pods": mcp_kubernetes_pods,
        "cluster": mcp_kubernetes_cluster,
    }
    async with app(plugins, {"snapshot": {"paths": (path,)}}) as client:

        async def ask(tool: str, **arguments: Any) -> str:
            return text(await client.call_tool(tool, arguments))

        yield ask


def lines(answer: str) -> list[str]:
    """The lines of a log in an answer, without their fence and the notes."""
    return re.sub(r"<<<data \w+\n|\n\w+>>>|^note: .*$", "", answer, flags=re.MULTILINE).strip().splitlines()


@pytest.mark.parametrize("form", BUNDLES)
async def test_objects_events_and_faults_are_found(app: Apps, tmp_path: Path, form: str) -> None:
    async with asking(app, BUNDLES[form](tmp_path)) as ask:
        pods = await ask("k8s_list_resources", resourceType="pods", namespace="shop")
        events = await ask("k8s_list_events", namespace="shop")
        health = await ask("k8s_get_cluster_health")
    assert re.search(r"web-a\t2/2\tRunning\t1 ", pods)
    assert re.search(r"web-b\t0/1\tCrashLoopBackOff\t7 ", pods)
    assert "Back-off restarting failed container app in pod web-b" in events
    assert re.search(r"critical\tNodeNotReady\tnode/node-b", health)
    assert re.search(r"warning\tCrashLoopBackOff\tpod/web-b in shop", health)


@pytest.mark.parametrize("form", BUNDLES)
async def test_the_logs_of_containers_are_found(app: Apps, tmp_path: Path, form: str) -> None:
    async with asking(app, BUNDLES[form](tmp_path)) as ask:
        proxy = await ask("k8s_get_pod_logs", namespace="shop", podName="web-a", containerName="proxy")
        last = await ask("k8s_get_pod_logs", namespace="shop", podName="web-b", tailLines=1)
        found = await ask("k8s_get_pod_logs", namespace="shop", podName="web-a", grep="upstream")
        unknown = await ask("k8s_get_pod_logs", namespace="shop", podName="web-b", previous=True)
    assert lines(proxy) == ["listening", "ready"]
    assert lines(last) == ["fatal: no database"]
    assert lines(found)[-1].endswith("GET /cart 500 upstream refused")
    assert 'the snapshot holds no log of container "app": its previous container was not recorded' in unknown


@pytest.mark.parametrize("form", WITH_THE_RUN_BEFORE)
async def test_the_log_of_the_run_before_is_found(app: Apps, tmp_path: Path, form: str) -> None:
    async with asking(app, BUNDLES[form](tmp_path)) as ask:
        answer = await ask("k8s_get_pod_logs", namespace="shop", podName="web-a", containerName="app", previous=True)
    assert lines(answer)[-2:] == ["starting", "fatal: no database"]


@pytest.mark.parametrize("form", TIMED)
async def test_times_are_those_that_the_kubelet_wrote(app: Apps, tmp_path: Path, form: str) -> None:
    whose = {"namespace": "shop", "podName": "web-a", "containerName": "proxy"}
    async with asking(app, BUNDLES[form](tmp_path)) as ask:
        stamped = await ask("k8s_get_pod_logs", **whose, timestamps=True)
        late = await ask("k8s_get_pod_logs", **whose, sinceTime="2026-01-01T11:30:00+01:00")
        none = await ask("k8s_get_pod_logs", **whose, sinceSeconds=60)
    assert lines(stamped) == ["2026-01-01T10:00:00.000Z listening", "2026-01-01T11:00:00.100Z ready"]
    assert lines(late) == ["ready"]
    assert "Nothing was printed since then." in none
    assert NO_TIMES not in stamped + late + none


@pytest.mark.parametrize("form", UNTIMED)
async def test_a_log_without_times_is_given_as_a_whole_and_that_is_said(app: Apps, tmp_path: Path, form: str) -> None:
    whose = {"namespace": "shop", "podName": "web-a", "containerName": "proxy"}
    async with asking(app, BUNDLES[form](tmp_path)) as ask:
        plain = await ask("k8s_get_pod_logs", **whose)
        late = await ask("k8s_get_pod_logs", **whose, sinceSeconds=60)
    assert lines(plain) == lines(late) == ["listening", "ready"]
    assert f"{NO_TIMES}, so its lines are marked with the moment up to which it was recorded" in plain
    assert "and those of all times are here" in late
    assert "rotated away" not in plain


async def test_pages_of_a_log_without_times_go_back_to_its_beginning(app: Apps, tmp_path: Path) -> None:
    wanted = [f"line {number} of a log whose lines have no times" for number in range(3_000)]
    files = troubleshoot()
    name = next(name for name in files if name.endswith("/web-a/proxy.log"))
    files[name] = "".join(f"{line}\n" for line in wanted).encode()
    found: list[str] = []
    async with asking(app, in_folder(tmp_path / "bundle", files)) as ask:
        cursor: dict[str, str] = {}
        for _ in range(40):
            whose = {"namespace": "shop", "podName": "web-a", "containerName": "proxy"}
            answer = await ask("k8s_get_pod_logs", **whose, **cursor)
            found = lines(answer) + found
            more = re.search(r"continue=(\S+?),? or narrow", answer)
            if more is None:
                break
            cursor = {"continue": more[1]}
    assert found == wanted


async def test_of_several_logs_without_times_the_ends_are_shown(app: Apps, tmp_path: Path) -> None:
    files = troubleshoot()
    for name in [name for name in files if name.endswith(("/web-a/app.log", "/web-a/proxy.log"))]:
        container = name.rpartition("/")[2].removesuffix(".log")
        files[name] = "".join(f"{container} {number} {'x' * 50}\n" for number in range(5_000)).encode()
    async with asking(app, in_folder(tmp_path / "bundle", files)) as ask:
        answer = await ask("k8s_get_pod_logs", namespace="shop", podName="web-a", containerName="*")
    for container in ("app", "proxy"):
        assert f"{container} 4999 " in answer
        assert f"{container} 4900 " in answer


@pytest.mark.parametrize("form", TIMED[:2])
async def test_what_the_kubelet_had_put_aside_stands_before_what_it_still_wrote_to(
    app: Apps, tmp_path: Path, form: str
) -> None:
    whose = {"namespace": "shop", "podName": "web-a", "containerName": "app"}
    async with asking(app, BUNDLES[form](tmp_path)) as ask:
        present = await ask("k8s_get_pod_logs", **whose, sinceTime="2026-01-01T09:00:00Z", exclude="database|starting")
        before = await ask("k8s_get_pod_logs", **whose, previous=True)
    assert [line.removeprefix("app ") for line in lines(present)] == [
        "put aside first",
        "put aside later",
        "serving on :8080",
        "GET / 200",
        "GET /cart 500 upstream refused",
    ]
    assert lines(before)[0] == "of the run before"


@pytest.mark.parametrize("form", WITH_ALL_KINDS)
async def test_kinds_are_called_as_the_cluster_called_them(app: Apps, tmp_path: Path, form: str) -> None:
    async with asking(app, BUNDLES[form](tmp_path)) as ask:
        constraints = await ask("k8s_list_resources", resourceType="constraints.security.example")
        metrics = await ask("k8s_list_resources", resourceType="pods.metrics.example", namespace="shop")
        kinds = await ask("k8s_get_api_resources", search="example")
    assert "tight" in constraints
    assert "web-a" in metrics
    assert re.search(r"^constraints\t.*\tsecurity.example/v1\tfalse\tConstraints", kinds, re.MULTILINE)
    assert re.search(r"^pods\t.*\tmetrics.example/v1\ttrue\tPodMetrics", kinds, re.MULTILINE)


@pytest.mark.parametrize("form", WITH_THE_RUN_BEFORE)
async def test_the_version_is_that_of_the_api_server(app: Apps, tmp_path: Path, form: str) -> None:
    async with asking(app, BUNDLES[form](tmp_path)) as ask:
        assert "API server v1.30.4" in await ask("k8s_get_cluster_health")


async def test_what_could_not_be_collected_is_said(app: Apps, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    async with asking(app, BUNDLES["a bundle of Troubleshoot"](tmp_path)) as ask:
        answer = await ask("k8s_list_resources", resourceType="pods", namespace="shop")
    assert "the snapshot is not complete (2 could not be collected; the log of this server names them)" in answer
    assert "secrets in shop: secrets is forbidden" in caplog.text
    assert "the log of app in web-b: failed to get log stream" in caplog.text


async def test_what_was_hidden_when_it_was_collected_is_not_hidden_once_more(app: Apps, tmp_path: Path) -> None:
    hidden = {"name": "DB_PASSWORD", "value": "***HIDDEN***"}
    seen = {"name": "API_PASSWORD", "value": "not-a-real-one"}
    web = pod("web-c", "Running", container("app", 0, RUNNING))
    web["spec"]["containers"][0]["env"] = [hidden, seen]
    files = {**troubleshoot(), "bundle/cluster-resources/pods/other.json": json.dumps([web]).encode()}
    async with asking(app, in_folder(tmp_path / "bundle", files)) as ask:
        answer = await ask("k8s_get_resource", resourceType="pods", namespace="shop", name="web-c", full=True)
    assert "***HIDDEN***" in answer
    assert "not-a-real-one" not in answer
    assert answer.count("<masked: ") == 1
