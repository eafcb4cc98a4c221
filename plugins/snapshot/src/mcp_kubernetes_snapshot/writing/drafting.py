"""What an API server itself writes into an object: who it is, how often its spec changed, what nobody may change."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from mcp_kubernetes_snapshot.served import Served

_ALPHABET = "bcdfghjklmnpqrstvwxz2456789"
"""Letters of generated names: k8s.io/apimachinery, pkg/util/rand."""

_COUNTED = frozenset(
    {
        *("deployments", "replicasets", "statefulsets", "daemonsets", "replicationcontrollers", "jobs", "cronjobs"),
        *("pods", "ingresses", "networkpolicies", "poddisruptionbudgets", "prioritylevelconfigurations", "flowschemas"),
        *("customresourcedefinitions", "validatingwebhookconfigurations", "mutatingwebhookconfigurations"),
        *("validatingadmissionpolicies", "validatingadmissionpolicybindings", "resourceclaims", "priorityclasses"),
        *("endpointslices", "servicecidrs", "csidrivers"),
    }
)
"""Built-in kinds whose objects count the changes of their spec; those of custom kinds all do."""

_FIXED = ("uid", "creationTimestamp", "generation", "deletionTimestamp", "deletionGracePeriodSeconds", "selfLink")


def has_status(served: Served) -> bool:
    """Whether status is written by itself, and passed over in what is written to the object."""
    return "status" in served.subresources


def created(found: Mapping[str, Any], served: Served, namespace: str, now: datetime) -> dict[str, Any]:
    """The object as it is after its creation, but for its resourceVersion."""
    metadata = dict(found.get("metadata") or {})
    if not metadata.get("name") and (stem := metadata.get("generateName")):
        metadata["name"] = stem + "".join(secrets.choice(_ALPHABET) for _ in range(5))
    metadata |= {"namespace": namespace} if namespace else {}
    metadata |= {"uid": str(uuid.uuid4()), "creationTimestamp": f"{now:%Y-%m-%dT%H:%M:%SZ}"}
    if served.is_custom or served.plural in _COUNTED:
        metadata["generation"] = 1
    made = {"kind": served.kind, "apiVersion": served.api_version, **found, "metadata": metadata}
    if has_status(served):
        made.pop("status", None)
    return _begun(made, served)


def _begun(made: dict[str, Any], served: Served) -> dict[str, Any]:
    """What no controller adds, but the API server itself does."""
    match served.group, served.kind:
        case "", "Namespace":
            metadata = made["metadata"]
            named = {"kubernetes.io/metadata.name": metadata.get("name", "")}
            metadata["labels"] = {**(metadata.get("labels") or {}), **named}
            return made | {"spec": {"finalizers": ["kubernetes"]}, "status": {"phase": "Active"}}
        case "", "Pod":
            return made | {"status": {"phase": "Pending"}}
    return made


def changed(before: Mapping[str, Any], sent: Mapping[str, Any], served: Served, subresource: str) -> dict[str, Any]:
    """The object with `sent` in its place, but for its resourceVersion. What nobody may change is as before."""
    if subresource == "status":
        sent = {**before, "status": sent.get("status"), "metadata": sent.get("metadata")}
        sent = {key: value for key, value in sent.items() if value is not None}
    elif has_status(served):
        sent = {key: value for key, value in sent.items() if key != "status"}
        sent |= {"status": before["status"]} if "status" in before else {}
    metadata, was = dict(sent.get("metadata") or {}), before["metadata"]
    for key in _FIXED:
        metadata.pop(key, None)
        metadata |= {key: was[key]} if key in was else {}
    metadata |= {key: was[key] for key in ("name", "namespace", "resourceVersion") if key in was}
    after = {"kind": before["kind"], "apiVersion": before["apiVersion"], **sent, "metadata": metadata}
    if "generation" in was and _content(after, served) != _content(before, served):
        metadata["generation"] = was["generation"] + 1
    return after


def _content(found: Mapping[str, Any], served: Served) -> Any:
    """What counts as a change of an object: its spec; of one that has none, all but metadata and status."""
    if (served.group, served.kind) == ("apps", "Deployment"):
        return found.get("spec"), found["metadata"].get("annotations")
    if not served.is_custom and "spec" in found:
        return found["spec"]
    without = {"metadata", "kind", "apiVersion"} | ({"status"} if has_status(served) else set())
    return {key: value for key, value in found.items() if key not in without}


def ended(found: Mapping[str, Any], now: datetime, grace: int, finalizers: list[str]) -> dict[str, Any]:
    """The object on its way out: marked, and held by its finalizers."""
    metadata = dict(found["metadata"])
    if not metadata.get("deletionTimestamp"):
        metadata["deletionTimestamp"] = f"{now + timedelta(seconds=grace):%Y-%m-%dT%H:%M:%SZ}"
        metadata |= {"generation": metadata["generation"] + 1} if "generation" in metadata else {}
    metadata["deletionGracePeriodSeconds"] = grace
    metadata |= {"finalizers": finalizers} if finalizers else {}
    return {**found, "metadata": metadata}
