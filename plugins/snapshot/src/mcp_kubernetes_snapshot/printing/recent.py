"""Kinds that came to Kubernetes lately: devices, certificates of pods, policies' bindings, migrations."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from mcp_kubernetes_snapshot.printing.values import NONE, UNSET, age, at, labels, name, selector, since

Object = Mapping[str, Any]


def plain(found: Object, now: datetime) -> list[Any]:
    """Name, Age."""
    return [name(found), age(found, now)]


def policy_binding(found: Object, now: datetime) -> list[Any]:
    """Name, PolicyName, ParamRef, Age."""
    parameters = at(found, "spec.paramRef", {})
    text = UNSET
    if parameters.get("name"):
        text = f"{parameters.get('namespace') or '*'}/{parameters['name']}"
    elif "selector" in parameters:
        text = selector(parameters["selector"])
    return [name(found), at(found, "spec.policyName", ""), text, age(found, now)]


def trust_bundle(found: Object, _: datetime) -> list[Any]:
    """Name, SignerName."""
    return [name(found), at(found, "spec.signerName") or NONE]


def pod_certificate(found: Object, _: datetime) -> list[Any]:
    """Name, PodName, ServiceAccountName, NodeName, SignerName, State, UnverifiedUserAnnotations."""
    texts = [at(found, f"spec.{key}", "") for key in ("podName", "serviceAccountName", "nodeName", "signerName")]
    states = [c["type"] for c in at(found, "status.conditions", ()) if c["type"] in {"Issued", "Denied", "Failed"}]
    annotations = labels(at(found, "spec.unverifiedUserAnnotations"))
    return [name(found), *texts, states[-1] if states else "Pending", annotations]


def claim(found: Object, now: datetime) -> list[Any]:
    """Name, State, Age."""
    leaving = ["deleted"] if at(found, "metadata.deletionTimestamp") else []
    if at(found, "status.allocation") is None:
        states = leaving or ["pending"]
    else:
        states = [*leaving, "allocated", *(["reserved"] if at(found, "status.reservedFor") else [])]
    return [name(found), ",".join(states), age(found, now)]


def resource_slice(found: Object, now: datetime) -> list[Any]:
    """Name, Node, Driver, Pool, Age."""
    texts = [at(found, f"spec.{key}", "") for key in ("nodeName", "driver", "pool.name")]
    return [name(found), *texts, age(found, now)]


def taint_rule(found: Object, now: datetime) -> list[Any]:
    """Name, Key, Value, Effect, TimeAdded, Age."""
    taint = at(found, "spec.taint", {})
    added = since(taint["timeAdded"], now) if taint.get("timeAdded") else ""
    return [name(found), *(taint.get(key, "") for key in ("key", "value", "effect")), added, age(found, now)]


def migration(found: Object, _: datetime) -> list[Any]:
    """Name, Resource, Status."""
    resource = ".".join(filter(None, (at(found, "spec.resource.resource", ""), at(found, "spec.resource.group", ""))))
    known = {"Running", "Failed", "Succeeded"}
    states = [c["type"] for c in at(found, "status.conditions", ()) if c["status"] == "True" and c["type"] in known]
    return [name(found), resource, states[-1] if states else "Unknown"]


_ADMISSION, _DEVICES, _CERTIFICATES = "admissionregistration.k8s.io", "resource.k8s.io", "certificates.k8s.io"

PRINTERS = {
    (_ADMISSION, "ValidatingAdmissionPolicyBinding"): policy_binding,
    (_ADMISSION, "MutatingAdmissionPolicyBinding"): policy_binding,
    (_CERTIFICATES, "ClusterTrustBundle"): trust_bundle,
    (_CERTIFICATES, "PodCertificateRequest"): pod_certificate,
    (_DEVICES, "DeviceClass"): plain,
    (_DEVICES, "ResourceClaimTemplate"): plain,
    (_DEVICES, "ResourceClaim"): claim,
    (_DEVICES, "ResourceSlice"): resource_slice,
    (_DEVICES, "DeviceTaintRule"): taint_rule,
    ("storagemigration.k8s.io", "StorageVersionMigration"): migration,
}
