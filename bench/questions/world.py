"""The cluster that the questions are asked of: a shop, set up once, and waited for until it is in trouble."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

from tests.cluster.node import has_ended

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.cluster import Cluster
    from tests.cluster.node import Pods

_MANIFEST = Path(__file__).with_name("world.yaml")
_SECONDS = 60
_PAYMENTS = ("payments-1", "payments-2")
_PAYING = """BEGIN { for (i = 1; i <= 1000; i++) {
    if (i == 500) printf "level=error msg=\\"card declined: issuer unavailable\\" order=%d\\n", i
    else printf "level=info msg=\\"paid\\" order=%d\\n", i
} }"""
_CRASHED = '{"status": {"containerStatuses": [{"name": "importer", "image": "registry.example/importer:0.9.0", \
"imageID": "", "ready": false, "restartCount": 7, "state": {"waiting": {"reason": "CrashLoopBackOff"}}}]}}'


def ensure(cluster: Cluster) -> None:
    """Set it up, as far as it is not; a cordoned node and a pod that crashes are part of it."""
    cluster.nodes(3)
    cluster.kubectl("apply", "--server-side", "-f", "-", stdin=_MANIFEST.read_text(encoding="utf-8"))
    cluster.kubectl("cordon", "kwok-002")
    _wait(lambda: _has(cluster, "endpointslices -l kubernetes.io/service-name=web", "addresses"), "endpoints of web")
    _wait(lambda: _has(cluster, "events --field-selector reason=FailedScheduling", "search-"), "pending pods of search")
    _wait(lambda: _has(cluster, "pod importer", '"phase": "Running"'), "a running importer")
    cluster.kubectl("patch", "pod", "importer", "-n", "shop", "--subresource=status", "--patch", _CRASHED)


def ensure_running(pods: Pods) -> None:
    """Two pods on a real node, that have printed a thousand lines each, one of them an error."""
    for name in _PAYMENTS:
        pods.make("shop", name, {"main": ["awk", _PAYING]}, labels={"app": "payments"}, restartPolicy="Never")
    for name in _PAYMENTS:
        pods.until("shop", name, has_ended, "at its end")


def _has(cluster: Cluster, what: str, text: str) -> bool:
    return text in cluster.kubectl("get", *what.split(), "-n", "shop", "-o", "json")


def _wait(done: Callable[[], bool], what: str) -> None:
    limit = time.monotonic() + _SECONDS
    while not done():
        if time.monotonic() > limit:
            raise TimeoutError(f"no {what} after {_SECONDS} s")
        time.sleep(0.2)
