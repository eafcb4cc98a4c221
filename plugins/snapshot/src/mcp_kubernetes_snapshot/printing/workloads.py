"""What makes pods: deployments and the like, jobs, and what scales or protects them."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from mcp_kubernetes_snapshot.printing.scaling import metrics
from mcp_kubernetes_snapshot.printing.values import (
    NONE,
    UNSET,
    age,
    at,
    condition,
    containers,
    human,
    instant,
    labels,
    name,
    selector,
    since,
)

Object = Mapping[str, Any]


def deployment(found: Object, now: datetime) -> list[Any]:
    """Name, Ready, Up-to-date, Available, Age, Containers, Images, Selector."""
    ready = f"{at(found, 'status.readyReplicas', 0)}/{at(found, 'spec.replicas', 0)}"
    counts = [at(found, "status.updatedReplicas", 0), at(found, "status.availableReplicas", 0)]
    return [name(found), ready, *counts, age(found, now), *_template(found), selector(at(found, "spec.selector"))]


def replica_set(found: Object, now: datetime) -> list[Any]:
    """Name, Desired, Current, Ready, Age, Containers, Images, Selector."""
    chosen = selector(at(found, "spec.selector")) or NONE
    return [name(found), *_replicas(found), age(found, now), *_template(found), chosen]


def replication_controller(found: Object, now: datetime) -> list[Any]:
    """Name, Desired, Current, Ready, Age, Containers, Images, Selector."""
    chosen = labels(at(found, "spec.selector"))
    return [name(found), *_replicas(found), age(found, now), *_template(found), chosen]


def stateful_set(found: Object, now: datetime) -> list[Any]:
    """Name, Ready, Age, Containers, Images."""
    ready = f"{at(found, 'status.readyReplicas', 0)}/{at(found, 'spec.replicas', 0)}"
    return [name(found), ready, age(found, now), *_template(found)]


def daemon_set(found: Object, now: datetime) -> list[Any]:
    """Name, Desired, Current, Ready, Up-to-date, Available, Node Selector, Age, Containers, Images, Selector."""
    keys = (
        *("desiredNumberScheduled", "currentNumberScheduled", "numberReady"),
        *("updatedNumberScheduled", "numberAvailable"),
    )
    counts = [at(found, f"status.{key}", 0) for key in keys]
    nodes = labels(at(found, "spec.template.spec.nodeSelector"))
    chosen = selector(at(found, "spec.selector")) or NONE
    return [name(found), *counts, nodes, age(found, now), *_template(found), chosen]


def controller_revision(found: Object, now: datetime) -> list[Any]:
    """Name, Controller, Revision, Age."""
    owners = at(found, "metadata.ownerReferences", ())
    owner = next((each for each in owners if each.get("controller")), None)
    return [name(found), _called(owner) if owner else NONE, found.get("revision", 0), age(found, now)]


def job(found: Object, now: datetime) -> list[Any]:
    """Name, Status, Completions, Duration, Age, Containers, Images, Selector."""
    chosen = selector(at(found, "spec.selector")) or NONE
    cells = [_job_status(found), _completions(found), _duration(found, now)]
    return [name(found), *cells, age(found, now), *_template(found), chosen]


def cron_job(found: Object, now: datetime) -> list[Any]:
    """Name, Schedule, Timezone, Suspend, Active, Last Schedule, Age, Containers, Images, Selector."""
    last = at(found, "status.lastScheduleTime")
    suspended = at(found, "spec.suspend")
    job_template = at(found, "spec.jobTemplate", {})
    return [
        name(found),
        at(found, "spec.schedule", ""),
        at(found, "spec.timeZone", NONE),
        UNSET if suspended is None else str(suspended),
        len(at(found, "status.active", ())),
        since(last, now) if last else NONE,
        age(found, now),
        *_template(job_template),
        selector(at(job_template, "spec.selector")) or NONE,
    ]


def disruption_budget(found: Object, now: datetime) -> list[Any]:
    """Name, Min Available, Max Unavailable, Allowed Disruptions, Age."""
    bounds = [str(at(found, f"spec.{key}", "N/A")) for key in ("minAvailable", "maxUnavailable")]
    return [name(found), *bounds, at(found, "status.disruptionsAllowed", 0), age(found, now)]


def autoscaler(found: Object, now: datetime) -> list[Any]:
    """Name, Reference, Targets, MinPods, MaxPods, Replicas, Age."""
    target = at(found, "spec.scaleTargetRef", {})
    return [
        name(found),
        f"{target.get('kind', '')}/{target.get('name', '')}",
        metrics(at(found, "spec.metrics", ()), at(found, "status.currentMetrics", ())),
        str(at(found, "spec.minReplicas", UNSET)),
        at(found, "spec.maxReplicas", 0),
        at(found, "status.currentReplicas", 0),
        age(found, now),
    ]


def _replicas(found: Object) -> list[int]:
    return [at(found, path, 0) for path in ("spec.replicas", "status.replicas", "status.readyReplicas")]


def _template(found: Object) -> list[str]:
    return containers(at(found, "spec.template.spec.containers"))


def _called(owner: Object) -> str:
    group = owner["apiVersion"].rpartition("/")[0]
    return ".".join(filter(None, (owner["kind"], group))).lower() + f"/{owner['name']}"


_JOB_STATES = {"Complete": "Complete", "Failed": "Failed"}
_LATER_JOB_STATES = ("Suspended", "FailureTarget", "SuccessCriteriaMet")


def _job_status(found: Object) -> str:
    for kind in _JOB_STATES:
        if condition(found, kind).get("status") == "True":
            return kind
    if at(found, "metadata.deletionTimestamp"):
        return "Terminating"
    states = (kind for kind in _LATER_JOB_STATES if condition(found, kind).get("status") == "True")
    return next(states, "Running")


def _completions(found: Object) -> str:
    succeeded, wanted = at(found, "status.succeeded", 0), at(found, "spec.completions")
    if wanted is not None:
        return f"{succeeded}/{wanted}"
    parallelism = at(found, "spec.parallelism", 0)
    return f"{succeeded}/1 of {parallelism}" if parallelism > 1 else f"{succeeded}/1"


def _duration(found: Object, now: datetime) -> str:
    started = instant(at(found, "status.startTime"))
    if started is None:
        return ""
    return human(((instant(at(found, "status.completionTime")) or now) - started).total_seconds())


PRINTERS = {
    ("apps", "Deployment"): deployment,
    ("apps", "ReplicaSet"): replica_set,
    ("apps", "StatefulSet"): stateful_set,
    ("apps", "DaemonSet"): daemon_set,
    ("apps", "ControllerRevision"): controller_revision,
    ("", "ReplicationController"): replication_controller,
    ("batch", "Job"): job,
    ("batch", "CronJob"): cron_job,
    ("policy", "PodDisruptionBudget"): disruption_budget,
    ("autoscaling", "HorizontalPodAutoscaler"): autoscaler,
}
