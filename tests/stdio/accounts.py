"""ServiceAccounts that may read, and that the API server is known to let."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from tests.cluster import Cluster

_SECONDS = 30


def allow(cluster: Cluster, namespace: str, account: str = "reader") -> None:
    """Let the ServiceAccount read in its namespace. Returns when the API server would not refuse it."""
    bound = f"--serviceaccount={namespace}:{account}"
    cluster.kubectl("create", "rolebinding", account, "--clusterrole=view", bound, "-n", namespace)
    review = {
        "spec": {
            "user": f"system:serviceaccount:{namespace}:{account}",
            "resourceAttributes": {"namespace": namespace, "verb": "list", "resource": "configmaps"},
        }
    }
    limit = time.monotonic() + _SECONDS
    while not cluster.api.post("/apis/authorization.k8s.io/v1/subjectaccessreviews", review)["status"]["allowed"]:
        if time.monotonic() > limit:
            raise TimeoutError(f"{account} may still not read in {namespace}")
