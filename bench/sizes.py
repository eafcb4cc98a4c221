"""`python -m bench.sizes`: how many bytes a row and an object take here, beside what kubectl prints of the same."""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING

from bench.questions.world import ensure
from bench.servers import ours
from tests.cluster import shared
from tests.stdio.wire import text

if TYPE_CHECKING:
    from tests.cluster import Cluster
    from tests.stdio.wire import Wire

_KINDS = {
    "pods": "shop",
    "deployments": "shop",
    "replicasets": "shop",
    "services": "shop",
    "endpointslices": "shop",
    "configmaps": "shop",
    "secrets": "shop",
    "ingresses": "shop",
    "nodes": "",
    "clusterroles": "",
}
"""Kind and the namespace to look in; empty for kinds without one."""

_HEAD = (
    "| kind | row: ours | kubectl -o wide | object: ours | kubectl -o yaml | kubectl -o json |\n"
    "|---|---:|---:|---:|---:|---:|"
)


def main() -> int:
    """Print the table: bytes per row and per object, the mean over what is there."""
    with shared() as cluster:
        ensure(cluster)
        with ours(cluster.kubeconfig) as server:
            server.open()
            print(_HEAD, *(_row(cluster, server, kind, namespace) for kind, namespace in _KINDS.items()), sep="\n")
    return 0


def _row(cluster: Cluster, server: Wire, kind: str, namespace: str) -> str:
    where = ("-n", namespace) if namespace else ()
    found = json.loads(cluster.kubectl("get", kind, *where, "-o", "json"))["items"]
    names = [item["metadata"]["name"] for item in found]
    scope = {"namespace": namespace} if namespace else {}
    sizes = (
        _bytes(_answer(server, "k8s_list_resources", resourceType=kind, **scope)),
        _bytes(cluster.kubectl("get", kind, *where, "-o", "wide")),
        sum(_bytes(_answer(server, "k8s_get_resource", resourceType=kind, name=name, **scope)) for name in names),
        sum(_bytes(cluster.kubectl("get", kind, name, *where, "-o", "yaml")) for name in names),
        sum(_bytes(cluster.kubectl("get", kind, name, *where, "-o", "json")) for name in names),
    )
    return f"| {kind} | {' | '.join(f'{size / len(names):,.0f}' for size in sizes)} |"


def _answer(server: Wire, tool: str, **arguments: str | int) -> str:
    """The answer without its notes: kubectl says nothing of the kind."""
    return text(server.call(tool, maxBytes=4_194_304, **arguments)).split("\nnote:")[0]


def _bytes(shown: str) -> int:
    return len(shown.encode())


if __name__ == "__main__":
    sys.exit(main())
