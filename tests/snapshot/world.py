"""A world for the contract, in an API server of its own, and its recording: each list as the API server sent it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

from tests.snapshot.recording import DISCOVERY, Recorder

if TYPE_CHECKING:
    from tests.cluster import Cluster

HERE = Path(__file__).parent
_OTHER_NAMES = frozenset({"events.k8s.io/v1/events", "autoscaling/v1/horizontalpodautoscalers"})
"""Lists that hold again what another list holds."""


def build(cluster: Cluster) -> None:
    """Make all objects, give them their status, and let one pod be on its way out."""
    cluster.kubectl("create", "-f", str(HERE / "definitions.yaml"))
    cluster.kubectl("wait", "--for=condition=Established", "crd", "--all")
    world = str(HERE / "world.yaml")
    # Server-side, so that no annotation repeats the whole object.
    cluster.kubectl("apply", "--server-side", "-f", world)
    with_status = [part for part in Path(world).read_text("utf-8").split("---\n") if "\nstatus:" in part]
    status = "---\n".join(part for part in with_status if "example.com/v1" not in part or "Certificate" in part)
    cluster.kubectl("apply", "--server-side", "--force-conflicts", "--subresource=status", "-f", "-", stdin=status)
    cluster.kubectl("delete", "pod", "leaving", "--namespace=shop-test", "--wait=false")


def record(cluster: Cluster, folder: Path) -> None:
    """Every list of the cluster, byte for byte, a file each."""
    recorder = Recorder(cluster)
    for root in ("/api", "/apis"):
        for group in recorder.json(root, DISCOVERY)["items"]:
            for version in group["versions"]:
                place = "/".join(filter(None, (group["metadata"].get("name"), version["version"])))
                for resource in version["resources"]:
                    if "list" in resource["verbs"] and f"{place}/{resource['resource']}" not in _OTHER_NAMES:
                        _, body, _ = recorder.get(f"{root}/{place}/{resource['resource']}")
                        name = f"{place}/{resource['resource']}".replace("/", "_")
                        (folder / f"{name}.json").write_bytes(body)
    (folder / "README.txt").write_text(json.dumps("not of the cluster"), "utf-8")
