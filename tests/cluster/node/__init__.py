"""A real node: kubelet and containerd in namespaces of their own, for logs, exec and port-forward.

pods = shared(cluster).pods(cluster)
pods.run(namespace, "web", {"main": ["sleep", "1000"]})
"""

from __future__ import annotations

from tests.cluster.node.images import BUSYBOX
from tests.cluster.node.node import Node, shared, start
from tests.cluster.node.parts import WITHOUT, described, left_out, missing
from tests.cluster.node.pods import FOREVER, PodFailed, Pods, has_ended, is_ready

__all__ = [
    "BUSYBOX",
    "FOREVER",
    "WITHOUT",
    "Node",
    "PodFailed",
    "Pods",
    "described",
    "has_ended",
    "is_ready",
    "left_out",
    "missing",
    "shared",
    "start",
]
