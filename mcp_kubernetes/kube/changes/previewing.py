"""What a patch would make of an object, as far as that can be told without the API server.

JSON patches (RFC 6902) and merge patches (RFC 7386) are told exactly. Strategic patches and applied manifests are taken
for merge patches: they join maps in the same way, and lists more cautiously.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from typing import Any

from mcp_kubernetes.manifest.patches import merge_patch

_INDEX = re.compile(r"0|[1-9][0-9]{0,8}", re.ASCII)


class NoPreview(ValueError):
    """The patch does not fit the object, or says so in a way that only the API server understands."""


def previewed(patch: Any, before: bytes) -> bytes:
    """The object (JSON) after the patch: a list of operations, or the fields to merge. Raises NoPreview."""
    found = json.loads(before)
    if not isinstance(patch, list):
        return json.dumps(merge_patch(found, patch)).encode()
    try:
        return json.dumps(_patched(patch, found)).encode()
    except (KeyError, IndexError, TypeError, AttributeError):
        raise NoPreview from None


def _patched(operations: Sequence[Mapping[str, Any]], found: Any) -> Any:
    document = {"": found}  # the empty pointer is a place, too
    for each in operations:
        path = _steps(each["path"])
        match each["op"]:
            case "add" | "replace" as op:
                _put(document, path, _copied(each["value"]), over=op == "replace")
            case "remove":
                _take(document, path)
            case "move":
                _put(document, path, _take(document, _steps(each["from"])))
            case "copy":
                _put(document, path, _copied(_at(document, _steps(each["from"]))))
    return document[""]


def _steps(pointer: str) -> list[str]:
    return [step.replace("~1", "/").replace("~0", "~") for step in pointer.split("/")]


def _copied(value: Any) -> Any:
    return json.loads(json.dumps(value))


def _at(value: Any, path: Sequence[str]) -> Any:
    for step in path:
        value = value[_key(value, step)]
    return value


def _put(document: Any, path: Sequence[str], value: Any, *, over: bool = False) -> None:
    parent = _at(document, path[:-1])
    if isinstance(parent, dict) or over:
        parent[_key(parent, path[-1])] = value
    elif isinstance(parent, list):
        parent.insert(len(parent) if path[-1] == "-" else _key(parent, path[-1]), value)
    else:
        raise NoPreview


def _take(document: Any, path: Sequence[str]) -> Any:
    parent = _at(document, path[:-1])
    return parent.pop(_key(parent, path[-1]))


def _key(parent: Any, step: str) -> Any:
    """The key or the index that a step means there; what the API server might read in another way means nothing."""
    if not isinstance(parent, list):
        return step
    if not _INDEX.fullmatch(step):
        raise NoPreview
    return int(step)
