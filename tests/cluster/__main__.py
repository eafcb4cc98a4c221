"""`python -m tests.cluster up|down|status`: standard output is for programs, standard error for people."""

from __future__ import annotations

import argparse
import sys

from tests.cluster import hand
from tests.cluster.processes import ComponentFailed
from tests.cluster.versions import ClusterUnavailable


def main() -> int:
    """Do what the command line says; returns the exit code (1: no cluster is up, or none can be had)."""
    parser = argparse.ArgumentParser(prog="python -m tests.cluster", description=__doc__)
    parser.add_argument("command", choices=["up", "down", "status", "hold"], metavar="up|down|status")
    command = parser.parse_args().command
    try:
        return {"up": _up, "down": _down, "status": _status, "hold": _hold}[command]()
    except (ClusterUnavailable, ComponentFailed) as error:
        return _say(str(error), 1)


def _up() -> int:
    sys.stdout.write(f"{hand.up().kubeconfig}\n")
    return 0


def _down() -> int:
    return _say("The cluster has ended." if hand.down() else "No cluster was up.", 0)


def _status() -> int:
    if not (cluster := hand.found()):
        return _say("No cluster is up.", 1)
    ready = "ready" if cluster.api.answers("/readyz") else "not ready"
    components = ", ".join(sorted(log.stem for log in cluster.folder.glob("logs/*.log")))
    sys.stdout.write(f"{cluster.server} {cluster.version} {ready}: {components}\n{cluster.kubeconfig}\n")
    return 0


def _hold() -> int:
    hand.hold()
    return 0


def _say(sentence: str, code: int) -> int:
    sys.stderr.write(f"{sentence}\n")
    return code


if __name__ == "__main__":
    sys.exit(main())
