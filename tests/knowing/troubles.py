"""Troubles of a cluster, each made for real: API objects, kwok's nodes, the real controllers and the real scheduler."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.cluster import Cluster

HOME = "trouble"


@dataclass(frozen=True, kw_only=True)
class Trouble:
    """What is made, and what is to be said of it: the verdict and each cause with its severity and a piece of evidence.

    `make` comes after the `objects`; `removed` are nodes of kwok's that are taken away before, and come back later.
    """

    verdict: str
    found: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    objects: Sequence[dict[str, Any]] = ()
    removed: Sequence[str] = ()
    make: Callable[[Cluster], object] | None = None


def made(api: str, kind: str, name: str, **more: Any) -> dict[str, Any]:
    return {"apiVersion": api, "kind": kind, "metadata": {"name": name, **more.pop("metadata", {})}, **more}


def inside(api: str, kind: str, name: str, **more: Any) -> dict[str, Any]:
    return made(api, kind, name, metadata={"namespace": HOME}, **more)


def node(name: str, ready: str = "True", kubelet: str = "", **conditions: str) -> dict[str, Any]:
    """A node that no kubelet and no kwok looks after: it stays as it is made."""
    now = datetime.now(UTC).isoformat(timespec="seconds")
    told = {"Ready": ready, **conditions}
    return made("v1", "Node", name, status={
        "conditions": [{"type": kind, "status": status, "reason": "Made", "message": "for a test",
                        "lastHeartbeatTime": now, "lastTransitionTime": now} for kind, status in told.items()],
        "nodeInfo": dict.fromkeys(("machineID", "systemUUID", "bootID", "kernelVersion", "osImage", "operatingSystem",
                                   "containerRuntimeVersion", "kubeProxyVersion", "architecture"), "")
        | {"kubeletVersion": kubelet},
    })  # fmt: skip


def pod(name: str, **spec: Any) -> dict[str, Any]:
    container = {"name": "main", "image": "registry.example/web:1"}
    return inside("v1", "Pod", name, spec={"containers": [container], **spec})


NOWHERE = {"nodeSelector": {"nowhere": "true"}}
_LABELS = {"matchLabels": {"app": "web"}}


def deployment() -> dict[str, Any]:
    template = {"metadata": {"labels": {"app": "web"}}, "spec": {**pod("web")["spec"], **NOWHERE}}
    return inside("apps/v1", "Deployment", "web", spec={"replicas": 2, "selector": _LABELS, "template": template})


def stateful_set() -> dict[str, Any]:
    found = deployment()
    return found | {"kind": "StatefulSet", "spec": {**found["spec"], "serviceName": "web"}}


def webhook(policy: str) -> dict[str, Any]:
    service = {"namespace": HOME, "name": "gatekeeper"}
    rule = {"apiGroups": ["troubles.example"], "apiVersions": ["*"], "operations": ["CREATE"], "resources": ["widgets"]}
    hook = {"name": "gate.troubles.example", "failurePolicy": policy, "sideEffects": "None", "rules": [rule],
            "admissionReviewVersions": ["v1"], "clientConfig": {"service": service}}  # fmt: skip
    return made("admissionregistration.k8s.io/v1", "ValidatingWebhookConfiguration", "gate", webhooks=[hook])


def claim(storage_class: str) -> dict[str, Any]:
    spec = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "1Gi"}}}
    return inside("v1", "PersistentVolumeClaim", "data", spec={**spec, "storageClassName": storage_class})


def lease(name: str) -> dict[str, Any]:
    ago = (datetime.now(UTC) - timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%S.000000Z")
    spec = {"holderIdentity": name, "leaseDurationSeconds": 40, "renewTime": ago}
    return made("coordination.k8s.io/v1", "Lease", name, metadata={"namespace": "kube-node-lease"}, spec=spec)


def job() -> dict[str, Any]:
    template = {"spec": {**pod("x")["spec"], **NOWHERE, "restartPolicy": "Never"}}
    return inside("batch/v1", "Job", "report", spec={"activeDeadlineSeconds": 1, "template": template})


def api_service() -> dict[str, Any]:
    spec = {"group": "troubles.example", "version": "v1", "groupPriorityMinimum": 100, "versionPriority": 10,
            "insecureSkipTLSVerify": True, "service": {"namespace": HOME, "name": "nobody"}}  # fmt: skip
    return made("apiregistration.k8s.io/v1", "APIService", "v1.troubles.example", spec=spec)


def waiting(reason: str) -> Callable[[Cluster], object]:
    """The status that a kubelet reports of a container that it cannot keep running."""
    state = {"name": "main", "image": "x", "imageID": "", "ready": False, "restartCount": 7,
             "state": {"waiting": {"reason": reason, "message": "back-off"}}}  # fmt: skip
    patch = json.dumps({"status": {"phase": "Running", "containerStatuses": [state]}})
    return lambda cluster: cluster.kubectl(
        "patch", "pod", "web", "-n", HOME, "--subresource=status", "--type=merge", "-p", patch
    )


def cordon(cluster: Cluster) -> None:
    cluster.kubectl("cordon", "kwok-001")


DEAD = ("NodeNotReady", "Ready=False for ")
TROUBLES: Mapping[str, Trouble] = {
    "no node dead": Trouble(verdict="Healthy."),
    "one of three nodes dead": Trouble(
        verdict="Degraded.", removed=["kwok-002"], objects=[node("dead-a", "False")],
        found={DEAD[0]: ("warning", DEAD[1])},
    ),
    "two of three nodes dead": Trouble(
        verdict="Unhealthy.", removed=["kwok-001", "kwok-002"],
        objects=[node("dead-a", "False"), node("dead-b", "Unknown")],
        found={DEAD[0]: ("critical", "Made: for a test")},
    ),
    "only pressure": Trouble(
        verdict="Degraded.", objects=[node("pressed", MemoryPressure="True", DiskPressure="False")],
        found={"NodeMemoryPressure": ("warning", "MemoryPressure=True for ")},
    ),
    "cordoned": Trouble(verdict="Healthy.", make=cordon, found={"NodeCordoned": ("info", "unschedulable=true")}),
    "an old kubelet": Trouble(
        verdict="Degraded.", objects=[node("old", kubelet="v1.30.1")],
        found={"VersionSkew": ("warning", "kubelet v1.30.1 is ")},
    ),
    "a lease that nobody renews": Trouble(
        verdict="Degraded.", objects=[node("silent"), lease("silent")],
        found={"NodeLeaseExpired": ("warning", "its lease was renewed 1h")},
    ),
    "a webhook without endpoints": Trouble(
        verdict="Degraded.", objects=[webhook("Fail")],
        found={"WebhookUnanswered": ("warning", "the Service trouble/gatekeeper has no endpoint that is ready; what")},
    ),
    "a webhook without endpoints that may fail": Trouble(
        verdict="Healthy.", objects=[webhook("Ignore")],
        found={"WebhookUnanswered": ("info", "it is passed over (CREATE widgets)")},
    ),
    "a crash loop": Trouble(
        verdict="Degraded.", objects=[pod("web", nodeName="kwok-000")], make=waiting("CrashLoopBackOff"),
        found={"CrashLoopBackOff": ("warning", "container main is waiting, 7 restarts: back-off")},
    ),
    "an image that is not there": Trouble(
        verdict="Degraded.", objects=[pod("web", nodeName="kwok-000")], make=waiting("ImagePullBackOff"),
        found={"ImagePullBackOff": ("warning", "container main is waiting")},
    ),
    "a pod that fits nowhere": Trouble(
        verdict="Degraded.", objects=[pod("web", **NOWHERE)],
        found={"PodUnschedulable": ("warning", "3 node(s) didn't match Pod's node affinity/selector")},
    ),
    "a failed job": Trouble(
        verdict="Degraded.", objects=[job()], found={"JobFailed": ("warning", "DeadlineExceeded")},
    ),
    "a claim of a class that is not there": Trouble(
        verdict="Degraded.", objects=[claim("none-such")],
        found={"ClaimUnbound": ("warning", "storage class none-such, which does not exist")},
    ),
    "a claim that waits for its consumer": Trouble(
        verdict="Healthy.",
        objects=[
            made("storage.k8s.io/v1", "StorageClass", "late", provisioner="x.example/y",
                 volumeBindingMode="WaitForFirstConsumer"),
            claim("late"),
        ],
        found={"ClaimUnbound": ("info", "it waits for a pod that uses it")},
    ),
    "an unavailable deployment": Trouble(
        verdict="Degraded.", objects=[deployment()],
        found={"DeploymentUnavailable": ("warning", "0/2 ready; Available=False"), "PodUnschedulable": ("warning", "")},
    ),
    "a short stateful set": Trouble(
        verdict="Degraded.", objects=[stateful_set()],
        found={"StatefulSetNotReady": ("warning", "0/2 ready"), "PodUnschedulable": ("warning", "")},
    ),
    "an aggregated API that is down": Trouble(
        verdict="Degraded.", objects=[api_service()],
        found={"APIServiceUnavailable": ("warning", "Available=False for ")},
    ),
}  # fmt: skip
