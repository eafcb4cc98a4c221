"""What is wrong with pods: those that wait, crash, fail or do not end. Pods of one owner count as one finding."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from mcp_kubernetes import Finding, FindingRule, Severity, Surroundings, age, instant
from mcp_kubernetes_cluster.rules.nodes import of_type

POD = "v1/Pod"

_PATIENCE = timedelta(minutes=5)
"""So long a pod may take to start, or to end beyond its grace period, before somebody should look."""

_STARTING = frozenset({"ContainerCreating", "PodInitializing", None})
_OVER = frozenset({"Succeeded", "Failed"})

_PATHS = {
    "phase": ".status.phase",
    "node": ".spec.nodeName",
    "namespace": ".metadata.namespace",
    "owner": ".metadata.ownerReferences[0].name",
    "created": ".metadata.creationTimestamp",
    "deleted": ".metadata.deletionTimestamp",
    "reason": ".status.reason",
    "message": ".status.message",
    "conditions": ".status.conditions",
    "containers": ".status.containerStatuses",
    "inits": ".status.initContainerStatuses",
}


def waiting(pod: Any, seen: Surroundings) -> Iterator[Finding]:
    """A pod with a container that crashes again and again, or cannot be started."""
    if pod.phase in _OVER or pod.deleted:
        return
    for container in (*(pod.inits or ()), *(pod.containers or ())):
        state = (container.get("state") or {}).get("waiting") or {}
        reason = state.get("reason")
        if reason not in _STARTING or (state and _is_late(pod, seen)):
            yield Finding(cause=reason or "ContainerWaiting", group=_group(pod), evidence=_told(container, state))
            return


def unscheduled(pod: Any, seen: Surroundings) -> Iterator[Finding]:
    """A pod without a node: the scheduler's word, or that it has not spoken for long."""
    if pod.phase != "Pending" or pod.deleted or pod.containers or pod.inits:
        return
    scheduled = of_type(pod.conditions, "PodScheduled")
    if scheduled.get("status") == "False":
        evidence = f"{scheduled.get('reason')}: {scheduled.get('message')}"
        yield Finding(cause=f"Pod{scheduled.get('reason') or 'Unscheduled'}", group=_group(pod), evidence=evidence)
    elif _is_late(pod, seen):
        where = f"the kubelet of {pod.node} has not begun" if pod.node else "no scheduler has looked at it"
        yield Finding(group=_group(pod), evidence=f"Pending for {age(instant(pod.created), seen.now)}: {where}")


def failed(pod: Any, _: Surroundings) -> Iterator[Finding]:
    """A pod that failed or was evicted: what owns it has replaced it, or says so itself."""
    if pod.phase == "Failed":
        evidence = ": ".join(filter(None, (pod.reason, pod.message))) or "phase=Failed"
        yield Finding(
            severity=Severity.INFO, cause=f"Pod{pod.reason or 'Failed'}", group=_group(pod), evidence=evidence
        )


def lost(pod: Any, _: Surroundings) -> Iterator[Finding]:
    """A pod of which nobody knows how it is."""
    if pod.phase == "Unknown":
        yield Finding(group=_group(pod), evidence=pod.message or "phase=Unknown")


def not_ending(pod: Any, seen: Surroundings) -> Iterator[Finding]:
    """A pod that was to be gone long ago: its node is dead, or a finalizer holds it."""
    ends = instant(pod.deleted)
    if ends and seen.now - ends > _PATIENCE:
        yield Finding(group=_group(pod), evidence=f"it was to be gone {age(ends, seen.now)} ago")


def _told(container: Any, state: Any) -> str:
    restarts = container.get("restartCount") or 0
    last = (container.get("lastState") or {}).get("terminated") or {}
    ended = f", last ended with {last.get('reason')}, exit code {last.get('exitCode')}" if last else ""
    message = f": {state['message']}" if state.get("message") else ""
    return f"container {container.get('name')} is waiting, {restarts} restarts{ended}{message}"


def _is_late(pod: Any, seen: Surroundings) -> bool:
    created = instant(pod.created)
    return bool(created and seen.now - created > _PATIENCE)


def _group(pod: Any) -> str:
    return f"{pod.namespace}/{pod.owner}" if pod.owner else ""


def _rule(name: str, judge: Any, *paths: str, essential: bool = True) -> FindingRule:
    chosen = {key: _PATHS[key] for key in ("phase", "namespace", "owner", *paths)}
    return FindingRule(name=name, kind=POD, paths=chosen, judge=judge, essential=essential)


RULES = (
    _rule("PodWaiting", waiting, "deleted", "created", "containers", "inits"),
    _rule("PodPending", unscheduled, "node", "deleted", "created", "conditions", "containers", "inits"),
    _rule("PodFailed", failed, "reason", "message"),
    _rule("PodUnknown", lost, "message"),
    _rule("PodNotEnding", not_ending, "deleted"),
)
