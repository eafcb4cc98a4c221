"""The subresource scale: one object's replicas, in the form that they have for every kind."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from mcp_kubernetes_snapshot.api.status import Refusal, bad_request
from mcp_kubernetes_snapshot.printing.values import at, selector
from mcp_kubernetes_snapshot.served import Served


def scale_of(found: Mapping[str, Any], served: Served) -> dict[str, Any]:
    """The Scale of an object."""
    spec, status, selects = served.scaled
    kept = ("name", "namespace", "uid", "resourceVersion", "creationTimestamp")
    metadata = {key: found["metadata"][key] for key in kept if key in found["metadata"]}
    wanted, there = at(found, spec), at(found, status, 0)
    text = _selector(at(found, selects) if selects else None)
    return {
        "kind": "Scale",
        "apiVersion": "autoscaling/v1",
        "metadata": metadata,
        "spec": {"replicas": wanted} if wanted else {},
        "status": {"replicas": there} | ({"selector": text} if text else {}),
    }


def scaled(found: Mapping[str, Any], scale: Mapping[str, Any], served: Served) -> dict[str, Any]:
    """The object with the replicas of that Scale. Raises Refusal."""
    replicas = at(scale, "spec.replicas", 0)
    if not isinstance(replicas, int) or isinstance(replicas, bool):
        raise bad_request("spec.replicas of a Scale is a number")
    if replicas < 0:
        raise _negative(str(found["metadata"]["name"]), replicas)
    changed = copy.deepcopy(dict(found))
    *parents, last = served.scaled[0].split(".")
    place = changed
    for key in parents:
        place = place.setdefault(key, {})
        if not isinstance(place, dict):
            raise bad_request(f"the object has no {served.scaled[0]} that could be set")
    place[last] = replicas
    return changed


def _negative(name: str, replicas: int) -> Refusal:
    problem = f"Invalid value: {replicas}: must be greater than or equal to 0"
    cause = {"reason": "FieldValueInvalid", "message": problem, "field": "spec.replicas"}
    details = {"name": name, "group": "autoscaling", "kind": "Scale", "causes": [cause]}
    return Refusal(422, "Invalid", f'Scale.autoscaling "{name}" is invalid: spec.replicas: {problem}', details)


def _selector(found: Any) -> str:
    """As text, whatever the kind holds: a text, labels alone, or a selector of labels and expressions."""
    if isinstance(found, str):
        return found
    if isinstance(found, Mapping) and not found.keys() & {"matchLabels", "matchExpressions"}:
        found = {"matchLabels": found}
    return selector(found)
