"""What is wrong with nodes: dead ones, pressure, a lease that nobody renews, a kubelet that does not fit."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from mcp_kubernetes import Finding, FindingRule, Severity, Surroundings, age, instant

NODE = "v1/Node"
LEASE = "coordination.k8s.io/v1/Lease"

_LEASES = "kube-node-lease"
_CONDITIONS = {"conditions": ".status.conditions"}
_PRESSURE = frozenset({"MemoryPressure", "DiskPressure", "PIDPressure", "NetworkUnavailable"})
_SILENCE = timedelta(minutes=2)
"""Kubelets renew their lease every 10 s, and a node counts as dead after 50 s: then somebody should have noticed."""

_OLDEST = 3
"""Minor versions that a kubelet may be behind its API server (Kubernetes' version skew policy)."""

_MINOR = re.compile(r"v?1\.(\d{1,3})\.")


def of_type(conditions: Any, kind: str) -> Mapping[str, Any]:
    """The condition of that type; an empty one if there is none."""
    found = (each for each in conditions or () if isinstance(each, dict) and each.get("type") == kind)
    return next(found, {})


def told(condition: Mapping[str, Any], seen: Surroundings) -> str:
    """A condition in one line: what it says, since when, and why."""
    since = age(instant(condition.get("lastTransitionTime")), seen.now)
    why = ": ".join(filter(None, (condition.get("reason"), condition.get("message"))))
    return f"{condition.get('type')}={condition.get('status')} for {since}" + (f", {why}" if why else "")


def not_ready(node: Any, seen: Surroundings) -> Iterator[Finding]:
    """A node whose kubelet does not say, or no longer says, that it is ready."""
    ready = of_type(node.conditions, "Ready")
    if ready.get("status") != "True":
        yield Finding(evidence=told(ready, seen) if ready else "it has no condition Ready: no kubelet has joined as it")


def pressed(node: Any, seen: Surroundings) -> Iterator[Finding]:
    """A node that is short of something, or has no network."""
    for condition in node.conditions or ():
        if condition.get("type") in _PRESSURE and condition.get("status") == "True":
            yield Finding(cause=f"Node{condition['type'].removeprefix('Node')}", evidence=told(condition, seen))


def cordoned(node: Any, _: Surroundings) -> Iterator[Finding]:
    """A node that takes no new pods, as somebody wanted it."""
    if node.unschedulable:
        yield Finding(severity=Severity.INFO, evidence="spec.unschedulable=true: it takes no new pods")


def silent(node: Any, seen: Surroundings) -> Iterator[Finding]:
    """A node that counts as ready although its kubelet does not renew its lease: who should notice may be down."""
    leases = (lease for lease in seen.by(LEASE, "name").get(node.name, ()) if lease.namespace == _LEASES)
    renewed = next((instant(lease.renewed) for lease in leases), None)
    if renewed and seen.now - renewed > _SILENCE and of_type(node.conditions, "Ready").get("status") == "True":
        yield Finding(
            evidence=f"Ready=True, but its lease was renewed {age(renewed, seen.now)} ago: "
            "the controller manager may be down"
        )


def skewed(node: Any, seen: Surroundings) -> Iterator[Finding]:
    """A kubelet that is newer than the API server, or too old for it."""
    kubelet, server = _MINOR.match(node.kubelet or ""), _MINOR.match(seen.version)
    if not kubelet or not server:
        return
    behind = int(server[1]) - int(kubelet[1])
    if behind < 0 or behind > _OLDEST:
        how = "newer than" if behind < 0 else f"{behind} minor versions behind"
        yield Finding(evidence=f"kubelet {node.kubelet} is {how} the API server {seen.version}")


RULES = (
    FindingRule(name="NodeNotReady", kind=NODE, paths=_CONDITIONS, judge=not_ready, essential=True, critical_share=0.5),
    FindingRule(name="NodePressure", kind=NODE, paths=_CONDITIONS, judge=pressed, essential=True),
    FindingRule(name="NodeCordoned", kind=NODE, paths={"unschedulable": ".spec.unschedulable"}, judge=cordoned),
    FindingRule(
        name="NodeLeaseExpired",
        kind=NODE,
        paths={"name": ".metadata.name", **_CONDITIONS},
        judge=silent,
        beside={LEASE: {"name": ".metadata.name", "namespace": ".metadata.namespace", "renewed": ".spec.renewTime"}},
    ),
    FindingRule(name="VersionSkew", kind=NODE, paths={"kubelet": ".status.nodeInfo.kubeletVersion"}, judge=skewed),
)
