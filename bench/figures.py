"""What is measured, one function for each figure."""

from __future__ import annotations

from contextlib import ExitStack
from pathlib import Path
from typing import Any

from bench.bare import TOOL
from bench.measuring import Figure, Measure, paired, seconds
from bench.peer_client import PeerClient
from bench.servers import bare, mebibytes, ours, started
from mcp_kubernetes.settings import EventLoop
from tests.stdio.wire import Wire, text

_CALLS = 200
_BUDGET_PODS: dict[str, Any] = {"resourceType": "pods", "allNamespaces": True}
_PODS = {**_BUDGET_PODS, "maxBytes": 4_194_304}
_IMAGES: dict[str, Any] = {**_BUDGET_PODS, "countBy": "IMAGE:.spec.containers[*].image"}
_IMAGES_BYTES = 1_500
_WHERE: dict[str, Any] = {
    **_BUDGET_PODS,
    "where": 'object.status.phase == "Failed" || object.spec.containers.exists(c, c.image.endsWith(":latest"))',
    "columns": "NAME:.metadata.name",
}
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


def all_pods(kubeconfig: Path, rounds: int, count: int, event_loop: EventLoop) -> Figure:
    """Every row of a long list over all namespaces."""
    with ours(kubeconfig, event_loop) as mine, PeerClient(kubeconfig) as peer:
        mine.open()
        rows = len(text(mine.call("k8s_list_resources", **_PODS)).splitlines())
        if rows < count:
            raise RuntimeError(f"{rows} lines for {count} pods")
        pairs = paired(rounds, _list(mine, _PODS), lambda: seconds(peer.pods), warm=3)
    what = f"list of {count:,} pods, {event_loop}"
    return Figure(what=what, peer="bare client, same requests", pairs=pairs, unit="ms", scale=1e3)


def budget_of_pods(kubeconfig: Path, rounds: int, count: int) -> Figure:
    """The same question without a wish for all of it: as many rows as the answer's budget holds."""
    with ours(kubeconfig) as mine, PeerClient(kubeconfig) as peer:
        mine.open()
        answer = text(mine.call("k8s_list_resources", **_BUDGET_PODS))
        if "to go on, pass continue=" not in answer:
            raise RuntimeError(f"The budget holds all of {count} pods")
        pairs = paired(rounds, _list(mine, _BUDGET_PODS), lambda: seconds(peer.pods), warm=3)
    what = f"the same within the default budget ({len(answer.encode()) / 1024:.0f} KiB)"
    return Figure(what=what, peer="bare client, all pages", pairs=pairs, unit="ms", scale=1e3)


def images(kubeconfig: Path, rounds: int, count: int) -> Figure:
    """Which images run, and in how many pods each: all objects are looked at, and few bytes are answered."""
    with ours(kubeconfig) as mine, PeerClient(kubeconfig) as peer:
        mine.open()
        answer = text(mine.call("k8s_list_resources", **_IMAGES))
        if f"{count} objects were counted" not in answer or len(answer.encode()) >= _IMAGES_BYTES:
            raise RuntimeError(answer[:500])
        pairs = paired(rounds, _list(mine, _IMAGES), lambda: seconds(peer.whole_pods), warm=2)
    what = f"images of {count:,} pods with counts ({len(answer.encode())} bytes)"
    return Figure(what=what, peer="bare client, same pages of objects", pairs=pairs, unit="ms", scale=1e3)


def where(kubeconfig: Path, rounds: int, count: int) -> Figure:
    """An expression over every pod that holds for none."""
    with ours(kubeconfig) as mine, PeerClient(kubeconfig) as peer:
        mine.open()
        answer = text(mine.call("k8s_list_resources", **_WHERE))
        if f"0 of the {count} objects that were looked at match" not in answer:
            raise RuntimeError(answer[:500])
        pairs = paired(rounds, _list(mine, _WHERE), lambda: seconds(peer.whole_pods), warm=2)
    what = f"where over {count:,} pods"
    return Figure(what=what, peer="bare client, same pages of objects", pairs=pairs, unit="ms", scale=1e3)


def growth(kubeconfig: Path, rounds: int) -> Figure:
    """What counting the images of all pods adds to the memory, beside that of a server that read one object."""
    samples = [_growth(kubeconfig) for _ in range(rounds)]
    return Figure(what="memory after the images with counts", peer="the same before", pairs=samples, unit="MiB")


def _growth(kubeconfig: Path) -> tuple[float, float]:
    with ours(kubeconfig) as mine:
        mine.open()
        mine.call("k8s_get_resource", **_ONE)
        before = mebibytes(mine)
        mine.call("k8s_list_resources", **_IMAGES)
        return mebibytes(mine), before


def _list(wire: Wire, question: dict[str, Any]) -> Measure:
    return lambda: seconds(lambda: wire.call("k8s_list_resources", **question))


def memory(kubeconfig: Path, rounds: int) -> tuple[Figure, ...]:
    """What the processes hold after the list of tools, ours after a first call, and what a long list adds to that."""
    samples = [_memory(kubeconfig) for _ in range(rounds)]
    whats = ("memory after tools/list", "memory after one object", "memory after the list of pods")
    return tuple(
        Figure(what=what, peer="bare SDK server", pairs=[(mine[at], floor) for mine, floor in samples], unit="MiB")
        for at, what in enumerate(whats)
    )


def _memory(kubeconfig: Path) -> tuple[tuple[float, float, float], float]:
    with ExitStack() as running:
        mine, peer = running.enter_context(ours(kubeconfig)), running.enter_context(bare())
        for wire in (mine, peer):
            wire.open()
            wire.ask("tools/list")
        idle, floor = mebibytes(mine), mebibytes(peer)
        mine.call("k8s_get_resource", **_ONE)
        connected = mebibytes(mine)
        mine.call("k8s_list_resources", **_PODS)
        return (idle, connected, mebibytes(mine)), floor


def every(kubeconfig: Path, rounds: int, pods: int) -> list[Figure]:
    """All figures, in the order of the table."""
    return [
        start_up(kubeconfig, rounds),
        pipelined(kubeconfig, rounds, "k8s_get_current_context", {}),
        pipelined(kubeconfig, rounds, "k8s_get_resource", _ONE),
        one_get(kubeconfig, rounds * 10),
        all_pods(kubeconfig, rounds, pods, "asyncio"),
        all_pods(kubeconfig, rounds, pods, "uvloop"),
        budget_of_pods(kubeconfig, rounds, pods),
        images(kubeconfig, rounds, pods),
        where(kubeconfig, rounds, pods),
        *memory(kubeconfig, max(rounds // 5, 1)),
        growth(kubeconfig, max(rounds // 5, 1)),
    ]
