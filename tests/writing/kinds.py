"""Kinds whose objects are changed and put back: one of each, with changes of it that its API server takes.

All of them may exist without being acted upon: there are no pods, so no controller writes to them meanwhile.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

GROUP = "writing.example.com"

Fields = dict[str, Any]

_POD = {"containers": [{"name": "web", "image": "a:1", "env": [{"name": "A", "value": "<1>"}]}]}
_LABELS = {"app": "o"}
_SELECTOR = {"matchLabels": _LABELS}


def _template(**pod: Any) -> Fields:
    return {"metadata": {"labels": _LABELS}, "spec": {**_POD, **pod}}


def _pods(*containers: Any) -> Fields:
    return {"template": {"spec": {"containers": list(containers)}}}


_WEB: Fields = _POD["containers"][0]
_OTHER_IMAGE = _pods({**_WEB, "image": "a:2"})
_TWO = _pods(_WEB, {"name": "log", "image": "b:1"})
_THIRD_IMAGE = _pods({**_WEB, "image": "a:3"})
_THREE = _pods(_WEB, {"name": "log", "image": "b:2"})


@dataclass(frozen=True, kw_only=True)
class Kind:
    """A kind, the fields of an object of it, and changes: merge patches, each with another of the same fields."""

    api_version: str
    kind: str
    plural: str
    fields: Fields
    changes: tuple[tuple[Fields, Fields], ...] = ()
    is_builtin: bool = True
    """Whether it takes strategic merge patches."""
    scales: bool = False
    is_recreated: bool = True
    """Whether a deleted object loses nothing, so that it can be created again."""

    def path(self, namespace: str, name: str = "", part: str = "") -> str:
        base = f"apis/{self.api_version}" if "/" in self.api_version else f"api/{self.api_version}"
        return "/" + "/".join(filter(None, [base, "namespaces", namespace, self.plural, name, part]))

    @property
    def resource(self) -> str:
        """As kubectl takes it."""
        group = self.api_version.rpartition("/")[0]
        return f"{self.plural}.{group}" if group else self.plural

    def manifest(self, name: str, **metadata: Any) -> Fields:
        return {
            "apiVersion": self.api_version, "kind": self.kind, "metadata": {"name": name, **metadata}, **self.fields
        }  # fmt: skip


KINDS: dict[str, Kind] = {
    kind.kind: kind
    for kind in (
        Kind(
            api_version="v1",
            kind="ConfigMap",
            plural="configmaps",
            fields={"data": {"a": "1", "x-y": "<&>\u2028", "gone": "é"}},
            changes=(
                ({"data": {"a": "2", "new": "\t"}}, {"data": {"a": "3", "new": "3"}}),
                ({"data": {"gone": None}}, {"data": {"gone": "3"}}),
                ({"binaryData": {"b": "AAE="}}, {"binaryData": {"b": "AAI="}}),
            ),
        ),
        Kind(
            api_version="v1",
            kind="Secret",
            plural="secrets",
            fields={"type": "Opaque", "data": {"a": "MQ==", "b": "Mg=="}},
            changes=(
                ({"data": {"a": "Mw=="}}, {"data": {"a": "NA=="}}),
                ({"data": {"b": None, "c": ""}}, {"data": {"b": "NQ==", "c": "NQ=="}}),
            ),
        ),
        Kind(
            api_version="v1",
            kind="Service",
            plural="services",
            fields={"spec": {"selector": _LABELS, "ports": [{"name": "a", "port": 80}, {"name": "b", "port": 81}]}},
            changes=(
                (
                    {"spec": {"ports": [{"name": "a", "port": 80}, {"name": "b", "port": 81, "targetPort": 1}]}},
                    {"spec": {"ports": [{"name": "a", "port": 80}, {"name": "b", "port": 81, "targetPort": 2}]}},
                ),
                ({"spec": {"sessionAffinity": "ClientIP"}}, {"spec": {"sessionAffinity": "None"}}),
                ({"spec": {"selector": {"tier": "x"}}}, {"spec": {"selector": {"tier": "y"}}}),
            ),
        ),
        Kind(
            api_version="apps/v1",
            kind="Deployment",
            plural="deployments",
            fields={"spec": {"replicas": 0, "paused": True, "selector": _SELECTOR, "template": _template()}},
            changes=(
                ({"spec": _OTHER_IMAGE}, {"spec": _THIRD_IMAGE}),
                ({"spec": _TWO}, {"spec": _THREE}),
                ({"spec": {"minReadySeconds": 5}}, {"spec": {"minReadySeconds": 9}}),
                (
                    {"spec": {"strategy": {"type": "Recreate", "rollingUpdate": None}}},
                    {"spec": {"strategy": {"type": "RollingUpdate"}}},
                ),
            ),
            scales=True,
        ),
        Kind(
            api_version="apps/v1",
            kind="StatefulSet",
            plural="statefulsets",
            fields={"spec": {"replicas": 0, "selector": _SELECTOR, "template": _template(), "serviceName": "o"}},
            changes=(
                ({"spec": _OTHER_IMAGE}, {"spec": _THIRD_IMAGE}),
                ({"spec": {"minReadySeconds": 5}}, {"spec": {"minReadySeconds": 9}}),
            ),
        ),
        Kind(
            api_version="apps/v1",
            kind="DaemonSet",
            plural="daemonsets",
            fields={"spec": {"selector": _SELECTOR, "template": _template(nodeSelector={"no": "node"})}},
            changes=(
                ({"spec": {"minReadySeconds": 5}}, {"spec": {"minReadySeconds": 9}}),
                ({"spec": _OTHER_IMAGE}, {"spec": _THIRD_IMAGE}),
            ),
        ),
        Kind(
            api_version="batch/v1",
            kind="CronJob",
            plural="cronjobs",
            fields={
                "spec": {
                    "schedule": "1 1 1 1 *",
                    "suspend": True,
                    "jobTemplate": {"spec": {"template": _template(restartPolicy="Never")}},
                }
            },
            changes=(
                ({"spec": {"schedule": "2 2 2 2 *"}}, {"spec": {"schedule": "3 3 3 3 *"}}),
                (
                    {"spec": {"timeZone": "Etc/UTC", "concurrencyPolicy": "Forbid"}},
                    {"spec": {"timeZone": "Europe/Berlin", "concurrencyPolicy": "Replace"}},
                ),
            ),
        ),
        Kind(
            api_version="networking.k8s.io/v1",
            kind="Ingress",
            plural="ingresses",
            fields={"spec": {"defaultBackend": {"service": {"name": "o", "port": {"number": 80}}}}},
            changes=(
                (
                    {"spec": {"defaultBackend": {"service": {"port": {"number": 81}}}}},
                    {"spec": {"defaultBackend": {"service": {"port": {"number": 82}}}}},
                ),
                ({"spec": {"rules": [{"host": "a.example"}]}}, {"spec": {"rules": [{"host": "b.example"}]}}),
            ),
        ),
        Kind(
            api_version="networking.k8s.io/v1",
            kind="NetworkPolicy",
            plural="networkpolicies",
            fields={"spec": {"podSelector": {}, "policyTypes": ["Ingress"]}},
            changes=(
                (
                    {"spec": {"policyTypes": ["Ingress", "Egress"], "egress": [{}]}},
                    {"spec": {"policyTypes": ["Egress"]}},
                ),
                ({"spec": {"podSelector": _SELECTOR}}, {"spec": {"podSelector": {"matchLabels": {"app": "x"}}}}),
            ),
        ),
        Kind(
            api_version="autoscaling/v2",
            kind="HorizontalPodAutoscaler",
            plural="horizontalpodautoscalers",
            fields={
                "spec": {
                    "scaleTargetRef": {"apiVersion": "apps/v1", "kind": "Deployment", "name": "none"},
                    "maxReplicas": 3,
                }
            },
            changes=(
                ({"spec": {"maxReplicas": 4, "minReplicas": 2}}, {"spec": {"maxReplicas": 5, "minReplicas": 3}}),
                ({"spec": {"scaleTargetRef": {"name": "no"}}}, {"spec": {"scaleTargetRef": {"name": "nobody"}}}),
            ),
        ),
        Kind(
            api_version="policy/v1",
            kind="PodDisruptionBudget",
            plural="poddisruptionbudgets",
            fields={"spec": {"minAvailable": 1, "selector": {"matchLabels": {"app": "none"}}}},
            changes=(
                ({"spec": {"minAvailable": "50%"}}, {"spec": {"minAvailable": 2}}),
                (
                    {"spec": {"unhealthyPodEvictionPolicy": "AlwaysAllow"}},
                    {"spec": {"unhealthyPodEvictionPolicy": "IfHealthyBudget"}},
                ),
            ),
        ),
        Kind(
            api_version="rbac.authorization.k8s.io/v1",
            kind="Role",
            plural="roles",
            fields={"rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}]},
            changes=(
                (
                    {"rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list"]}]},
                    {"rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": ["watch"]}]},
                ),
            ),
        ),
        Kind(
            api_version="v1",
            kind="ServiceAccount",
            plural="serviceaccounts",
            fields={"automountServiceAccountToken": False},
            changes=(
                ({"automountServiceAccountToken": True}, {"automountServiceAccountToken": None}),
                ({"imagePullSecrets": [{"name": "a"}]}, {"imagePullSecrets": [{"name": "b"}]}),
            ),
        ),
        Kind(
            api_version="v1",
            kind="ResourceQuota",
            plural="resourcequotas",
            fields={"spec": {"hard": {"pods": "10", "services": "100"}}},
            changes=(({"spec": {"hard": {"pods": "11"}}}, {"spec": {"hard": {"pods": "12"}}}),),
        ),
        Kind(
            api_version="v1",
            kind="LimitRange",
            plural="limitranges",
            fields={"spec": {"limits": [{"type": "Container", "default": {"cpu": "1"}, "max": {"cpu": "4"}}]}},
            changes=(
                (
                    {"spec": {"limits": [{"type": "Container", "default": {"cpu": "2"}}]}},
                    {"spec": {"limits": [{"type": "Container", "default": {"cpu": "3"}}]}},
                ),
            ),
        ),
        Kind(
            api_version="v1",
            kind="PersistentVolumeClaim",
            plural="persistentvolumeclaims",
            fields={
                "spec": {
                    "accessModes": ["ReadWriteOnce"],
                    "storageClassName": "",
                    "resources": {"requests": {"storage": "1Gi"}},
                }
            },
            is_recreated=False,
        ),
        Kind(
            api_version=f"{GROUP}/v1",
            kind="Typed",
            plural="typeds",
            fields={"spec": {"size": 1, "parts": [{"name": "a", "share": 0.5}, {"name": "b", "share": 1}]}},
            changes=(
                (
                    {"spec": {"parts": [{"name": "a", "share": 0.25}, {"name": "b", "share": 1}]}},
                    {"spec": {"parts": [{"name": "a", "share": 0.75}, {"name": "b", "share": 1}]}},
                ),
                ({"spec": {"size": 2}}, {"spec": {"size": 3}}),
            ),
            is_builtin=False,
            scales=True,
        ),
        Kind(
            api_version=f"{GROUP}/v1",
            kind="Free",
            plural="frees",
            fields={"spec": {"f": [0.00001, 1e20, 2**53 + 1], "deep": {"a": [{"b": "<"}]}, "x": 1}},
            changes=(
                ({"spec": {"f": [0.00002, 2e20], "x": 2}}, {"spec": {"f": [1], "x": 3}}),
                ({"spec": {"deep": {"a": [{"b": ">"}, 1]}}}, {"spec": {"deep": {"a": []}}}),
            ),
            is_builtin=False,
        ),
    )
}
