"""The cluster itself: nodes, namespaces, quotas, leases, classes, and what extends its API."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from mcp_kubernetes_snapshot.printing.values import NONE, UNKNOWN, UNSET, age, at, condition, name

Object = Mapping[str, Any]
_ROLE = "node-role.kubernetes.io/"
_OLD_ROLE = "kubernetes.io/role"


def node(found: Object, now: datetime) -> list[Any]:
    """Name, Status, Roles, Age, Version, Internal-IP, External-IP, OS-Image, Kernel-Version, Container-Runtime."""
    info = at(found, "status.nodeInfo", {})
    architecture = f" ({info['architecture']})" if info.get("architecture") else ""
    return [
        name(found),
        _node_status(found),
        ",".join(sorted(_roles(at(found, "metadata.labels", {})))) or NONE,
        age(found, now),
        info.get("kubeletVersion", ""),
        _address(found, "InternalIP"),
        _address(found, "ExternalIP"),
        info.get("osImage") or UNKNOWN,
        (info.get("kernelVersion") or UNKNOWN) + architecture,
        info.get("containerRuntimeVersion") or UNKNOWN,
    ]


def namespace(found: Object, now: datetime) -> list[Any]:
    """Name, Status, Age."""
    return [name(found), at(found, "status.phase", ""), age(found, now)]


def quota(found: Object, now: datetime) -> list[Any]:
    """Name, Request, Limit, Age."""
    hard, used = at(found, "status.hard", {}), at(found, "status.used", {})
    limits = sorted(key for key in hard if key.startswith("limits."))
    requests = sorted(key for key in hard if key not in limits)
    texts = [", ".join(f"{key}: {used.get(key, '0')}/{hard[key]}" for key in keys) for keys in (requests, limits)]
    return [name(found), *texts, age(found, now)]


def component_status(found: Object, _: datetime) -> list[Any]:
    """Name, Status, Message, Error."""
    healthy = next((each for each in found.get("conditions") or () if each.get("type") == "Healthy"), None)
    if healthy is None:
        return [name(found), "Unknown", "", ""]
    word = "Healthy" if healthy.get("status") == "True" else "Unhealthy"
    return [name(found), word, healthy.get("message", ""), healthy.get("error", "")]


def lease(found: Object, now: datetime) -> list[Any]:
    """Name, Holder, Age."""
    return [name(found), at(found, "spec.holderIdentity", ""), age(found, now)]


def priority_class(found: Object, now: datetime) -> list[Any]:
    """Name, Value, Global-Default, Age, Preemption-Policy."""
    default = found.get("globalDefault") or False
    return [name(found), found.get("value", 0), default, age(found, now), found.get("preemptionPolicy", "")]


def runtime_class(found: Object, now: datetime) -> list[Any]:
    """Name, Handler, Age."""
    return [name(found), found.get("handler", ""), age(found, now)]


def flow_schema(found: Object, now: datetime) -> list[Any]:
    """Name, PriorityLevel, MatchingPrecedence, DistinguisherMethod, Age, MissingPL."""
    return [
        name(found),
        at(found, "spec.priorityLevelConfiguration.name", ""),
        at(found, "spec.matchingPrecedence", 0),
        at(found, "spec.distinguisherMethod.type", NONE),
        age(found, now),
        condition(found, "Dangling").get("status", "?"),
    ]


def priority_level(found: Object, now: datetime) -> list[Any]:
    """Name, Type, NominalConcurrencyShares, Queues, HandSize, QueueLengthLimit, Age."""
    queuing = at(found, "spec.limited.limitResponse.queuing", {})
    return [
        name(found),
        at(found, "spec.type", ""),
        at(found, "spec.limited.nominalConcurrencyShares", NONE),
        *(queuing.get(key, NONE) for key in ("queues", "handSize", "queueLengthLimit")),
        age(found, now),
    ]


def api_service(found: Object, now: datetime) -> list[Any]:
    """Name, Service, Available, Age."""
    service = at(found, "spec.service")
    place = f"{service.get('namespace', '')}/{service.get('name', '')}" if service else "Local"
    available = condition(found, "Available")
    status = available.get("status", "Unknown")
    reason = available.get("reason") if status != "True" else None
    return [name(found), place, f"{status} ({reason})" if reason else status, age(found, now)]


def definition(found: Object, _: datetime) -> list[Any]:
    """Name, Scope, Versions, Created At, Group, Kind, ShortNames, Established."""
    served = [each for each in at(found, "spec.versions", ()) if each.get("served")]
    return [
        name(found),
        at(found, "spec.scope", ""),
        ",".join(sorted(each["name"] + "(storage)" * bool(each.get("storage")) for each in served)),
        at(found, "metadata.creationTimestamp", ""),
        at(found, "spec.group", ""),
        at(found, "spec.names.kind", ""),
        ",".join(at(found, "spec.names.shortNames", ())),
        condition(found, "Established").get("status") == "True",
    ]


def webhooks(found: Object, now: datetime) -> list[Any]:
    """Name, Webhooks, Age."""
    return [name(found), len(found.get("webhooks") or ()), age(found, now)]


def admission_policy(key: str) -> Any:
    """Name, Validations or Mutations (under `key`), ParamKind, Age."""

    def cells(found: Object, now: datetime) -> list[Any]:
        kind = at(found, "spec.paramKind")
        text = f"{kind.get('apiVersion', '')}/{kind.get('kind', '')}" if kind else UNSET
        return [name(found), len(at(found, f"spec.{key}", ())), text, age(found, now)]

    return cells


def _node_status(found: Object) -> str:
    ready = _last_condition(found, "Ready")
    word = "Unknown" if ready is None else "Ready" if ready.get("status") == "True" else "NotReady"
    return f"{word},SchedulingDisabled" if at(found, "spec.unschedulable") else word


def _last_condition(found: Object, kind: str) -> Object | None:
    """The last condition of that type, as printNode has it."""
    return next((each for each in reversed(at(found, "status.conditions", ())) if each.get("type") == kind), None)


def _roles(labels: Mapping[str, str]) -> set[str]:
    roles = {key.removeprefix(_ROLE) for key in labels if key.startswith(_ROLE)} | {labels.get(_OLD_ROLE, "")}
    return roles - {""}


def _address(found: Object, kind: str) -> str:
    return next((each["address"] for each in at(found, "status.addresses", ()) if each.get("type") == kind), NONE)


_ADMISSION = "admissionregistration.k8s.io"

PRINTERS = {
    ("", "Node"): node,
    ("", "Namespace"): namespace,
    ("", "ResourceQuota"): quota,
    ("", "ComponentStatus"): component_status,
    ("coordination.k8s.io", "Lease"): lease,
    ("scheduling.k8s.io", "PriorityClass"): priority_class,
    ("node.k8s.io", "RuntimeClass"): runtime_class,
    ("flowcontrol.apiserver.k8s.io", "FlowSchema"): flow_schema,
    ("flowcontrol.apiserver.k8s.io", "PriorityLevelConfiguration"): priority_level,
    ("apiregistration.k8s.io", "APIService"): api_service,
    ("apiextensions.k8s.io", "CustomResourceDefinition"): definition,
    (_ADMISSION, "MutatingWebhookConfiguration"): webhooks,
    (_ADMISSION, "ValidatingWebhookConfiguration"): webhooks,
    (_ADMISSION, "ValidatingAdmissionPolicy"): admission_policy("validations"),
    (_ADMISSION, "MutatingAdmissionPolicy"): admission_policy("mutations"),
}
