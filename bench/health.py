"""What the verdict on a cluster costs beside the API server's own time for the very reads that it makes."""

from __future__ import annotations

from collections.abc import Iterable
from urllib.parse import urlsplit

from bench.measuring import Figure, paired, seconds
from bench.peer_client import PeerClient
from bench.servers import mebibytes, ours
from tests.cluster import Cluster
from tests.stdio.wire import text

HEALTH = "k8s_get_cluster_health"
_MOST_BYTES = 32_768
_AGENT = "mcp-kubernetes/"


def health(cluster: Cluster, rounds: int, pods: int) -> tuple[Figure, Figure]:
    """The time of a call, and what the first one adds to the memory."""
    with ours(cluster.kubeconfig) as mine, PeerClient(cluster.kubeconfig) as peer:
        mine.open()
        mine.call("k8s_get_resource", resourceType="ns", name="kube-system")
        before, known = mebibytes(mine), len(cluster.requests(user_agent=_AGENT))
        answer = text(mine.call(HEALTH))
        if f"{pods} Pods" not in answer or len(answer.encode()) > _MOST_BYTES:
            raise RuntimeError(answer[:1_000])
        growth = (mebibytes(mine), before)
        reads = _chains(request.uri for request in cluster.requests(user_agent=_AGENT)[known:])
        pairs = paired(
            rounds, lambda: seconds(lambda: mine.call(HEALTH)), lambda: seconds(lambda: peer.reads(reads)), warm=2
        )
    what = f"health with {pods:,} pods ({len(answer.encode()):,} bytes)"
    count = sum(map(len, reads))
    return (
        Figure(what=what, peer=f"bare client, the same {count} reads", pairs=pairs, unit="ms", scale=1e3),
        Figure(what="memory after the first verdict", peer="the same before", pairs=[growth], unit="MiB"),
    )


def _chains(uris: Iterable[str]) -> list[list[str]]:
    """The GETs in order, those of one list one after the other, for a page is known only from the one before."""
    chains: dict[str, list[str]] = {}
    for uri in uris:
        chains.setdefault(urlsplit(uri).path, []).append(uri)
    return list(chains.values())
