"""What is known of the built-in kinds: their noise, and what one looks at next when one looks at an object.

Kinds that are not here are read and described all the same, with what every object has: owners, conditions, events.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mcp_kubernetes import KindProfile, Noise, Relation
from mcp_kubernetes_resources.defaults import always, defaults, pod_spec, pod_status

_UID = ".metadata.uid"
_OWNERS = ".metadata.ownerReferences[*].uid"

_OWN_PODS = Relation(title="Pods", kind="v1/Pod", selector=".spec.selector", key=_OWNERS, values=(_UID,))
_SELECTED_PODS = Relation(title="Pods", kind="v1/Pod", selector=".spec.selector")
_REPLICA_SETS = Relation(
    title="ReplicaSets", kind="apps/v1/ReplicaSet", selector=".spec.selector", key=_OWNERS, values=(_UID,)
)
_JOBS = Relation(title="Jobs", kind="batch/v1/Job", key=_OWNERS, values=(_UID,))
_ENDPOINTS = Relation(
    title="EndpointSlices",
    kind="discovery.k8s.io/v1/EndpointSlice",
    labels="kubernetes.io/service-name={.metadata.name}",
)
_VOLUME = Relation(
    title="PersistentVolume",
    kind="v1/PersistentVolume",
    namespace=None,
    fields="metadata.name={.spec.volumeName}",
)
_USERS = Relation(
    title="Pods that use it",
    kind="v1/Pod",
    key=".spec.volumes[*].persistentVolumeClaim.claimName",
    values=(".metadata.name",),
)
_CLAIM = Relation(
    title="PersistentVolumeClaim",
    kind="v1/PersistentVolumeClaim",
    namespace="{.spec.claimRef.namespace}",
    fields="metadata.name={.spec.claimRef.name}",
)
_BACKENDS = Relation(
    title="Services",
    kind="v1/Service",
    key=".metadata.name",
    values=(".spec.defaultBackend.service.name", ".spec.rules[*].http.paths[*].backend.service.name"),
)
_TARGET = Relation(
    title="Target",
    kind="{.spec.scaleTargetRef.apiVersion}/{.spec.scaleTargetRef.kind}",
    fields="metadata.name={.spec.scaleTargetRef.name}",
)
_NODE = Relation(title="Node", kind="v1/Node", namespace=None, fields="metadata.name={.spec.nodeName}")
_PODS_ON_NODE = Relation(title="Pods", kind="v1/Pod", namespace="*", fields="spec.nodeName={.metadata.name}")
_LEASE = Relation(
    title="Lease",
    kind="coordination.k8s.io/v1/Lease",
    namespace="kube-node-lease",
    fields="metadata.name={.metadata.name}",
)
_QUOTAS = Relation(title="ResourceQuotas", kind="v1/ResourceQuota", namespace="{.metadata.name}")
_LIMITS = Relation(title="LimitRanges", kind="v1/LimitRange", namespace="{.metadata.name}")

_TEMPLATE = ".spec.template.spec"
_TEMPLATE_NOISE = (*always(".spec.template.metadata.creationTimestamp"), *pod_spec(_TEMPLATE))
_ROLLING = "RollingUpdate"


def _in_pod(spec: str) -> Mapping[str, Sequence[str]]:
    """Where the pod spec at a path names other objects."""
    containers = [f"{spec}.{name}[*]" for name in ("containers", "initContainers")]
    volumes = f"{spec}.volumes[*]"
    return {
        "PersistentVolumeClaims": [f"{volumes}.persistentVolumeClaim.claimName"],
        "ConfigMaps": [
            f"{volumes}.configMap.name",
            *(f"{each}.envFrom[*].configMapRef.name" for each in containers),
            *(f"{each}.env[*].valueFrom.configMapKeyRef.name" for each in containers),
        ],
        "Secrets": [
            f"{volumes}.secret.secretName",
            *(f"{each}.envFrom[*].secretRef.name" for each in containers),
            *(f"{each}.env[*].valueFrom.secretKeyRef.name" for each in containers),
            f"{spec}.imagePullSecrets[*].name",
        ],
    }


def _workload(group: str, resource: str, related: Sequence[Relation], **values: Any) -> KindProfile:
    """A kind with a pod template."""
    noise = [*defaults(values, ".spec"), *_TEMPLATE_NOISE]
    return KindProfile(group=group, resource=resource, noise=noise, related=related, names=_in_pod(_TEMPLATE))


def _core(resource: str, related: Sequence[Relation] = (), noise: Sequence[Noise] = ()) -> KindProfile:
    return KindProfile(group="", resource=resource, noise=noise, related=related)


PROFILES = (
    KindProfile(
        group="",
        resource="pods",
        noise=[*pod_spec(".spec"), *pod_status()],
        related=[_NODE],
        names=_in_pod(".spec"),
    ),
    _workload(
        "apps",
        "deployments",
        [_REPLICA_SETS, _SELECTED_PODS],
        progressDeadlineSeconds=600,
        revisionHistoryLimit=10,
        strategy={"type": _ROLLING, "rollingUpdate": {"maxSurge": "25%", "maxUnavailable": "25%"}},
    ),
    _workload("apps", "replicasets", [_OWN_PODS]),
    _workload(
        "apps",
        "statefulsets",
        [_OWN_PODS],
        podManagementPolicy="OrderedReady",
        revisionHistoryLimit=10,
        updateStrategy={"type": _ROLLING, "rollingUpdate": {"partition": 0}},
        persistentVolumeClaimRetentionPolicy={"whenDeleted": "Retain", "whenScaled": "Retain"},
    ),
    _workload(
        "apps",
        "daemonsets",
        [_OWN_PODS],
        revisionHistoryLimit=10,
        updateStrategy={"type": _ROLLING, "rollingUpdate": {"maxSurge": 0, "maxUnavailable": 1}},
    ),
    _workload(
        "batch",
        "jobs",
        [_OWN_PODS],
        backoffLimit=6,
        completionMode="NonIndexed",
        completions=1,
        parallelism=1,
        suspend=False,
        manualSelector=False,
        podReplacementPolicy="TerminatingOrFailed",
    ),
    KindProfile(
        group="batch",
        resource="cronjobs",
        noise=[
            *defaults({"concurrencyPolicy": "Allow", "failedJobsHistoryLimit": 1, "suspend": False}, ".spec"),
            *defaults({"successfulJobsHistoryLimit": 3}, ".spec"),
            *always(".spec.jobTemplate.metadata.creationTimestamp"),
            *always(".spec.jobTemplate.spec.template.metadata.creationTimestamp"),
            *pod_spec(".spec.jobTemplate.spec.template.spec"),
        ],
        related=[_JOBS],
    ),
    _core(
        "services",
        [_ENDPOINTS, _SELECTED_PODS],
        [
            *defaults({"sessionAffinity": "None", "internalTrafficPolicy": "Cluster"}, ".spec"),
            *defaults({"ipFamilyPolicy": "SingleStack", "ports[*].protocol": "TCP"}, ".spec"),
            *defaults({"status.loadBalancer": {}}),
        ],
    ),
    _core("persistentvolumeclaims", [_VOLUME, _USERS], defaults({"spec.volumeMode": "Filesystem"})),
    _core("persistentvolumes", [_CLAIM], defaults({"spec.volumeMode": "Filesystem"})),
    _core("nodes", [_PODS_ON_NODE, _LEASE], always(".status.images", ".status.daemonEndpoints")),
    _core(
        "namespaces",
        [_QUOTAS, _LIMITS],
        [*always(".metadata.labels['kubernetes.io/metadata.name']"), *defaults({"spec.finalizers": ["kubernetes"]})],
    ),
    _core("secrets", noise=defaults({"type": "Opaque"})),
    KindProfile(
        group="networking.k8s.io",
        resource="ingresses",
        noise=defaults({"status.loadBalancer": {}}),
        related=[_BACKENDS],
    ),
    KindProfile(group="autoscaling", resource="horizontalpodautoscalers", related=[_TARGET]),
)
"""One for each kind that has any."""
