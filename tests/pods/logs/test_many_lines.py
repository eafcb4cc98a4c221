"""Many lines, through a server of our own: how much memory, and how long beside a client that only reads the bytes."""

from __future__ import annotations

import resource
import time
from typing import TYPE_CHECKING, Any

import pytest

from bench.measuring import seconds
from bench.peer_client import PeerClient
from bench.servers import mebibytes, ours
from mcp_kubernetes_pods.template_process import TemplateProcess
from tests.pods.logs.million import block, paths, printed
from tests.stdio.wire import text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.cluster import Cluster
    from tests.cluster.node import Pods
    from tests.stdio.wire import Wire

ROUNDS = 3
MOST_GROWTH = 40
"""MiB; what four million-line logs would take is forty times as much."""


@pytest.fixture
def server(cluster: Cluster) -> Iterator[Wire]:
    with ours(cluster.kubeconfig) as mine:
        mine.open()
        yield mine


@pytest.fixture
def peer(cluster: Cluster) -> Iterator[PeerClient]:
    with PeerClient(cluster.kubeconfig) as client:
        yield client


def ask(server: Wire, namespace: str, **arguments: Any) -> str:
    return text(server.call("k8s_get_pod_logs", namespace=namespace, labelSelector="app=shop", **arguments))


@pytest.mark.load
@pytest.mark.timeout(1_200)
def test_a_million_lines_are_searched_at_half_the_speed_of_reading_them_and_in_little_memory(
    pods: Pods, namespace: str, server: Wire, peer: PeerClient
) -> None:
    printed(pods, namespace, 1_000_000)
    ask(server, namespace, tailLines=1)
    before = mebibytes(server)
    ratios = []
    for _ in range(ROUNDS):
        bare = seconds(lambda: peer.drained(paths(namespace)))
        began = time.perf_counter()
        answer = ask(server, namespace, grep="level=error")
        ratios.append((time.perf_counter() - began) / bare)
        assert "1,000 of 1,000,000 lines match." in answer
    assert min(ratios) < 2
    assert mebibytes(server) - before < MOST_GROWTH
    answer = ask(server, namespace, summarize=True)
    assert "1,000,000 lines of 4 logs, 2 templates" in answer
    assert len(answer.encode()) < 2_048


def test_many_lines_are_searched_and_summed_up_beside_other_calls(pods: Pods, namespace: str, server: Wire) -> None:
    printed(pods, namespace, 40_000)
    search = {"namespace": namespace, "labelSelector": "app=shop"}
    pattern = "(a+)+$|(x+x+)+y|(?i)([a-z]+)*error$"
    slow = [
        server.request("tools/call", name="k8s_get_pod_logs", arguments={**search, "grep": pattern}),
        server.request("tools/call", name="k8s_get_pod_logs", arguments={**search, "summarize": True}),
    ]
    quick = server.request("tools/call", name="k8s_get_current_context", arguments={})
    server.send(*slow, quick)
    order = [server.message() for _ in range(3)]
    assert order[0]["id"] == quick["id"]
    summary = next(text(each["result"]) for each in order if each["id"] == slow[1]["id"])
    assert "1\t40\t" in summary
    assert "2\t39960\t" in summary
    assert len(summary.encode()) < 2_048


@pytest.mark.parametrize("lines", [pytest.param(1_000_000, marks=pytest.mark.load), 100_000])
async def test_lines_are_summed_up_faster_than_a_kubelet_serves_them(lines: int) -> None:
    blocks = [block(start, start + 500) for start in range(0, lines, 500)]
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    async with TemplateProcess() as process:
        for number, each in enumerate(blocks):
            await process.feed(number % 4, each)
        told = await process.finish()
    assert told["lines"] == lines
    assert told["templates"] == 2
    # Of the process's own time, for others want the machine as well.
    assert lines / (resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before) > 100_000
