"""What the place of a file tells of the objects in it: how their kind is called in paths, and which one it is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import PurePosixPath
from typing import NamedTuple

from mcp_kubernetes_snapshot.files.json_pieces import ListHead

Parts = tuple[str, ...]


class Told(NamedTuple):
    """`plural` is how a kind of `group` is called; `of` the list that objects without a kind of their own are from."""

    group: str = ""
    plural: str = ""
    of: ListHead | None = None


NOTHING = Told()


def told_by(name: PurePosixPath) -> Told:
    """What the place of a file tells, if a layout is recognised in it."""
    parts = (*name.parts[:-1], name.name.partition(".json")[0].partition(".yaml")[0])
    for place, part in enumerate(parts[:-1]):
        if (tell := _ROOTS.get(part)) and (told := tell(parts[place + 1 :])) is not None:
            return told
    return NOTHING


def _gathered(rest: Parts) -> Told | None:
    """`{group}/{plural}.yaml` or `{group}/{plural}/{name}.yaml`, as `oc adm inspect` writes them."""
    if len(rest) not in {2, 3}:
        return None
    return Told("" if rest[0] == "core" else rest[0], rest[1])


def _in_namespace(rest: Parts) -> Told | None:
    return _gathered(rest[1:])


def _by_version(rest: Parts) -> Told | None:
    """`cluster/{group}/{version}/{plural}.yaml`, or below `namespaced/{namespace}`; the core has no group."""
    below = {"cluster": rest[1:], "namespaced": rest[2:]}.get(rest[0], ())
    if len(below) not in {2, 3}:
        return None
    return Told(below[0] if len(below) == 3 else "", below[-1])


def _captured(rest: Parts) -> Told | None:
    """`{group}_{version}/{namespace}/{plural}/{name}-{time}.json` of crash-diagnostics."""
    group = rest[0].rpartition("_")[0]
    return Told("" if group == "core" else group, rest[-2]) if len(rest) in {3, 4} else None


def _troubleshoot(rest: Parts) -> Told | None:
    """`pods/{namespace}.json`, `nodes.json`, `custom-resources/{plural}.{group}/{namespace}.yaml`."""
    if rest[0] == "custom-resources" and len(rest) in {2, 3}:
        plural, _, group = rest[1].partition(".")
        return Told(group, plural)
    kind = _TROUBLESHOOT.get(rest[0]) if len(rest) <= 2 else None
    if kind is None:
        return None
    api_version, _, name = kind.rpartition(" ")
    return Told(of=ListHead(api_version=api_version, kind=f"{name}List"))


_ROOTS: dict[str, Callable[[Parts], Told | None]] = {
    "namespaces": _in_namespace,
    "cluster-scoped-resources": _gathered,
    "yamls": _by_version,
    "cluster-resources": _troubleshoot,
    "kubecapture": _captured,
}

_TROUBLESHOOT = {
    "clusterrolebindings": "rbac.authorization.k8s.io/v1 ClusterRoleBinding",
    "clusterroles": "rbac.authorization.k8s.io/v1 ClusterRole",
    "configmaps": "v1 ConfigMap",
    "cronjobs": "batch/v1 CronJob",
    "custom-resource-definitions": "apiextensions.k8s.io/v1 CustomResourceDefinition",
    "daemonsets": "apps/v1 DaemonSet",
    "deployments": "apps/v1 Deployment",
    "endpoints": "v1 Endpoints",
    "endpointslices": "discovery.k8s.io/v1 EndpointSlice",
    "events": "v1 Event",
    "ingress": "networking.k8s.io/v1 Ingress",
    "jobs": "batch/v1 Job",
    "leases": "coordination.k8s.io/v1 Lease",
    "limitranges": "v1 LimitRange",
    "namespaces": "v1 Namespace",
    "network-policy": "networking.k8s.io/v1 NetworkPolicy",
    "nodes": "v1 Node",
    "pod-disruption-budgets": "policy/v1 PodDisruptionBudget",
    "pods": "v1 Pod",
    "priorityclasses": "scheduling.k8s.io/v1 PriorityClass",
    "pvcs": "v1 PersistentVolumeClaim",
    "pvs": "v1 PersistentVolume",
    "replicasets": "apps/v1 ReplicaSet",
    "resource-quota": "v1 ResourceQuota",
    "rolebindings": "rbac.authorization.k8s.io/v1 RoleBinding",
    "roles": "rbac.authorization.k8s.io/v1 Role",
    "serviceaccounts": "v1 ServiceAccount",
    "services": "v1 Service",
    "statefulsets": "apps/v1 StatefulSet",
    "storage-classes": "storage.k8s.io/v1 StorageClass",
    "volumeattachments": "storage.k8s.io/v1 VolumeAttachment",
}
"""The names of folders and files, and the kind of what older versions wrote without one."""
