"""`mcp-kubernetes snapshot`: what is in the file, what is not, and how it goes on after it was interrupted."""

from __future__ import annotations

import json
import stat
import subprocess
import tarfile
from typing import TYPE_CHECKING, Any

import pytest

import mcp_kubernetes_resources
from mcp_kubernetes_snapshot import Snapshots
from mcp_kubernetes_snapshot.recorder.command import RecorderOptions, recorder
from pytest_mcp_kubernetes.apps import Apps, text
from pytest_mcp_kubernetes.static import Static
from tests.snapshot.contract import comparable
from tests.stdio.wire import PROGRAM, environment

if TYPE_CHECKING:
    from pathlib import Path

    from mcp_kubernetes.spi import Outcome
    from tests.cluster import Cluster

_VALUE = "correct horse battery staple"
_CHANGING = {"non_destructive": False}
_KINDS = ("configmaps", "secrets", "serviceaccounts", "horizontalpodautoscalers")


@pytest.fixture
def filled(cluster: Cluster, namespace: str) -> str:
    for number in range(3):
        cluster.kubectl("create", "configmap", f"c{number}", "--from-literal=a=b", "-n", namespace)
    cluster.kubectl("create", "secret", "generic", "s", f"--from-literal=password={_VALUE}", "-n", namespace)
    return namespace


async def record(
    cluster: Cluster, options: RecorderOptions, *, stop_at: int = -1, **settings: Any
) -> tuple[Outcome, list[str]]:
    """The outcome, and what was said on the way; interrupted before the list of that number."""
    said: list[str] = []

    def progress(done: int, *_: object) -> None:
        if done == stop_at:
            raise OSError("the terminal is gone")

    async with Apps().make({"static": Static(cluster.kubeconfig)}, {"kubernetes": {"qps_limit": 0}, **settings}) as app:
        return await app.resources.run(recorder(options, progress, said.append)), said


async def listed(file: Path, namespace: str) -> list[str]:
    """What a server on that file lists, kind by kind."""
    plugins = {"resources": mcp_kubernetes_resources, "snapshot": Snapshots}
    async with Apps()(plugins, {"snapshot": {"paths": (file,)}}) as client:
        asked = {"namespace": namespace, "output": "json"}
        found = [text(await client.call_tool("k8s_list_resources", {"resourceType": kind, **asked})) for kind in _KINDS]
        return [comparable(answer) for answer in found]


def members(file: Path) -> list[str]:
    with tarfile.open(file) as archive:
        return archive.getnames()


def test_it_records_what_was_asked_for_and_no_value_of_a_secret(cluster: Cluster, filled: str, tmp_path: Path) -> None:
    file = tmp_path / "shop.tar"
    done = subprocess.run(
        [str(PROGRAM), "snapshot", "--out", str(file), "--namespaces", filled, "--kinds", "configmaps,secrets"],
        env=environment(cluster.kubeconfig), capture_output=True, encoding="utf-8", check=False, timeout=120,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith("Recorded 5 objects of ")  # and the ConfigMap of the authorities
    assert "Values of Secrets are masked" in done.stdout
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert not list(tmp_path.glob("*.part"))
    assert b"correct horse" not in file.read_bytes()
    assert {name.split("/")[4] for name in members(file) if "/lists/" in name} == {"configmaps", "secrets"}
    assert {"mcp-kubernetes/server/version.json", "mcp-kubernetes/server/openapi/v3/apis/apps/v1.json"} <= {
        *members(file)
    }


async def test_an_interrupted_recording_goes_on_where_it_stopped(cluster: Cluster, filled: str, tmp_path: Path) -> None:
    (tmp_path / "whole").mkdir()
    whole, file = tmp_path / "whole" / "shop.tar", tmp_path / "shop.tar"
    asked: dict[str, Any] = {"namespaces": (filled,), "kinds": _KINDS}
    await record(cluster, RecorderOptions(out=whole, **asked))
    stopped, _ = await record(cluster, RecorderOptions(out=file, **asked), stop_at=2)
    assert stopped.is_error
    partial = tmp_path / "shop.tar.part"
    with partial.open("ab") as damaged:
        damaged.write(b"half a list" * 500_000)
    outcome, said = await record(cluster, RecorderOptions(out=file, **asked))
    assert not outcome.is_error, outcome.blocks
    assert said == [f"{partial} goes on: 2 lists are in it."]
    assert sorted(members(file)) == sorted(members(whole))
    assert b"half a list" not in file.read_bytes()
    assert await listed(file, filled) == await listed(whole, filled)


async def test_a_recording_of_something_else_is_not_taken_up(cluster: Cluster, filled: str, tmp_path: Path) -> None:
    file = tmp_path / "cut.tar"
    await record(cluster, RecorderOptions(out=file, kinds=("configmaps",)), stop_at=1)
    before = (tmp_path / "cut.tar.part").read_bytes()
    outcome, _ = await record(cluster, RecorderOptions(out=file, namespaces=(filled,)))
    assert outcome.is_error
    assert "was begun with another cluster, or other namespaces, kinds or logs" in outcome.blocks[0]
    assert (tmp_path / "cut.tar.part").read_bytes() == before


async def test_what_is_refused_is_left_out_and_said_by_recorder_and_snapshot(
    cluster: Cluster, filled: str, tmp_path: Path
) -> None:
    file = tmp_path / "cut.tar"
    options = RecorderOptions(out=file, namespaces=(filled,), kinds=("configmaps", "secrets"))
    outcome, _ = await record(cluster, options, safety={"denied_kinds": ("secrets",)})
    assert not outcome.is_error, outcome.blocks
    assert "note: Left out: api/v1/secrets" in "\n".join(outcome.blocks)
    configmaps, *_ = await listed(file, filled)
    assert "the snapshot is not complete (1 was left out when the cluster was recorded" in configmaps


@pytest.mark.parametrize(
    ("name", "sentence"), [("there.tar", "there is a file of that name"), ("shop.zip", "its name has to end in .tar")]
)
def test_a_file_that_cannot_be_is_refused_at_once(tmp_path: Path, name: str, sentence: str) -> None:
    (tmp_path / "there.tar").write_text("mine", "utf-8")
    done = subprocess.run(
        [str(PROGRAM), "snapshot", "--out", str(tmp_path / name)],
        env=environment(tmp_path / "none"), capture_output=True, encoding="utf-8", check=False, timeout=60,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (3, "")
    assert sentence in done.stderr
    assert (tmp_path / "there.tar").read_text("utf-8") == "mine"


async def test_a_recorded_row_is_shown_until_its_object_is_changed(
    cluster: Cluster, filled: str, tmp_path: Path
) -> None:
    file = tmp_path / "shop.tar"
    await record(cluster, RecorderOptions(out=file, namespaces=(filled,), kinds=("configmaps",)))
    plugins = {"resources": mcp_kubernetes_resources, "snapshot": Snapshots}
    settings: dict[str, Any] = {"snapshot": {"paths": (file,), "writable": True}, "safety": _CHANGING}
    where = {"resourceType": "configmap", "namespace": filled}
    async with Apps()(plugins, settings) as client:
        before = text(await client.call_tool("k8s_list_resources", where))
        patch = json.dumps({"data": {"x": "y"}})
        await client.call_tool("k8s_patch_resource", {**where, "name": "c1", "patchType": "merge", "patch": patch})
        after = text(await client.call_tool("k8s_list_resources", where))
    assert "c1\t1\t" in before
    assert "c1\t2\t" in after
