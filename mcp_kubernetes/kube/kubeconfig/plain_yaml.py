"""YAML as kubeconfigs use it: text, booleans, null, lists and mappings, and nothing else.

PyYAML's own construction recurses in C, so that 100 kB of brackets end the process; it makes dates and
numbers, which nothing in a kubeconfig is; and it takes nearly twice as long. So the values are built here, from
PyYAML's events.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

_DEEPEST = 50
_WORDS: Mapping[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}


class NotPlain(ValueError):
    """No YAML, or more than a kubeconfig says. `line` is where, counted from 1, if that is known.

    The text of PyYAML's own errors quotes the file, and with it whatever secret stands there; this quotes nothing.
    """

    def __init__(self, line: int | None) -> None:
        super().__init__("not plain YAML")
        self.line = line


def plain_yaml(content: bytes) -> Any:
    """The value of the one document in `content`; None where there is none. Raises NotPlain."""
    import yaml  # not needed to start

    try:
        return _value(yaml.parse(content, getattr(yaml, "CSafeLoader", yaml.SafeLoader)))
    except (yaml.YAMLError, ValueError) as error:
        mark = getattr(error, "problem_mark", None)
        raise NotPlain(mark.line + 1 if mark else None) from None


def _value(events: Iterable[Any]) -> Any:
    building = _Building()
    for event in events:
        match type(event).__name__:
            case "ScalarEvent":
                plain = event.implicit[0]
                building.add(_WORDS.get(event.value, event.value) if plain else event.value, event.anchor)
            case "AliasEvent":
                building.add(building.anchored(event.anchor))
            case "SequenceStartEvent" | "MappingStartEvent":
                building.enter(event.anchor)
            case "SequenceEndEvent":
                building.leave(list)
            case "MappingEndEvent":
                building.leave(_mapping)
    return building.document()


class _Building:
    """A YAML value under construction: the collections that are open, outermost first, and the anchors."""

    def __init__(self) -> None:
        self._open: list[tuple[str | None, list[Any]]] = [(None, [])]
        self._anchors: dict[str, Any] = {}

    def add(self, value: Any, anchor: str | None = None) -> None:
        self._open[-1][1].append(value)
        if anchor is not None:
            self._anchors[anchor] = value

    def enter(self, anchor: str | None) -> None:
        if len(self._open) > _DEEPEST:
            raise ValueError("nested too deeply")
        self._open.append((anchor, []))

    def leave(self, make: Callable[[list[Any]], Any]) -> None:
        anchor, items = self._open.pop()
        self.add(make(items), anchor)

    def anchored(self, anchor: str) -> Any:
        if anchor not in self._anchors:
            raise ValueError("an alias without its anchor")
        return self._anchors[anchor]

    def document(self) -> Any:
        documents = self._open[0][1]
        if len(documents) > 1:
            raise ValueError("more than one document")
        return documents[0] if documents else None


def _mapping(items: Sequence[Any]) -> dict[str, Any]:
    """Keys and values in turn; `<<` takes in other mappings, and what stands beside it wins."""
    keys, values = items[::2], items[1::2]
    if not all(isinstance(key, str) for key in keys):
        raise ValueError("a key that is not text")
    found = dict(zip(keys, values, strict=True))
    taken = found.pop("<<", None) or []
    others = taken if isinstance(taken, list) else [taken]
    if not all(isinstance(other, dict) for other in others):
        raise ValueError("<< without a mapping")
    return {key: value for each in (*reversed(others), found) for key, value in each.items()}
