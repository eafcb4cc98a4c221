"""The targets of a HorizontalPodAutoscaler (autoscaling/v2): each metric as it is and as it should be."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from mcp_kubernetes_snapshot.printing.values import NONE, UNKNOWN, at

Metric = Mapping[str, Any]
_MOST = 2
_KEYS = {
    "External": "external",
    "Pods": "pods",
    "Object": "object",
    "Resource": "resource",
    "ContainerResource": "containerResource",
}


def metrics(wanted: Sequence[Metric], current: Sequence[Metric]) -> str:
    """`cpu: 10%/80%, 5/10 (avg)`, the first two of them."""
    if not wanted:
        return NONE
    now = [*current, *({} for _ in wanted)]
    texts = [_metric(each, now[place]) for place, each in enumerate(wanted)]
    more = f" + {len(texts) - _MOST} more..." if len(texts) > _MOST else ""
    return ", ".join(texts[:_MOST]) + more


def _metric(wanted: Metric, current: Metric) -> str:
    key = _KEYS.get(wanted.get("type", ""))
    if key is None:
        return "<unknown type>"
    target, now = at(wanted, f"{key}.target", {}), at(current, f"{key}.current", {})
    if key in {"resource", "containerResource"}:
        return f"{at(wanted, f'{key}.name', '')}: {_of_resource(target, now)}"
    if key == "pods":
        return f"{now.get('averageValue', UNKNOWN)}/{target.get('averageValue', '')}"
    if "averageValue" in target:
        return f"{now.get('averageValue', UNKNOWN)}/{target['averageValue']} (avg)"
    return f"{now.get('value', UNKNOWN)}/{target.get('value', '')}"


def _of_resource(target: Metric, now: Metric) -> str:
    if "averageValue" in target:
        return f"{now.get('averageValue', UNKNOWN)}/{target['averageValue']}"
    wanted = f"{target['averageUtilization']}%" if "averageUtilization" in target else "<auto>"
    return f"{now['averageUtilization']}%/{wanted}" if "averageUtilization" in now else f"{UNKNOWN}/{wanted}"
