"""Taking a few paths out of an object's bytes, decoding nothing else."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec

from mcp_kubernetes.results import steps

_Tree = dict[str | int, Any]
_OBJECT = msgspec.json.Decoder(dict[str, msgspec.Raw])
_ARRAY = msgspec.json.Decoder(list[msgspec.Raw])
_decode = msgspec.json.decode


class Picker:
    """Reads the given paths, by name. A missing step gives None; a path may end in an object or a list."""

    def __init__(self, paths: Mapping[str, str]) -> None:
        self.names = tuple(paths)
        self._tree: _Tree = {}
        for name, path in paths.items():
            self._plant(name, steps(path))

    def pick(self, raw: bytes) -> list[Any]:
        """The values in the order of `names`."""
        found: dict[str, Any] = dict.fromkeys(self.names)
        _walk(raw, self._tree, found)
        return list(found.values())

    def _plant(self, name: str, path: list[str | int]) -> None:
        node = self._tree
        for step in path:
            node = node.setdefault(step, {})
        node.setdefault(_HERE, []).append(name)


_HERE = ""


def _walk(raw: bytes | msgspec.Raw, node: _Tree, found: dict[str, Any]) -> None:
    for name in node.get(_HERE, ()):
        found[name] = _decode(raw)
    branches = [(step, below) for step, below in node.items() if step != _HERE]
    if not branches:
        return
    children = _children(raw)
    for step, below in branches:
        child = _child(children, step)
        if child is not None:
            _walk(child, below, found)


def _children(raw: bytes | msgspec.Raw) -> Any:
    """The fields of an object or the items of an array, each still bytes; None for anything else."""
    for decoder in (_OBJECT, _ARRAY):
        try:
            return decoder.decode(raw)
        except msgspec.DecodeError:
            continue
    return None


def _child(children: Any, step: str | int) -> msgspec.Raw | None:
    if isinstance(children, dict) and isinstance(step, str):
        return children.get(step)
    if isinstance(children, list) and isinstance(step, int) and step < len(children):
        return children[step]  # type: ignore[no-any-return]
    return None
