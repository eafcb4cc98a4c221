"""Which container is meant when none is named: kubectl's choice, so that both look into the same one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

_ANNOTATION = "kubectl.kubernetes.io/default-container"
NAMED = f".metadata.annotations['{_ANNOTATION}']"
"""Where a pod says which one it is."""

NAMES = ".spec.containers[*].name"
"""Where a pod has those that may be it."""


@dataclass(frozen=True, kw_only=True)
class Choice:
    """The container that is meant, why, and which others there are."""

    name: str
    reason: str
    others: tuple[str, ...]


def default_container(names: Sequence[str], named: str | None) -> Choice:
    """The one that the pod's annotation names, if there is one of that name, else the first."""
    name = named if named in names else next(iter(names), "")
    reason = f"the annotation {_ANNOTATION} names it" if named in names else "it is the pod's first"
    return Choice(name=str(name), reason=reason, others=tuple(other for other in names if other != name))
