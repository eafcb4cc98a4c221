"""What is wrong with claims: no volume, or a volume that is gone."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from mcp_kubernetes import Finding, FindingRule, Severity, Surroundings, age, instant

STORAGE_CLASS = "storage.k8s.io/v1/StorageClass"


def unbound(claim: Any, seen: Surroundings) -> Iterator[Finding]:
    """A claim without its volume. One that waits for its first consumer, as its class says, is as it should be."""
    if claim.phase == "Lost":
        yield Finding(cause="ClaimLost", evidence=f"phase=Lost: the volume {claim.volume} is gone")
    if claim.phase != "Pending":
        return
    binding = next((each.binding for each in seen.by(STORAGE_CLASS, "name").get(claim.storage_class, ())), None)
    waits = binding == "WaitForFirstConsumer" and not claim.node
    yield Finding(
        severity=Severity.INFO if waits else Severity.WARNING,
        evidence=f"Pending for {age(instant(claim.created), seen.now)}, {_class(claim, seen, binding)}"
        + ("; it waits for a pod that uses it" if waits else ""),
    )


def _class(claim: Any, seen: Surroundings, binding: str | None) -> str:
    if not claim.storage_class:
        return "it names no storage class, and there is no default one" if claim.storage_class is None else "no class"
    known = binding is not None or seen.beside[STORAGE_CLASS] is None
    return f"storage class {claim.storage_class}" + ("" if known else ", which does not exist")


RULES = (
    FindingRule(
        name="ClaimUnbound",
        kind="v1/PersistentVolumeClaim",
        paths={
            "phase": ".status.phase",
            "volume": ".spec.volumeName",
            "storage_class": ".spec.storageClassName",
            "node": ".metadata.annotations['volume.kubernetes.io/selected-node']",
            "created": ".metadata.creationTimestamp",
        },
        judge=unbound,
        beside={STORAGE_CLASS: {"name": ".metadata.name", "binding": ".volumeBindingMode"}},
    ),
)
