"""A real node for a cluster: a kubelet and containerd, started when the first test asks, shared by all workers.

It does not belong to whoever starts it: it lives as long as the process that owns the cluster.
"""

from __future__ import annotations

import json
import os
import sys
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

from filelock import FileLock

from tests.cluster import cgroups
from tests.cluster.folders import data_folder, lifeline
from tests.cluster.node import images, parts, simulated
from tests.cluster.node.plan import Plan, cgroup
from tests.cluster.node.pods import Pods
from tests.cluster.processes import READY_SECONDS, ComponentFailed, Process, free_port, launch
from tests.cluster.versions import ClusterUnavailable

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cluster.cluster import Cluster

NAME: Final = "localhost"
"""The API server asks for a kubelet under its node's name, and kubelets refuse to have a loopback address."""

_ISOLATED = __file__.replace("node.py", "isolated.py")
_NAMESPACES = ("unshare", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc")
LOG_MAX_SIZE: Final = "64Mi"


@dataclass(frozen=True, kw_only=True)
class Node:
    """A node that runs containers."""

    name: str
    folder: str
    """Of its own things; a text, because it goes to other processes."""

    @property
    def is_real(self) -> bool:
        """Whether it is one with containers; else kwok plays it."""
        return self.name == NAME

    def pods(self, cluster: Cluster) -> Pods:
        """What makes pods on it."""
        return Pods(api=cluster.api, node=self.name)


def shared(cluster: Cluster) -> Node:
    """The node of the cluster, a real one where there can be one, started if nobody has; or ClusterUnavailable."""
    with FileLock(cluster.folder / "node.lock", timeout=4 * READY_SECONDS):
        said = cluster.folder / "node.json"
        if not said.exists():
            said.write_text(json.dumps(_outcome(cluster)), "utf-8")
        outcome: dict[str, Any] = json.loads(said.read_text("utf-8"))
    if "failure" in outcome:
        raise ClusterUnavailable(outcome["failure"])
    return Node(**outcome)


def _outcome(cluster: Cluster) -> dict[str, Any]:
    """What all who ask are told; a failure, too, so that it is waited for only once."""
    try:
        return asdict(_simulated(cluster) if parts.left_out() or parts.missing() else start(cluster))
    except (ClusterUnavailable, ComponentFailed, OSError) as error:
        return {"failure": f"The node did not start: {error}"}


def _simulated(cluster: Cluster) -> Node:
    return Node(name=simulated.NAME, folder=str(simulated.start(cluster)))


def start(cluster: Cluster, *, log_max_size: str = LOG_MAX_SIZE) -> Node:
    """A node for a cluster that we started, ready; one cluster has at most one. It ends with the cluster."""
    if reason := parts.missing():
        raise ClusterUnavailable(f"There can be no real node here: {reason}.")
    plan = _plan(cluster, log_max_size)
    images.write(plan.archive, parts.busybox() or plan.folder)
    cgroups.make(plan.cgroup)
    process = _launched(cluster.folder, plan.write())
    api = cluster.api
    process.wait_until(lambda: _is_ready(api.get(f"/api/v1/nodes?fieldSelector=metadata.name={NAME}")), "a Ready node")
    process.disown()
    return Node(name=NAME, folder=str(plan.folder))


def _plan(cluster: Cluster, log_max_size: str) -> Plan:
    folder = cluster.folder / "node"
    folder.mkdir()
    certificate, key = cluster.pki.keep(f"node-{cgroup(cluster.folder)}", *cluster.pki.issue(NAME, server=True))
    user = f"system:node:{NAME}"
    return Plan(
        name=NAME,
        folder=folder,
        data=data_folder(cluster.folder, "containers").resolve(),
        logs=cluster.folder / "logs",
        kubeconfig=cluster.pki.kubeconfig(folder / "kubeconfig", cluster.server, user, ("system:nodes",)),
        ca=cluster.ca,
        certificate=certificate,
        key=key,
        port=free_port(),
        network_plugins=parts.network_plugins() or folder,
        log_max_size=log_max_size,
    )


def _launched(run: Path, plan: Path) -> Process:
    owner = lifeline(run)
    try:
        return launch(run, "node", [*_NAMESPACES, sys.executable, "-I", "-S", _ISOLATED, plan], owner)
    finally:
        os.close(owner)


def _is_ready(nodes: dict[str, Any]) -> bool:
    conditions = [each for node in nodes["items"] for each in node["status"].get("conditions", ())]
    return any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)
