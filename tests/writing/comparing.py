"""What of an object is compared before and after a change."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tests.writing.kinds import Fields


def merged(target: Any, patch: Any) -> Any:
    """What a JSON merge patch (RFC 7386) makes of a value."""
    if not isinstance(patch, dict):
        return patch
    found = dict(target) if isinstance(target, dict) else {}
    for key, value in patch.items():
        if value is None:
            found.pop(key, None)
        else:
            found[key] = merged(found.get(key), value)
    return found


_COUNTED = ("deprecated.daemonset.template.generation", "deployment.kubernetes.io/revision")
"""Annotations of the control plane's own: they count the changes of a template, forth and back."""


def told(found: Fields) -> Fields:
    """What of an object is somebody's will: everything but its status and what the API server keeps for itself."""
    metadata = {key: dict(found["metadata"].get(key) or {}) for key in ("labels", "annotations")}
    for counted in _COUNTED:
        metadata["annotations"].pop(counted, None)
    return {**{key: value for key, value in found.items() if key != "status"}, "metadata": metadata}
