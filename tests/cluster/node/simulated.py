"""A node that kwok plays, where there can be no real one: commands run as processes of this machine, not in containers.

It shows what the API server and the protocol do. What containers are, it cannot show: there are no images, a pod that
is deleted ends nothing, and a program that is not there is told in kwok's own words.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import yaml

from tests.cluster.binaries import binary
from tests.cluster.folders import lifeline
from tests.cluster.node.plan import TAINT
from tests.cluster.processes import free_port, launch

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cluster.cluster import Cluster
    from tests.cluster.components import Command
    from tests.cluster.processes import Process

NAME: Final = "simulated"
_ANNOTATION = "mcp-kubernetes.test/node"


def start(cluster: Cluster) -> Path:
    """The node `simulated`, ready; returns the folder in which its commands run. It ends with the cluster."""
    folder = cluster.folder / NAME
    folder.mkdir()
    process = _launched(cluster, folder)
    cluster.api.ensure("/api/v1/nodes", _node())
    process.wait_until(lambda: _is_ready(cluster.api.get(f"/api/v1/nodes/{NAME}")), "a Ready node")
    process.disown()
    return folder


def _launched(cluster: Cluster, folder: Path) -> Process:
    certificate, key = cluster.pki.keep(f"node-{NAME}", *cluster.pki.issue("localhost", server=True))
    kubeconfig = cluster.pki.kubeconfig(folder / "kubeconfig", cluster.server, NAME, ("system:masters",))
    config, port = folder / "kwok.yaml", free_port()
    config.write_text("\n---\n".join([binary("kwok-stages.yaml").read_text("utf-8"), _streams(folder)]), "utf-8")
    command: Command = [
        binary("kwok"),
        f"--kubeconfig={kubeconfig}",
        f"--config={config}",
        "--manage-all-nodes=false",
        f"--manage-nodes-with-annotation-selector={_ANNOTATION}={NAME}",
        "--node-name=localhost",
        "--node-ip=127.0.0.1",
        f"--node-port={port}",
        f"--server-address=127.0.0.1:{port}",
        f"--tls-cert-file={certificate}",
        f"--tls-private-key-file={key}",
    ]
    owner = lifeline(cluster.folder)
    return launch(cluster.folder, "simulated-node", command, owner)


def _streams(folder: Path) -> str:
    log = folder / "container.log"
    log.touch()
    return yaml.safe_dump_all(
        [
            _everywhere("ClusterExec", execs=[{"local": {"workDir": str(folder)}}]),
            _everywhere("ClusterLogs", logs=[{"logsFile": str(log), "follow": True}]),
        ]
    )


def _everywhere(kind: str, **spec: Any) -> dict[str, Any]:
    return {"apiVersion": "kwok.x-k8s.io/v1alpha1", "kind": kind, "metadata": {"name": NAME}, "spec": spec}


def _node() -> dict[str, Any]:
    labels = {"kubernetes.io/hostname": NAME, "kubernetes.io/os": "linux"}
    taint = {"key": TAINT, "value": NAME, "effect": "NoSchedule"}
    return {
        "metadata": {"name": NAME, "annotations": {_ANNOTATION: NAME}, "labels": labels},
        "spec": {"taints": [taint]},
    }


def _is_ready(node: dict[str, Any]) -> bool:
    conditions = node.get("status", {}).get("conditions", ())
    return any(each["type"] == "Ready" and each["status"] == "True" for each in conditions)
