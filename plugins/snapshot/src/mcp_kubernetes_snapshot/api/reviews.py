"""Who may do what: whoever serves a snapshot lets it be read, and changed if it was opened for that."""

from __future__ import annotations

from typing import Any

import msgspec

from mcp_kubernetes.spi import Response
from mcp_kubernetes_snapshot.api.status import JSON, bad_request

_READING = ["get", "list", "watch"]
_CHANGING = ["create", "update", "patch", "delete", "deletecollection"]
_REASON = "nothing runs in a snapshot, and one that was not opened to be changed can only be read"


def review(plural: str, body: bytes, *, may_change: bool) -> Response:
    """The answer to a review of one's own access. Raises Refusal for what is no review."""
    try:
        asked: dict[str, Any] = msgspec.json.decode(body, type=dict)
        spec = asked.get("spec") or {}
        status = _ANSWERS[plural](spec, [*_READING, *(_CHANGING if may_change else ())])
    except (msgspec.DecodeError, AttributeError):
        raise bad_request("the review is no JSON object of the form that is due") from None
    return Response(status=201, headers=JSON, body=msgspec.json.encode(asked | {"status": status}))


def _access(spec: dict[str, Any], verbs: list[str]) -> dict[str, Any]:
    verb = (spec.get("resourceAttributes") or spec.get("nonResourceAttributes") or {}).get("verb")
    return {"allowed": verb in verbs} | ({} if verb in verbs else {"reason": _REASON})


def _rules(_: dict[str, Any], verbs: list[str]) -> dict[str, Any]:
    rule = {"verbs": verbs, "apiGroups": ["*"], "resources": ["*"]}
    return {"resourceRules": [rule], "nonResourceRules": [], "incomplete": False}


def _self(_: dict[str, Any], __: list[str]) -> dict[str, Any]:
    return {"userInfo": {"username": "snapshot", "groups": ["system:authenticated"]}}


_ANSWERS = {
    "selfsubjectaccessreviews": _access,
    "selfsubjectrulesreviews": _rules,
    "selfsubjectreviews": _self,
}
REVIEWS = frozenset(_ANSWERS)
