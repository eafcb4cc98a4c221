"""A JSON patch applied as the API server applies it (gopkg.in/evanphx/json-patch.v4), for tests without one.

Three things differ from RFC 6902: a field that is not there passes a test for null, `replace` sets a field that is not
there, and comparing a list with a null item ends the request. tests/kube/test_undo_patch.py asks the real one.
"""

from __future__ import annotations

import json
from typing import Any


class TestFailed(Exception):
    """A `test` did not hold, or a path leads nowhere: 422."""

    __test__ = False


class ServerCrashed(Exception):
    """The API server drops the connection."""


def applied(patch: list[dict[str, Any]], document: Any) -> Any:
    """The document after the patch; the given one stays as it is."""
    document = json.loads(json.dumps(document))
    for operation in patch:
        *parents, last = [part.replace("~1", "/").replace("~0", "~") for part in operation["path"].split("/")[1:]]
        parent = document
        for part in parents:
            parent = _below(parent, part)
        _OPERATIONS[operation["op"]](parent, last, operation.get("value"))
    return document


def spelled(value: Any) -> str:
    """Equal for values that are the same byte by byte, whatever the order of their keys."""
    return json.dumps(value, sort_keys=True)


def _below(value: Any, part: str) -> Any:
    if isinstance(value, dict):
        return value.get(part)
    if isinstance(value, list) and part.isdigit() and int(part) < len(value):
        return value[int(part)]
    raise TestFailed(part)


def _test(parent: Any, key: str, value: Any) -> None:
    found = _below(parent, key)
    if _holds_null(found) or _holds_null(value):
        raise ServerCrashed
    if spelled(found) != spelled(value):
        raise TestFailed(key)


def _set(parent: Any, key: str, value: Any) -> None:
    if isinstance(parent, dict):
        parent[key] = value
    else:
        parent[int(key)] = value


def _remove(parent: Any, key: str, _: Any) -> None:
    if not isinstance(parent, dict) or key not in parent:
        raise TestFailed(key)
    del parent[key]


def _holds_null(value: Any) -> bool:
    if isinstance(value, list):
        return None in value or any(map(_holds_null, value))
    return isinstance(value, dict) and any(map(_holds_null, value.values()))


_OPERATIONS = {"test": _test, "add": _set, "replace": _set, "remove": _remove}
