"""The questions of the contract, and what may differ in the answers: ages, cursors, digests, names of clusters."""

from __future__ import annotations

import re
from typing import Any

_AGE = re.compile(r"(?<![\w.])\d+[smhdy](\d+[smhd])?(?![\w.])")
_CURSOR = re.compile(r"continue=[\w-]+")
_DIGEST = re.compile(r"(<masked: \d+ bytes, )[0-9a-f]+>")
_CHOICE = re.compile(r"\n?note: (Context|Cluster) \S+ was used\.")
Question = tuple[str, dict[str, Any]]

_KINDS = (
    *("pods", "deployments", "replicasets", "statefulsets", "daemonsets", "replicationcontrollers", "jobs", "cronjobs"),
    *("services", "endpoints", "endpointslices", "ingresses", "networkpolicies", "configmaps", "secrets"),
    *("persistentvolumeclaims", "horizontalpodautoscalers", "poddisruptionbudgets", "resourcequotas", "limitranges"),
    *("serviceaccounts", "roles", "rolebindings", "leases", "events", "certificates", "resourceclaims"),
)
_CLUSTER_KINDS = (
    *("nodes", "namespaces", "persistentvolumes", "storageclasses", "ingressclasses", "planets", "apiservices"),
    *("customresourcedefinitions", "clusterroles", "clusterrolebindings", "priorityclasses", "flowschemas"),
    *("prioritylevelconfigurations", "servicecidrs", "ipaddresses", "deviceclasses"),
    *("resourceslices", "validatingadmissionpolicybindings"),
)


def _list(**arguments: Any) -> Question:
    return "k8s_list_resources", {"maxBytes": 500_000, **arguments}


def _get(**arguments: Any) -> Question:
    return "k8s_get_resource", {"maxBytes": 500_000, "namespace": "shop", **arguments}


def _describe(**arguments: Any) -> Question:
    return "k8s_describe_resource", {"maxBytes": 500_000, "namespace": "shop", **arguments}


def _pods(**arguments: Any) -> Question:
    return _list(resourceType="pods", namespace="shop", **arguments)


QUESTIONS: dict[str, Question] = {
    **{f"list {kind}": _list(resourceType=kind, namespace="shop", output="wide") for kind in _KINDS},
    **{f"list {kind}": _list(resourceType=kind, output="wide") for kind in _CLUSTER_KINDS},
    "all namespaces": _list(resourceType="pods", allNamespaces=True),
    "all namespaces, wide": _list(resourceType="pods", allNamespaces=True, output="wide"),
    "the other namespace": _list(resourceType="pods", namespace="shop-test", output="wide"),
    "a namespace that is not there": _list(resourceType="pods", namespace="nowhere"),
    "names": _pods(output="name"),
    "whole objects": _pods(output="json"),
    "whole objects as YAML": _list(resourceType="deployments", namespace="shop", output="yaml"),
    "custom objects": _list(resourceType="certificates", allNamespaces=True, output="json"),
    "events in all namespaces": _list(resourceType="events", allNamespaces=True),
    "a page": _pods(limit=2),
    "a page of objects": _pods(limit=2, output="json"),
    "label equals": _pods(labelSelector="app=web"),
    "label differs": _pods(labelSelector="app!=web"),
    "label in": _pods(labelSelector="track in (canary, stable),app"),
    "label not in": _pods(labelSelector="app notin (web)"),
    "label is not there": _pods(labelSelector="!track,app==web"),
    "label with a page": _pods(labelSelector="app=web", limit=1),
    "label that no object has": _pods(labelSelector="app=nothing"),
    "label selector without an end": _pods(labelSelector="app in (web"),
    "label selector without a list": _pods(labelSelector="app in web"),
    "label selector with two operators": _pods(labelSelector="app==!web"),
    "label selector with a comma at its end": _pods(labelSelector="app=web,"),
    "label selector that is an operator": _pods(labelSelector="=web"),
    "field name": _pods(fieldSelector="metadata.name=web-7d9-aaaaa"),
    "field phase": _pods(fieldSelector="status.phase!=Running"),
    "field node": _list(resourceType="pods", allNamespaces=True, fieldSelector="spec.nodeName=node-a"),
    "field flag": _list(resourceType="pods", allNamespaces=True, fieldSelector="spec.hostNetwork=true"),
    "fields": _pods(fieldSelector="status.phase=Running,spec.nodeName==node-b"),
    "field of another kind": _pods(fieldSelector="spec.unschedulable=true"),
    "field that is none": _pods(fieldSelector="nonsense"),
    "field of nodes": _list(resourceType="nodes", fieldSelector="spec.unschedulable=true"),
    "field of services": _list(resourceType="services", namespace="shop", fieldSelector="spec.type=LoadBalancer"),
    "field of a kind without fields": _list(
        resourceType="deployments", namespace="shop", fieldSelector="spec.replicas=1"
    ),
    "field of a custom kind": _list(resourceType="certificates", allNamespaces=True, fieldSelector="spec.issuer=x"),
    "field that a custom kind lacks": _list(resourceType="certificates", allNamespaces=True, fieldSelector="spec.x=x"),
    "field of secrets": _list(resourceType="secrets", namespace="shop", fieldSelector="type=Opaque"),
    "field of jobs": _list(resourceType="jobs", namespace="shop", fieldSelector="status.successful=1"),
    "where": _pods(where="object.status.phase == 'Running'"),
    "columns": _pods(columns="NAME:.metadata.name,IMAGES:.spec.containers[*].image"),
    "count": _list(resourceType="pods", allNamespaces=True, countBy=".spec.containers[*].image"),
    "sorted": _pods(sortBy=".metadata.name"),
    "an unknown kind": _list(resourceType="nonsense"),
    "a kind almost right": _list(resourceType="deploymnets", namespace="shop"),
    "short name": _list(resourceType="deploy", namespace="shop"),
    "kind with version": _list(resourceType="apps/v1/Deployment", namespace="shop"),
    "short name of a custom kind": _list(resourceType="crt", namespace="shop"),
    "get a pod": _get(resourceType="pod", name="web-7d9-aaaaa"),
    "get a pod in full": _get(resourceType="pod", name="web-7d9-aaaaa", full=True),
    "get as YAML": _get(resourceType="deployment", name="web", output="yaml"),
    "get fields": _get(resourceType="deployment", name="web", fields=".spec.replicas,.status"),
    "get several": _get(resourceType="service", name="web,front,headless"),
    "get a secret": _get(resourceType="secret", name="db", full=True),
    "get a custom object": _get(resourceType="certificate", name="shop", full=True),
    "get a node": ("k8s_get_resource", {"resourceType": "node", "name": "node-a", "maxBytes": 500_000}),
    "get what is not there": _get(resourceType="pod", name="nothing"),
    "get a deployment that is not there": _get(resourceType="deployment", name="nothing"),
    "get a custom object that is not there": _get(resourceType="certificate", name="nothing"),
    "get where no namespace is": _get(resourceType="pod", name="web-7d9-aaaaa", namespace="nowhere"),
    "describe a pod": _describe(resourceType="pod", name="web-7d9-aaaaa"),
    "describe a failing pod": _describe(resourceType="pod", name="web-7d9-bbbbb"),
    "describe a deployment": _describe(resourceType="deployment", name="web"),
    "describe a service": _describe(resourceType="service", name="web"),
    "describe a claim": _describe(resourceType="pvc", name="data"),
    "describe a custom object": _describe(resourceType="certificate", name="shop"),
    "describe a node": ("k8s_describe_resource", {"resourceType": "node", "name": "node-a", "maxBytes": 500_000}),
    "describe what is not there": _describe(resourceType="pod", name="nothing"),
    "events": ("k8s_list_events", {"namespace": "shop"}),
    "events of all namespaces": ("k8s_list_events", {"allNamespaces": True}),
    "events of an object": ("k8s_list_events", {"namespace": "shop", "object": "pod/web-7d9-bbbbb"}),
    "warnings": ("k8s_list_events", {"namespace": "shop", "types": "Warning"}),
}


RECORDED: dict[str, Question] = {
    "api resources": ("k8s_get_api_resources", {"maxBytes": 500_000}),
    "custom api resources": ("k8s_get_api_resources", {"apiGroup": "example.com"}),
    "health": ("k8s_get_cluster_health", {}),
    "autoscalers of the other version": _list(resourceType="autoscaling/v1/HorizontalPodAutoscaler", namespace="shop"),
    "events of the other group": _list(resourceType="events.k8s.io/v1/Event", namespace="shop", output="wide"),
    "an event of the other group": _get(resourceType="events.k8s.io/v1/Event", name="web.1", full=True),
}
"""What only a recording can answer: it has all versions of everything, and the API server's own words."""


def comparable(text: str) -> str:
    """Without what must differ: ages, sealed cursors, digests of hidden values, and what the clusters are called."""
    text = _DIGEST.sub(r"\1DIGEST>", text)
    return _CURSOR.sub("continue=CURSOR", _CHOICE.sub("", _AGE.sub("AGE", text)))
