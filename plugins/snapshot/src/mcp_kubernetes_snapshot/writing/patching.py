"""From a patch as it was sent to the object that it makes of another one."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jsonpatch
import jsonpointer

from mcp_kubernetes.spi import merge_patch
from mcp_kubernetes_snapshot.api.status import Refusal, bad_request
from mcp_kubernetes_snapshot.served import Served
from mcp_kubernetes_snapshot.writing.merging import WithoutKey, applied, strategic
from mcp_kubernetes_snapshot.writing.refusing import unknown_format, unprocessable

JSON_PATCH = "application/json-patch+json"
MERGE = "application/merge-patch+json"
STRATEGIC = "application/strategic-merge-patch+json"
APPLY = "application/apply-patch+yaml"

_TYPES: Mapping[str, type] = {JSON_PATCH: list, MERGE: dict, STRATEGIC: dict, APPLY: dict}


def check_format(media_type: str, served: Served) -> None:
    """Raise Refusal for what is no patch. Custom kinds have no strategic ones."""
    accepted = [each for each in _TYPES if each != STRATEGIC or not served.is_custom]
    if media_type in accepted:
        return
    if served.is_custom:
        raise unknown_format(*accepted)
    raise Refusal(415, "UnsupportedMediaType", "415: Unsupported Media Type", {})


def patched(found: Mapping[str, Any], patch: Any, media_type: str, served: Served) -> dict[str, Any]:
    """The object after the patch. Raises Refusal."""
    if not isinstance(patch, _TYPES[media_type]):
        raise bad_request("the patch is not of the form that its media type says")
    try:
        result = _patched(found, patch, media_type, is_custom=served.is_custom)
    except WithoutKey as error:
        raise Refusal(500, "", str(error)) from None
    except (jsonpatch.JsonPatchException, jsonpointer.JsonPointerException, ValueError, TypeError):
        raise unprocessable() from None
    if not isinstance(result, dict) or not isinstance(result.get("metadata"), dict):
        raise unprocessable()
    return result


def _patched(found: Mapping[str, Any], patch: Any, media_type: str, *, is_custom: bool) -> Any:
    match media_type:
        case "application/json-patch+json":
            return jsonpatch.JsonPatch(patch).apply(found)
        case "application/strategic-merge-patch+json":
            return strategic(found, patch)
        case "application/apply-patch+yaml" if not is_custom:
            return applied(found, patch)
    return merge_patch(found, patch)
