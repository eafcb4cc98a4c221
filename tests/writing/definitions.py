"""Kinds that a test defines itself."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from tests.writing.kinds import GROUP, Fields

if TYPE_CHECKING:
    from tests.cluster import Cluster

_SIZES = {
    "type": "object",
    "properties": {
        "size": {"type": "integer"},
        "parts": {
            "type": "array",
            "x-kubernetes-list-type": "map",
            "x-kubernetes-list-map-keys": ["name"],
            "items": {
                "type": "object",
                "required": ["name"],
                "properties": {"name": {"type": "string"}, "share": {"type": "number"}},
            },
        },
    },
}
_ANYTHING = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}


def definition(kind: str, *, group: str = GROUP, spec: Fields | None = None) -> Fields:
    """A CustomResourceDefinition of a namespaced kind whose objects have a spec of that schema, or of any form."""
    schema = {"type": "object", "properties": {"spec": spec}} if spec else _ANYTHING
    version: Fields = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}
    if spec:
        paths = {"specReplicasPath": ".spec.size", "statusReplicasPath": ".status.size"}
        version["subresources"] = {"scale": paths}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{kind.lower()}s.{group}"},
        "spec": {
            "group": group,
            "scope": "Namespaced",
            "names": {"plural": f"{kind.lower()}s", "kind": kind},
            "versions": [version],
        },
    }


def define(cluster: Cluster, group: str = GROUP) -> None:
    """Make the kinds Typed and Free. Tests that run at the same time need a group each: who is done removes them."""
    definitions = [definition("Typed", group=group, spec=_SIZES), definition("Free", group=group)]
    cluster.kubectl("apply", "-f", "-", stdin=json.dumps({"apiVersion": "v1", "kind": "List", "items": definitions}))
    for each in definitions:
        cluster.kubectl("wait", "--for=condition=Established", f"crd/{each['metadata']['name']}", "--timeout=30s")


def undefine(cluster: Cluster, group: str = GROUP) -> None:
    """Remove them again."""
    cluster.kubectl("delete", "crd", f"typeds.{group}", f"frees.{group}", "--wait=false")
