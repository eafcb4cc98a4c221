"""The cells of the tables that `kubectl get` shows, kind by kind, as an API server prints them.

Follows pkg/printers/internalversion/printers.go of k8s.io/kubernetes. A printer takes an object and the moment from
which ages are counted, and gives all cells, those of the wide form included.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from mcp_kubernetes_snapshot.printing import access, cluster, events, network, pods, recent, storage, workloads

Printer = Callable[[Mapping[str, Any], datetime], list[Any]]

PRINTERS: Mapping[tuple[str, str], Printer] = {
    ("", "Pod"): pods.pod,
    ("", "PodTemplate"): pods.pod_template,
    ("", "Event"): events.event,
    ("events.k8s.io", "Event"): events.new_event,
    **workloads.PRINTERS,
    **network.PRINTERS,
    **storage.PRINTERS,
    **cluster.PRINTERS,
    **access.PRINTERS,
    **recent.PRINTERS,
}
"""By group and kind."""
