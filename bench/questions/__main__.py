"""`python -m bench.questions`: a table of what an operator's questions cost. Exits with 1 where a fact is missing."""

from __future__ import annotations

import sys

from bench.questions.asked import QUESTIONS
from bench.questions.asking import HEAD, ask
from bench.questions.world import ensure
from bench.servers import CHANGING, ours
from tests.cluster import shared


def main() -> int:
    """Print the table."""
    with shared() as cluster:
        ensure(cluster)
        with ours(cluster.kubeconfig, "asyncio", CHANGING) as server:
            server.open()
            costs = [ask(server, question) for question in QUESTIONS]
    print(HEAD, *(cost.row() for cost in costs), sep="\n")
    print(f"\n{sum(cost.bytes for cost in costs):,} bytes in {sum(len(q.calls) for q in QUESTIONS)} calls.")
    return any(cost.missing for cost in costs)


if __name__ == "__main__":
    sys.exit(main())
