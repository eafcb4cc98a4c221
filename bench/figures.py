"""What is measured, one function for each figure."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import Any

from bench.bare import TOOL
from bench.measuring import Figure, Measure, paired, seconds
from bench.peer_client import PeerClient
from bench.servers import bare, mebibytes, ours, started
from tests.stdio.wire import Wire, text

_CALLS = 200
_PODS: dict[str, Any] = {"resourceType": "pods", "allNamespaces": True, "maxBytes": 4_194_304}
_ONE: dict[str, Any] = {"resourceType": "ns", "name": "kube-system"}


def start_up(kubeconfig: Path, rounds: int) -> Figure:
    """From starting the process to its first answer."""
    pairs = paired(rounds, lambda: seconds(lambda: started(ours(kubeconfig))), lambda: seconds(lambda: started(bare())))
    return Figure(what="start to first answer", peer="bare SDK server", pairs=pairs, unit="ms", scale=1e3)


def pipelined(kubeconfig: Path, rounds: int, tool: str, arguments: dict[str, Any]) -> Figure:
    """Calls written at once on one connection."""
    with ours(kubeconfig) as mine, bare() as peer:
        mine.open()
        peer.open()
        pairs = paired(rounds, _many(mine, tool, arguments), _many(peer, TOOL, {"text": "hello"}))
    return Figure(
        what=f"{_CALLS} pipelined calls of {tool}",
        peer="bare SDK tool",
        pairs=pairs,
        unit="calls/s",
        scale=_CALLS,
        inverse=True,
    )


def _many(wire: Wire, tool: str, arguments: dict[str, Any]) -> Measure:
    def run() -> None:
        wire.send(*(wire.request("tools/call", name=tool, arguments=arguments) for _ in range(_CALLS)))
        for _ in range(_CALLS):
            _checked(wire.message())

    return lambda: seconds(run)


def _checked(answer: dict[str, Any]) -> None:
    """A figure for calls that fail would be a lie."""
    if answer["result"]["isError"]:
        raise RuntimeError(text(answer["result"]))


def one_get(kubeconfig: Path, rounds: int) -> Figure:
    """One object, from question to answer."""
    with ours(kubeconfig) as mine, PeerClient(kubeconfig) as peer:
        mine.open()
        pairs = paired(
            rounds,
            lambda: seconds(lambda: mine.call("k8s_get_resource", **_ONE)),
            lambda: seconds(lambda: peer.get("/api/v1/namespaces/kube-system")),
            warm=5,
        )
    return Figure(what="one object", peer="bare GET", pairs=pairs, unit="ms", scale=1e3)


def all_pods(kubeconfig: Path, rounds: int, count: int) -> Figure:
    """Every row of a long list over all namespaces."""
    with ours(kubeconfig) as mine, PeerClient(kubeconfig) as peer:
        mine.open()
        rows = len(text(mine.call("k8s_list_resources", **_PODS)).splitlines())
        if rows < count:
            raise RuntimeError(f"{rows} lines for {count} pods")
        pairs = paired(
            rounds,
            lambda: seconds(lambda: mine.call("k8s_list_resources", **_PODS)),
            lambda: seconds(peer.pods),
            warm=3,
        )
    return Figure(what=f"list of {count:,} pods", peer="bare client, same requests", pairs=pairs, unit="ms", scale=1e3)


def memory(kubeconfig: Path, rounds: int) -> tuple[Figure, Figure]:
    """What the processes hold after the list of tools, and ours after a long list of pods."""
    samples = [_memory(kubeconfig) for _ in range(rounds)]
    peer = "bare SDK server"
    return (
        Figure(what="memory after tools/list", peer=peer, pairs=[(a, c) for a, _, c in samples], unit="MiB"),
        Figure(what="memory after the list of pods", peer=peer, pairs=[(b, c) for _, b, c in samples], unit="MiB"),
    )


def _memory(kubeconfig: Path) -> tuple[float, float, float]:
    with ExitStack() as running:
        mine, peer = running.enter_context(ours(kubeconfig)), running.enter_context(bare())
        for wire in (mine, peer):
            wire.open()
            wire.ask("tools/list")
        before, floor = mebibytes(mine), mebibytes(peer)
        mine.call("k8s_list_resources", **_PODS)
        return before, mebibytes(mine), floor


def every(kubeconfig: Path, rounds: int, pods: int) -> list[Figure]:
    """All figures, in the order of the table."""
    return [
        start_up(kubeconfig, rounds),
        pipelined(kubeconfig, rounds, "k8s_get_current_context", {}),
        pipelined(kubeconfig, rounds, "k8s_get_resource", _ONE),
        one_get(kubeconfig, rounds * 10),
        all_pods(kubeconfig, rounds, pods),
        *memory(kubeconfig, max(rounds // 5, 1)),
    ]
