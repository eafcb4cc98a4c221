"""`python -m bench.forms`: how many bytes ten common kinds take in each form, ours beside kubectl's.

An object of each kind is made in the cluster that tests would use, so that the API server fills in its defaults,
and then asked for: by our tools, slim, and by kubectl with -o yaml, json and wide.
"""

from __future__ import annotations

import json
import sys
from typing import TYPE_CHECKING, Any

from bench.servers import ours
from tests.cluster import Cluster, shared
from tests.objects import POD
from tests.stdio.wire import Wire, text

if TYPE_CHECKING:
    from collections.abc import Mapping

_NAMESPACE = "bench-forms"
_LABELS = {"app.kubernetes.io/name": "web", "app.kubernetes.io/part-of": "shop", "tier": "front"}
_SELECTOR = {"matchLabels": _LABELS}
_CONTAINERS = [
    {key: value for key, value in each.items() if key != "volumeMounts"} for each in POD["spec"]["containers"]
]
_TEMPLATE: dict[str, Any] = {"metadata": {"labels": _LABELS}, "spec": {"containers": _CONTAINERS}}
_JOB = {"template": {**_TEMPLATE, "spec": {**_TEMPLATE["spec"], "restartPolicy": "Never"}}}
_BACKEND = {"service": {"name": "web", "port": {"number": 80}}}
_RULE = {"host": "shop.example.com", "http": {"paths": [{"path": "/", "pathType": "Prefix", "backend": _BACKEND}]}}
_TARGET = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}
_CPU = {"type": "Resource", "resource": {"name": "cpu", "target": {"type": "Utilization", "averageUtilization": 80}}}
_CLAIM = {"accessModes": ["ReadWriteOnce"], "resources": {"requests": {"storage": "10Gi"}}, "storageClassName": "fast"}

_SETS = {"selector": _SELECTOR, "template": _TEMPLATE, "replicas": 0}
_DAILY = {"schedule": "0 4 * * *", "suspend": True, "jobTemplate": {"spec": _JOB}}
_HTTP = {"selector": _LABELS, "ports": [{"name": "http", "port": 80}]}
_SCALING = {"scaleTargetRef": _TARGET, "maxReplicas": 5, "metrics": [_CPU]}
_READS = {"apiGroups": [""], "resources": ["pods", "services"], "verbs": ["get", "list"]}
_CONFIG = {"app.conf": "listen 8080\nlevel info\n" * 20, "mode": "on"}

_KINDS: Mapping[str, dict[str, Any]] = {
    "pods": {"apiVersion": "v1", "kind": "Pod", "spec": {**_TEMPLATE["spec"], "nodeName": "none-such"}},
    "deployments": {"apiVersion": "apps/v1", "kind": "Deployment", "spec": _SETS},
    "statefulsets": {"apiVersion": "apps/v1", "kind": "StatefulSet", "spec": {**_SETS, "serviceName": "web"}},
    "cronjobs": {"apiVersion": "batch/v1", "kind": "CronJob", "spec": _DAILY},
    "services": {"apiVersion": "v1", "kind": "Service", "spec": _HTTP},
    "ingresses": {"apiVersion": "networking.k8s.io/v1", "kind": "Ingress", "spec": {"rules": [_RULE]}},
    "configmaps": {"apiVersion": "v1", "kind": "ConfigMap", "data": _CONFIG},
    "persistentvolumeclaims": {"apiVersion": "v1", "kind": "PersistentVolumeClaim", "spec": _CLAIM},
    "horizontalpodautoscalers": {"apiVersion": "autoscaling/v2", "kind": "HorizontalPodAutoscaler", "spec": _SCALING},
    "roles": {"apiVersion": "rbac.authorization.k8s.io/v1", "kind": "Role", "rules": [_READS] * 4},
}
_HEAD = "| kind | YAML | JSON | kubectl yaml | kubectl json | row | kubectl wide row |\n|---|---|---|---|---|---|---|"


def main() -> int:
    """Print the table, and what all kinds take together."""
    with shared() as cluster:
        _fill(cluster)
        print(_HEAD)
        with ours(cluster.kubeconfig) as wire:
            wire.open()
            rows = [_sizes(cluster, wire, kind) for kind in _KINDS]
        for kind, sizes in zip([*_KINDS, "all"], [*rows, [sum(each) for each in zip(*rows, strict=True)]], strict=True):
            print(f"| {kind} | {' | '.join(f'{size:,}' for size in sizes)} |")
    return 0


def _fill(cluster: Cluster) -> None:
    cluster.api.ensure("/api/v1/namespaces", {"metadata": {"name": _NAMESPACE}})
    metadata = {"name": "web", "namespace": _NAMESPACE, "labels": _LABELS}
    for body in _KINDS.values():
        cluster.kubectl("apply", "--server-side", "-f", "-", stdin=json.dumps({**body, "metadata": metadata}))


def _sizes(cluster: Cluster, wire: Wire, kind: str) -> list[int]:
    one = {"resourceType": kind, "namespace": _NAMESPACE}
    objects = [_object(wire, **one, name="web", output=form) for form in ("yaml", "json")]
    theirs = [cluster.kubectl("get", kind, "web", "-n", _NAMESPACE, "-o", form) for form in ("yaml", "json", "wide")]
    rows = [_row(each) for each in (text(wire.call("k8s_list_resources", **one)), theirs.pop())]
    return [len(each.encode()) for each in (*objects, *theirs, *rows)]


def _object(wire: Wire, **arguments: Any) -> str:
    answer = wire.call("k8s_get_resource", **arguments)
    if answer["isError"]:
        raise RuntimeError(text(answer))
    return str(answer["content"][0]["text"])


def _row(table: str) -> str:
    """The second line: what one more object costs."""
    return table.splitlines()[1]


if __name__ == "__main__":
    sys.exit(main())
