"""Reading a patch: what can be told to be wrong before the API server sees it, it says in vaguer words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from mcp_kubernetes.errors import InvalidArguments

PatchType = Literal["strategic", "merge", "json"]

_NEEDS = {
    "add": ("path", "value"),
    "remove": ("path",),
    "replace": ("path", "value"),
    "move": ("path", "from"),
    "copy": ("path", "from"),
    "test": ("path", "value"),
}
"""The operations of RFC 6902, and what each must have."""


def read_patch(patch: str | dict[str, Any] | list[Any], patch_type: PatchType) -> dict[str, Any] | list[Any]:
    """The patch as it is to be sent, from YAML or JSON text or a value. Raises InvalidArguments."""
    from mcp_kubernetes.manifest.documents import documents  # what reads YAML is loaded for the first change

    found = documents(patch, "patch")
    if len(found) > 1:
        raise InvalidArguments(f"The patch has {len(found)} documents.", hint="Send one patch in each call.")
    return _operations(found[0]) if patch_type == "json" else _fields(found[0], patch_type)


def merge_patch(target: Any, patch: Any) -> Any:
    """The value after a merge patch (RFC 7386)."""
    if not isinstance(patch, Mapping):
        return patch
    found = dict(target) if isinstance(target, Mapping) else {}
    for key, value in patch.items():
        if value is None:
            found.pop(key, None)
        else:
            found[key] = merge_patch(found.get(key), value)
    return found


def _fields(patch: Any, patch_type: PatchType) -> dict[str, Any]:
    if isinstance(patch, dict):
        return patch
    raise InvalidArguments(
        f"A {patch_type} patch is an object with the fields to change.",
        hint="A list of operations is a patch of the type json." if isinstance(patch, list) else "",
    )


def _operations(patch: Any) -> list[Any]:
    if not isinstance(patch, list):
        raise InvalidArguments(
            "A json patch is a list of operations, each with op and path.",
            hint="An object with the fields to change is a patch of the type merge or strategic.",
        )
    for count, operation in enumerate(patch, 1):
        if problem := _problem(operation):
            raise InvalidArguments(f"Operation {count} of the patch {problem}.")
    return patch


def _problem(operation: Any) -> str:
    if not isinstance(operation, dict):
        return "is no object with op and path"
    op = operation.get("op")
    if not isinstance(op, str) or op not in _NEEDS:
        return f"has an op that is none of {', '.join(_NEEDS)}" if "op" in operation else "has no op"
    if missing := [key for key in _NEEDS[op] if key not in operation]:
        return f"has no {missing[0]}, which {op} needs"
    wrong = [key for key in _NEEDS[op] if key != "value" and not _is_pointer(operation[key])]
    return f"has a {wrong[0]} that is no JSON Pointer: it begins with / (/spec/replicas)" if wrong else ""


def _is_pointer(value: Any) -> bool:
    return isinstance(value, str) and (not value or value.startswith("/"))
