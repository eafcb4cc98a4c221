"""What logs cost on a real node: searched, and summed up, beside a client that only reads the same bytes."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

from bench.measuring import Figure, paired, seconds
from bench.peer_client import PeerClient
from bench.servers import mebibytes, ours
from tests.cluster import Cluster, node
from tests.pods.logs.million import paths, printed
from tests.stdio.wire import text

_NAMESPACE = "logs"
_LINES = 200_000
_SEARCH: dict[str, Any] = {"grep": "level=error"}
_SUMMARY: dict[str, Any] = {"summarize": True}


def figures(cluster: Cluster, rounds: int) -> Iterator[Figure]:
    """All of them; none where there is no real node."""
    if node.missing() or node.left_out():
        return
    cluster.api.ensure("/api/v1/namespaces", {"metadata": {"name": _NAMESPACE}})
    printed(node.shared(cluster).pods(cluster), _NAMESPACE, _LINES)
    yield _read(cluster.kubeconfig, rounds, f"search of {_LINES:,} lines in 4 logs", _SEARCH, " lines match")
    yield _read(cluster.kubeconfig, rounds, f"templates of {_LINES:,} lines in 4 logs", _SUMMARY, " templates")
    yield _growth(cluster.kubeconfig)


def _read(kubeconfig: Path, rounds: int, what: str, way: dict[str, Any], words: str) -> Figure:
    with ours(kubeconfig) as mine, PeerClient(kubeconfig) as peer:
        mine.open()

        def ask() -> None:
            answer = text(mine.call("k8s_get_pod_logs", namespace=_NAMESPACE, labelSelector="app=shop", **way))
            if words not in answer:
                raise RuntimeError(answer[-500:])

        pairs = paired(rounds, lambda: seconds(ask), lambda: seconds(lambda: peer.drained(paths(_NAMESPACE))))
    return Figure(
        what=what, peer="bare client, the same bytes", pairs=pairs, unit="lines/s", scale=_LINES, inverse=True
    )


def _growth(kubeconfig: Path) -> Figure:
    with ours(kubeconfig) as mine:
        mine.open()
        question = {"namespace": _NAMESPACE, "labelSelector": "app=shop"}
        mine.call("k8s_get_pod_logs", **question, tailLines=1)
        before = mebibytes(mine)
        mine.call("k8s_get_pod_logs", **question, **_SEARCH)
        return Figure(
            what="memory after that search", peer="the same before", pairs=[(mebibytes(mine), before)], unit="MiB"
        )
