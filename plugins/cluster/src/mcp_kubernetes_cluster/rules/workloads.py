"""What is wrong with what makes pods: too few of them, or a job that gave up."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from mcp_kubernetes import Finding, FindingRule, Severity, Surroundings, instant
from mcp_kubernetes_cluster.rules.nodes import of_type, told

_FRESH = timedelta(days=1)
"""A job that failed longer ago is history."""

_STATUS = {"conditions": ".status.conditions"}
_COUNTS = {"wanted": ".spec.replicas", "ready": ".status.readyReplicas"}


def unavailable(deployment: Any, seen: Surroundings) -> Iterator[Finding]:
    """A Deployment with fewer pods than it may do without, or whose rollout does not get on."""
    available, progressing = (of_type(deployment.conditions, kind) for kind in ("Available", "Progressing"))
    counts = f"{deployment.ready or 0}/{deployment.wanted or 0} ready; "
    if available.get("status") == "False":
        yield Finding(evidence=counts + told(available, seen))
    elif progressing.get("status") == "False":
        yield Finding(cause="DeploymentStuck", evidence=counts + told(progressing, seen))


def short(stateful_set: Any, _: Surroundings) -> Iterator[Finding]:
    """A StatefulSet with fewer ready pods than it should have."""
    wanted, ready = stateful_set.wanted or 0, stateful_set.ready or 0
    if ready < wanted:
        yield Finding(evidence=f"{ready}/{wanted} ready")


def missing(daemon_set: Any, _: Surroundings) -> Iterator[Finding]:
    """A DaemonSet that is not available on every node where it should be."""
    if daemon_set.unavailable:
        wanted = daemon_set.wanted or 0
        yield Finding(evidence=f"{wanted - daemon_set.unavailable}/{wanted} available")


def gave_up(job: Any, seen: Surroundings) -> Iterator[Finding]:
    """A Job that failed for good."""
    condition = of_type(job.conditions, "Failed")
    if condition.get("status") == "True":
        ended = instant(condition.get("lastTransitionTime"))
        is_old = ended is not None and seen.now - ended > _FRESH
        severity = Severity.INFO if is_old else Severity.WARNING
        group = f"{job.namespace}/{job.owner}" if job.owner else ""
        yield Finding(severity=severity, group=group, evidence=told(condition, seen))


RULES = (
    FindingRule(
        name="DeploymentUnavailable",
        kind="apps/v1/Deployment",
        paths={**_STATUS, **_COUNTS},
        judge=unavailable,
        essential=True,
    ),
    FindingRule(name="StatefulSetNotReady", kind="apps/v1/StatefulSet", paths=_COUNTS, judge=short, essential=True),
    FindingRule(
        name="DaemonSetUnavailable",
        kind="apps/v1/DaemonSet",
        paths={"wanted": ".status.desiredNumberScheduled", "unavailable": ".status.numberUnavailable"},
        judge=missing,
        essential=True,
    ),
    FindingRule(
        name="JobFailed",
        kind="batch/v1/Job",
        paths={**_STATUS, "namespace": ".metadata.namespace", "owner": ".metadata.ownerReferences[0].name"},
        judge=gave_up,
    ),
)
