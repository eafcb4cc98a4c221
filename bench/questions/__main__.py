"""`python -m bench.questions`: a table of what an operator's questions cost. Exits with 1 where a fact is missing."""

from __future__ import annotations

import sys
from collections.abc import Sequence

from bench.questions.asked import QUESTIONS, RUNNING, Question
from bench.questions.asking import HEAD, ask
from bench.questions.world import ensure, ensure_running
from bench.servers import CHANGING, ours
from tests.cluster import Cluster, node, shared


def main() -> int:
    """Print the table."""
    with shared() as cluster:
        ensure(cluster)
        asked = [*QUESTIONS, *_running(cluster)]
        with ours(cluster.kubeconfig, "asyncio", CHANGING) as server:
            server.open()
            costs = [ask(server, question) for question in asked]
    print(HEAD, *(cost.row() for cost in costs), sep="\n")
    print(f"\n{sum(cost.bytes for cost in costs):,} bytes in {sum(len(q.calls) for q in asked)} calls.")
    return any(cost.missing for cost in costs)


def _running(cluster: Cluster) -> Sequence[Question]:
    """The questions about what runs, where there is a real node; where there is none, that is said."""
    if node.missing() or node.left_out():
        print(f"Not asked what containers print: the node is {node.described()}.", file=sys.stderr)
        return ()
    ensure_running(node.shared(cluster).pods(cluster))
    return RUNNING


if __name__ == "__main__":
    sys.exit(main())
