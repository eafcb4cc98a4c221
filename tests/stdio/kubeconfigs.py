"""Kubeconfigs for tests: the cluster's own contexts beside others, good and bad."""

from __future__ import annotations

import copy
import os
from pathlib import Path
from typing import Any

import yaml

ODD = ("--plugin", "odd_plugin")
"""Loads tests/stdio/odd_plugin.py into a server that has `ODD_PATH` among its variables."""

ODD_PATH = {"PYTHONPATH": os.pathsep.join(filter(None, (str(Path(__file__).parent), os.environ.get("PYTHONPATH"))))}

NOWHERE = "https://127.0.0.1:1"
"""Nothing listens there."""


def contexts(folder: Path, kubeconfig: Path, servers: dict[str, str], current: str) -> Path:
    """A kubeconfig with a context for each name; an empty URL means the cluster of `kubeconfig`."""
    found = yaml.safe_load(kubeconfig.read_text(encoding="utf-8"))
    user, cluster = found["users"][0], found["clusters"][0]
    written = {
        "apiVersion": "v1",
        "kind": "Config",
        "current-context": current,
        "users": [user],
        "clusters": [_cluster(cluster, name, url) for name, url in servers.items()],
        "contexts": [{"name": name, "context": {"cluster": name, "user": user["name"]}} for name in servers],
    }
    path = folder / "contexts.kubeconfig"
    path.write_text(yaml.safe_dump(written), encoding="utf-8")
    return path


def _cluster(known: dict[str, Any], name: str, url: str) -> dict[str, Any]:
    made = copy.deepcopy(known)
    made["name"] = name
    made["cluster"]["server"] = url or known["cluster"]["server"]
    return made
