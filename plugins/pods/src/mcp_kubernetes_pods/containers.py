"""Which container is meant when none is named: kubectl's choice, so that both look into the same one."""

from __future__ import annotations

from dataclasses import dataclass

from mcp_kubernetes import Object

_ANNOTATION = "kubectl.kubernetes.io/default-container"


@dataclass(frozen=True, kw_only=True)
class Choice:
    """The container that is meant, why, and which others there are."""

    name: str
    reason: str
    others: tuple[str, ...]


def default_container(pod: Object) -> Choice:
    """The one that the pod's annotation names, if there is one of that name, else the first."""
    names = [str(name) for name in pod.all(".spec.containers[*].name")]
    named = str(pod.at(f".metadata.annotations['{_ANNOTATION}']", ""))
    name = named if named in names else names[0]
    reason = f"the annotation {_ANNOTATION} names it" if named in names else "it is the pod's first"
    return Choice(name=name, reason=reason, others=tuple(other for other in names if other != name))
