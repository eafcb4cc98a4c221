"""Configuration and storage: config maps, secrets, volumes, claims and their classes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from mcp_kubernetes_snapshot.printing.values import NONE, UNSET, age, at, name

Object = Mapping[str, Any]
_MODES = {"ReadWriteOnce": "RWO", "ReadOnlyMany": "ROX", "ReadWriteMany": "RWX", "ReadWriteOncePod": "RWOP"}
_OLD_CLASS = "volume.beta.kubernetes.io/storage-class"


def config_map(found: Object, now: datetime) -> list[Any]:
    """Name, Data, Age."""
    return [name(found), len(found.get("data") or ()) + len(found.get("binaryData") or ()), age(found, now)]


def secret(found: Object, now: datetime) -> list[Any]:
    """Name, Type, Data, Age."""
    return [name(found), found.get("type", ""), len(found.get("data") or ()), age(found, now)]


def volume(found: Object, now: datetime) -> list[Any]:
    """Name, Capacity, Access Modes, Reclaim Policy, Status, Claim, StorageClass, ..., Reason, Age, VolumeMode."""
    claim = at(found, "spec.claimRef")
    return [
        name(found),
        at(found, "spec.capacity.storage", "0"),
        _modes(at(found, "spec.accessModes", ())),
        at(found, "spec.persistentVolumeReclaimPolicy", ""),
        _phase(found),
        f"{claim.get('namespace', '')}/{claim.get('name', '')}" if claim else "",
        _class(found),
        at(found, "spec.volumeAttributesClassName", UNSET),
        at(found, "status.reason", ""),
        age(found, now),
        at(found, "spec.volumeMode", UNSET),
    ]


def claim(found: Object, now: datetime) -> list[Any]:
    """Name, Status, Volume, Capacity, Access Modes, StorageClass, VolumeAttributesClass, Age, VolumeMode."""
    bound = at(found, "spec.volumeName", "")
    return [
        name(found),
        _phase(found),
        bound,
        at(found, "status.capacity.storage", "0") if bound else "",
        _modes(at(found, "status.accessModes", ())) if bound else "",
        _class(found),
        at(found, "spec.volumeAttributesClassName", UNSET),
        age(found, now),
        at(found, "spec.volumeMode", UNSET),
    ]


def storage_class(found: Object, now: datetime) -> list[Any]:
    """Name, Provisioner, ReclaimPolicy, VolumeBindingMode, AllowVolumeExpansion, Age."""
    return [
        name(found),
        found.get("provisioner", ""),
        found.get("reclaimPolicy") or "Delete",
        found.get("volumeBindingMode") or "Immediate",
        found.get("allowVolumeExpansion") or False,
        age(found, now),
    ]


def attributes_class(found: Object, now: datetime) -> list[Any]:
    """Name, DriverName, Age."""
    return [name(found), found.get("driverName", ""), age(found, now)]


def attachment(found: Object, now: datetime) -> list[Any]:
    """Name, Attacher, PV, Node, Attached, Age."""
    return [
        name(found),
        at(found, "spec.attacher", ""),
        at(found, "spec.source.persistentVolumeName", ""),
        at(found, "spec.nodeName", ""),
        at(found, "status.attached", default=False),
        age(found, now),
    ]


def csi_node(found: Object, now: datetime) -> list[Any]:
    """Name, Drivers, Age."""
    return [name(found), len(at(found, "spec.drivers", ())), age(found, now)]


def csi_driver(found: Object, now: datetime) -> list[Any]:
    """Name, AttachRequired, PodInfoOnMount, StorageCapacity, TokenRequests, RequiresRepublish, Modes, Age."""
    requests = at(found, "spec.tokenRequests")
    return [
        name(found),
        at(found, "spec.attachRequired", default=True),
        at(found, "spec.podInfoOnMount", default=False),
        at(found, "spec.storageCapacity", default=False),
        UNSET if requests is None else ",".join(each.get("audience", "") for each in requests),
        at(found, "spec.requiresRepublish", default=False),
        ",".join(at(found, "spec.volumeLifecycleModes", ())) or NONE,
        age(found, now),
    ]


def csi_capacity(found: Object, _: datetime) -> list[Any]:
    """Name, StorageClassName, Capacity."""
    return [name(found), found.get("storageClassName", ""), found.get("capacity") or UNSET]


def _phase(found: Object) -> str:
    return "Terminating" if at(found, "metadata.deletionTimestamp") else str(at(found, "status.phase", ""))


def _modes(found: Sequence[str]) -> str:
    return ",".join(short for mode, short in _MODES.items() if mode in found)


def _class(found: Object) -> str:
    old = at(found, "metadata.annotations", {}).get(_OLD_CLASS)
    return str(at(found, "spec.storageClassName", "") if old is None else old)


PRINTERS = {
    ("", "ConfigMap"): config_map,
    ("", "Secret"): secret,
    ("", "PersistentVolume"): volume,
    ("", "PersistentVolumeClaim"): claim,
    ("storage.k8s.io", "StorageClass"): storage_class,
    ("storage.k8s.io", "VolumeAttributesClass"): attributes_class,
    ("storage.k8s.io", "VolumeAttachment"): attachment,
    ("storage.k8s.io", "CSINode"): csi_node,
    ("storage.k8s.io", "CSIDriver"): csi_driver,
    ("storage.k8s.io", "CSIStorageCapacity"): csi_capacity,
}
