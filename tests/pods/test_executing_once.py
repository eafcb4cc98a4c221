"""Invariant 8 where commands really run: wherever the connection breaks, a command is run once or not at all."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest

from pytest_mcp_kubernetes.apps import text
from pytest_mcp_kubernetes.static import Static
from tests.pods.conftest import NAMESPACE
from tests.pods.cutting_proxy import CuttingProxy, Direction

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from tests.calling import Call, Serving
    from tests.cluster import Cluster

pytestmark = pytest.mark.usefixtures("pods")
POINTS = 10
"""In each direction, spread over all bytes of a command that is run undisturbed."""


@dataclass(frozen=True, kw_only=True)
class Broken:
    """A client whose connections can be cut, and how often its commands have run."""

    proxy: CuttingProxy
    call: Call
    pod: str
    cluster: Cluster

    async def run(self, name: str, direction: Direction = "up", after: int | None = None) -> str:
        """Count to one more in the file of this name, over a connection that is cut there."""
        self.proxy.arm(direction, after)
        # Stays a while: so a cut in the answer finds it running.
        command = ["sh", "-c", f"echo ran >> {name}; cat; sleep 0.1; echo done"]
        where = {"namespace": NAMESPACE, "podName": self.pod, "containerName": "main"}
        return text(await self.call("k8s_exec_pod", **where, command=command, stdin="x" * 2_000))

    def count(self, name: str) -> int:
        """How often it ran, as another client finds out."""
        script = f"cat {name} 2>/dev/null | wc -l"
        return int(self.cluster.kubectl("exec", "--namespace", NAMESPACE, self.pod, "--", "sh", "-c", script))


@pytest.fixture
async def broken(serving: Serving, cluster: Cluster, pod: str, tmp_path: Path) -> AsyncIterator[Broken]:
    async with CuttingProxy(urlsplit(cluster.server).port or 0) as proxy:
        kubeconfig = tmp_path / "kubeconfig"
        kubeconfig.write_text(cluster.kubeconfig.read_text("utf-8").replace(cluster.server, proxy.url), "utf-8")
        async with serving(Static(kubeconfig)) as call:
            found = Broken(proxy=proxy, call=call, pod=pod, cluster=cluster)
            await found.run("first")  # what is asked only once is asked now
            yield found


async def test_wherever_the_connection_breaks_a_command_is_never_run_twice(broken: Broken) -> None:
    assert "exit code 0" in await broken.run("undisturbed")
    assert broken.proxy.connections == 1
    whole = dict(broken.proxy.passed)
    counts, answers = {}, {}
    for direction in ("up", "down"):
        for point in range(POINTS):
            name = f"{direction}-{point}"
            answers[name] = await broken.run(name, direction, max(whole[direction] * point // POINTS, 1))
            assert broken.proxy.connections == 1, f"{name}: another connection was made"
            counts[name] = broken.count(name)
    assert len(counts) == 2 * POINTS
    assert set(counts.values()) == {0, 1}, counts  # some broke before it was run, some after, and none ran twice
    for name, count in counts.items():
        assert not count or "may" in answers[name] or "exit code 0" in answers[name], f"{name}: {answers[name]}"


async def test_when_the_connection_breaks_what_was_printed_is_told_and_that_it_may_still_run(broken: Broken) -> None:
    await broken.run("whole")
    answer = await broken.run("late", "down", broken.proxy.passed["down"] - 100)
    assert "no exit code. The connection broke off; the command may have ended or still run." in answer
    assert "x" * 2_000 in answer
    assert broken.count("late") == 1
