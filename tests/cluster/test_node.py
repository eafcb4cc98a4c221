"""The real node: it is there for who asks, it is nobody's but the run's, and nothing of it is left."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.cluster import Cluster
from tests.cluster.folders import is_running, remove_leftovers
from tests.cluster.node import Pods, shared, simulated

if TYPE_CHECKING:
    from collections.abc import Iterator

_ROOT = Path(__file__).parents[2]
_OWNER = """
import sys
from tests.cluster import start
from tests.cluster.node import Pods, shared, simulated
cluster = start(kwok=False)
shared(cluster).pods(cluster).run("default", "left")
print(cluster.to_json(), flush=True)
sys.stdin.read()
cluster.stop()
"""


@pytest.fixture
def owner(pods: Pods) -> Iterator[tuple[subprocess.Popen[str], Cluster]]:  # noqa: ARG001 - where no node can be, no owner
    """Another process with a cluster and a node of its own, on which a pod runs."""
    process = subprocess.Popen(
        [sys.executable, "-c", _OWNER], cwd=_ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, encoding="utf-8"
    )
    assert process.stdout is not None
    with process:
        yield process, Cluster.from_json(process.stdout.readline())
        process.kill()


def test_a_pod_runs_and_a_command_in_it_tells_its_own_exit_code(cluster: Cluster, pods: Pods, namespace: str) -> None:
    pods.run(namespace, "one")
    with pytest.raises(subprocess.CalledProcessError) as failed:
        cluster.kubectl("exec", "--namespace", namespace, "one", "--", "sh", "-c", "echo out; echo err >&2; exit 7")
    assert (failed.value.returncode, failed.value.stdout) == (7, "out\n")


def test_whoever_asks_gets_the_same_node(cluster: Cluster, pods: Pods) -> None:
    assert shared(cluster) == shared(cluster)
    assert [node["metadata"]["name"] for node in _real_nodes(cluster)] == [pods.node]


def test_nothing_is_left_when_a_run_ends(owner: tuple[subprocess.Popen[str], Cluster]) -> None:
    process, cluster = owner
    assert _traces(cluster)
    assert process.stdin is not None
    process.stdin.close()
    assert process.wait(30) == 0
    assert _traces(cluster) == []


def test_the_next_run_removes_what_a_killed_one_left(owner: tuple[subprocess.Popen[str], Cluster]) -> None:
    process, cluster = owner
    noted = [note.read_text("utf-8") for note in cluster.folder.glob("processes/*")]
    os.kill(process.pid, signal.SIGKILL)
    process.wait(30)
    remove_leftovers()
    assert _traces(cluster) == []
    limit = time.monotonic() + 10
    while any(map(is_running, noted)):
        assert time.monotonic() < limit
        time.sleep(0.05)


def test_where_there_can_be_no_real_node_a_simulated_one_runs_commands_on_this_machine(own_cluster: Cluster) -> None:
    folder = simulated.start(own_cluster)
    (folder / "container.log").write_text("2026-01-01T00:00:00Z stdout F printed\n", "utf-8")
    own_cluster.api.ensure("/api/v1/namespaces", {"metadata": {"name": "default"}})
    Pods(api=own_cluster.api, node=simulated.NAME).run("default", "one")
    assert own_cluster.kubectl("exec", "one", "--", "pwd") == f"{folder}\n"
    assert own_cluster.kubectl("logs", "one") == "printed\n"


def _traces(cluster: Cluster) -> list[str]:
    """What there is on this machine that carries the run's name."""
    name = cluster.folder.name
    mounts = Path("/proc/mounts").read_text("utf-8").splitlines()
    places = [cluster.folder, *Path("/dev/shm").glob(f"{name}*"), *Path("/sys/fs/cgroup").glob(f"*/{name}")]  # noqa: S108
    places += [Path("/sys/fs/cgroup", name)]
    processes = [entry for entry in Path("/proc").glob("[0-9]*/cmdline") if name.encode() in _read(entry)]
    return [*map(str, filter(Path.exists, places)), *(m for m in mounts if name in m), *map(str, processes)]


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError:  # it has just ended
        return b""


def _real_nodes(cluster: Cluster) -> list[dict[str, dict[str, str]]]:
    nodes: list[dict[str, dict[str, str]]] = cluster.api.get("/api/v1/nodes")["items"]
    return [node for node in nodes if not node["metadata"]["name"].startswith("kwok")]
