"""A few parts of an object, as an object: what somebody asked for, and nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mcp_kubernetes.jsonpath.reading import parse
from mcp_kubernetes.jsonpath.steps import Key


def placed(root: dict[str, Any], text: str, found: list[Any]) -> None:
    """Put the values that the path `text` led to into `root`.

    The value of a path of keys stays in its place; what any other path leads to stands under the path as it was
    written. Nothing found: nothing put. Raises PathError.
    """
    if not found:
        return
    path = parse(text)
    if path.steps and all(isinstance(step, Key) for step in path.steps):
        _put(root, [step.name for step in path.steps if isinstance(step, Key)], found[0])
    else:
        root[text.strip()] = found[0] if path.is_single else found


def _put(root: dict[str, Any], keys: list[str], value: Any) -> None:
    for key in keys[:-1]:
        below = root.get(key)
        # A copy, for a map that an earlier path put here belongs to the object.
        root[key] = dict(below) if isinstance(below, Mapping) else {}
        root = root[key]
    before = root.get(keys[-1])
    root[keys[-1]] = {**before, **value} if isinstance(before, Mapping) and isinstance(value, Mapping) else value
