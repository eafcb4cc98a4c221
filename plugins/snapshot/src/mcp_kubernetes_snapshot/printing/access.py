"""Who may do what: accounts, bindings, certificate requests."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from mcp_kubernetes_snapshot.printing.values import NONE, age, at, human, name

Object = Mapping[str, Any]


def account(found: Object, now: datetime) -> list[Any]:
    """Name, Age."""
    return [name(found), age(found, now)]


def binding(found: Object, now: datetime) -> list[Any]:
    """Name, Role, Age, Users, Groups, ServiceAccounts."""
    role = f"{at(found, 'roleRef.kind', '')}/{at(found, 'roleRef.name', '')}"
    subjects = found.get("subjects") or ()
    users, groups = (", ".join(each["name"] for each in subjects if each["kind"] == kind) for kind in ("User", "Group"))
    accounts = ", ".join(f"{s.get('namespace', '')}/{s['name']}" for s in subjects if s["kind"] == "ServiceAccount")
    return [name(found), role, age(found, now), users, groups, accounts]


def certificate_request(found: Object, now: datetime) -> list[Any]:
    """Name, Age, SignerName, Requestor, RequestedDuration, Condition."""
    seconds = at(found, "spec.expirationSeconds")
    return [
        name(found),
        age(found, now),
        at(found, "spec.signerName") or NONE,
        at(found, "spec.username", ""),
        NONE if seconds is None else human(seconds),
        _request_status(found),
    ]


def _request_status(found: Object) -> str:
    there = {each.get("type") for each in at(found, "status.conditions", ())}
    word = "Denied" if "Denied" in there else "Approved" if "Approved" in there else "Pending"
    failed = ",Failed" if "Failed" in there else ""
    return word + failed + (",Issued" if at(found, "status.certificate") else "")


PRINTERS = {
    ("", "ServiceAccount"): account,
    ("rbac.authorization.k8s.io", "RoleBinding"): binding,
    ("rbac.authorization.k8s.io", "ClusterRoleBinding"): binding,
    ("certificates.k8s.io", "CertificateSigningRequest"): certificate_request,
}
