"""A real Kubernetes control plane for tests, started in seconds from programs that are built once.

    with start() as cluster:              # or shared(), which lets the developer's environment decide
        cluster.kubectl("get", "namespaces")
        with own(cluster, extra_args=["--anonymous-auth=false"]) as another: ...

`python -m tests.cluster up` is the same by hand.
"""

from __future__ import annotations

from tests.cluster.api import RequestFailed
from tests.cluster.audit import Request
from tests.cluster.binaries import binary
from tests.cluster.cluster import Cluster
from tests.cluster.processes import ComponentFailed
from tests.cluster.run import Mode, existing, mode, own, shared, start
from tests.cluster.versions import ClusterUnavailable

__all__ = [
    "Cluster",
    "ClusterUnavailable",
    "ComponentFailed",
    "Mode",
    "Request",
    "RequestFailed",
    "binary",
    "existing",
    "mode",
    "own",
    "shared",
    "start",
]
