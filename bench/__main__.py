"""`python -m bench [--rounds N]`: one table, in Markdown, of what this server costs beside bare peers.

It uses the cluster that tests would use, and fills it with pods first.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
from importlib.metadata import version

from bench import load, logs, opening
from bench.figures import every
from bench.health import health
from bench.measuring import HEAD
from bench.recorded import recorded
from tests.cluster import shared

_PACKAGES = ("mcp", "kubernetes", "aiohttp", "pydantic", "msgspec")
_NAMESPACES, _PER_NAMESPACE, _NODES = 20, 250, 100


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    parser.add_argument("--rounds", type=int, default=15, metavar="N", help="pairs for each figure (15)")
    rounds = parser.parse_args().rounds
    with shared() as cluster:
        cluster.pods(_NAMESPACES, _PER_NAMESPACE)
        print(_machine(cluster.version), HEAD, sep="\n\n")
        for figure in every(cluster.kubeconfig, rounds, _NAMESPACES * _PER_NAMESPACE):
            print(figure.row(), flush=True)
        for figure in recorded(cluster, rounds, _NAMESPACES * _PER_NAMESPACE):
            print(figure.row(), flush=True)
        cluster.nodes(_NODES)
        for figure in health(cluster, rounds, _NAMESPACES * _PER_NAMESPACE):
            print(figure.row(), flush=True)
        for figure in opening.figures(max(rounds // 5, 1)):
            print(figure.row(), flush=True)
        for figure in logs.figures(cluster, max(rounds // 3, 1)):
            print(figure.row(), flush=True)
        for figure in load.figures(cluster.kubeconfig, max(rounds // 3, 1)):
            print(figure.row(), flush=True)
    return 0


def _machine(kubernetes: str) -> str:
    packages = ", ".join(f"{name} {version(name)}" for name in _PACKAGES)
    python = f"{platform.python_implementation()} {platform.python_version()}"
    system = f"{os.cpu_count()} CPUs, {platform.system()} {platform.machine()}"
    return f"{system}, {python}, {packages}, API server {kubernetes}."


if __name__ == "__main__":
    sys.exit(main())
