"""A snapshot beside other clusters: which one a call goes to, what is said of it, and what it does not do."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

import mcp_kubernetes_contexts
import mcp_kubernetes_resources
from mcp_kubernetes import Effect, Text, Tool, ToolCall, hookimpl, tool
from mcp_kubernetes.errors import ConfigError
from mcp_kubernetes_snapshot import Snapshots
from pytest_mcp_kubernetes.apps import text

if TYPE_CHECKING:
    from pytest_mcp_kubernetes.apps import Apps

_EVENT = """
apiVersion: v1
kind: Event
metadata: {name: web.1, namespace: default, creationTimestamp: "2026-01-01T10:00:00Z"}
involvedObject: {kind: Pod, name: web, namespace: default}
reason: Started
type: Normal
message: started
firstTimestamp: "2026-01-01T09:50:00Z"
lastTimestamp: "2026-01-01T10:00:00Z"
"""
_KUBECONFIG = """
apiVersion: v1
kind: Config
current-context: far
clusters: [{name: far, cluster: {server: "https://192.0.2.1:1"}}]
contexts: [{name: far, context: {cluster: far}}]
"""


@tool(effect=Effect.WRITE)
async def remove(call: ToolCall) -> Text:
    """Try to delete a pod."""
    return Text(str(await call.cluster.delete("pod", "web", "default")))


class Removing:
    """A plugin with a tool that changes."""

    @hookimpl
    def register_tools(self) -> list[Tool]:
        return [remove]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "dump"
    folder.mkdir()
    (folder / "event.yaml").write_text(_EVENT, "utf-8")
    (folder / "pod.yaml").write_text("apiVersion: v1\nkind: Pod\nmetadata: {name: web}\n", "utf-8")
    return folder


def plugins(**more: object) -> dict[str, object]:
    return {"snapshot": Snapshots, "resources": mcp_kubernetes_resources, **more}


def settings(*paths: Path, **more: Any) -> dict[str, Any]:
    return {"snapshot": {"paths": paths}, **more}


async def test_a_snapshot_that_is_named_is_asked_before_a_kubeconfig(app: Apps, folder: Path, tmp_path: Path) -> None:
    kubeconfig = tmp_path / "config"
    kubeconfig.write_text(_KUBECONFIG, "utf-8")
    contexts = {"contexts": {"kubeconfig": (kubeconfig,)}}
    async with app(plugins(contexts=mcp_kubernetes_contexts.Contexts), settings(folder, **contexts)) as client:
        answer = text(await client.call_tool("k8s_list_resources", {"resourceType": "pods", "output": "name"}))
    assert "web" in answer
    assert "note: Cluster dump was used." in answer


async def test_each_path_is_a_cluster_of_its_own_name(app: Apps, folder: Path, tmp_path: Path) -> None:
    other = tmp_path / "other" / "dump"
    other.mkdir(parents=True)
    (other / "pod.yaml").write_text("apiVersion: v1\nkind: Pod\nmetadata: {name: db}\n", "utf-8")
    async with app(plugins(), settings(folder, other)) as client:
        asked = {"resourceType": "pods", "output": "name"}
        found = [
            text(await client.call_tool("k8s_list_resources", {**asked, "snapshot": n})) for n in ("dump", "dump-2")
        ]
        missing = text(await client.call_tool("k8s_list_resources", {**asked, "snapshot": "dmp"}))
    assert ["web" in answer for answer in found] == [True, False]
    assert "There are dump" in missing


async def test_times_are_told_as_of_the_moment_that_the_snapshot_shows(app: Apps, folder: Path) -> None:
    async with app(plugins(), settings(folder)) as client:
        recent = text(await client.call_tool("k8s_list_events", {"since": "5m"}))
        table = text(await client.call_tool("k8s_list_resources", {"resourceType": "events"}))
    assert "started" in recent
    assert "0s\tNormal\tStarted" in table


async def test_what_could_not_be_read_is_told_with_each_answer(app: Apps, folder: Path) -> None:
    (folder / "cut.json").write_text('{"apiVersion": "v1", "kin', "utf-8")
    async with app(plugins(), settings(folder)) as client:
        answer = text(await client.call_tool("k8s_list_resources", {"resourceType": "pods"}))
    assert "the snapshot is not complete (1 is no JSON object, or a damaged one; the log of this server" in answer


async def test_a_change_is_refused_with_a_sentence(app: Apps, folder: Path) -> None:
    changing = settings(folder, safety={"non_destructive": False})
    async with app(plugins(removing=Removing()), changing) as client:
        answer = await client.call_tool("remove", {})
    assert answer.is_error
    assert "a snapshot can only be read" in text(answer)


async def test_a_file_that_is_no_snapshot_is_told_to_the_call_that_needs_it(app: Apps, tmp_path: Path) -> None:
    (tmp_path / "empty.tar").write_bytes(b"nothing")
    async with app(plugins(), settings(tmp_path / "empty.tar")) as client:
        answer = await client.call_tool("k8s_list_resources", {"resourceType": "pods"})
    assert answer.is_error
    assert "holds no Kubernetes object" in text(answer)


def test_a_path_that_is_not_there_is_an_error_at_the_start(app: Apps, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no file and no folder"):
        app.make(plugins(), settings(tmp_path / "nothing"))
