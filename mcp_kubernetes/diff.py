"""What differs between an object before and after a change, field by field: shown to a reader, and undone by `undo`.

What the API server keeps for itself is passed over. Items of a list belong together by the key that tells them apart,
as in a strategic merge patch, else by their place.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any, Final

from mcp_kubernetes.results import UNSEEN
from mcp_kubernetes.yaml_form import json_text

ABSENT: Final = object()
"""Stands for the value of a field that was not there."""

_ABSENT_TEXT = "(none)"

SERVER_FIELDS: Final = frozenset(
    {"creationTimestamp", "deletionGracePeriodSeconds", "deletionTimestamp", "generation", "managedFields"}
    | {"resourceVersion", "selfLink", "uid"}
)
"""Of metadata: what the API server sets, and nobody else."""

_PASSED_OVER = frozenset(("metadata", name) for name in SERVER_FIELDS)
_STATUS = ("status",)

_IDENTIFYING = (
    *("name", "containerPort", "port", "key", "type", "ip", "mountPath", "devicePath", "topologyKey", "uid"),
    "resourceClaimName",
)
"""Merge keys of lists in the built-in kinds (patchMergeKey and listMapKey in k8s.io/api), the usual one first; `key` is
that of tolerations and requirements."""

_LONGEST = 200
"""Characters of a value that is shown whole."""

_LEAD = 40
"""Of a longer text: characters that are shown before the first one that differs."""

_PLAIN_KEY = re.compile(r"[\w/-]+", re.ASCII)
_WORDS = frozenset({"", "true", "false", "null", _ABSENT_TEXT})
_NUMBER = re.compile(r"-?[0-9.]+(?:e[+-]?[0-9]+)?", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Item:
    """One item of a list whose items have moved, told apart by the value of a key. `index` is where it is, or was."""

    index: int
    key: str
    value: str | int


Step = str | int | Item


@dataclass(frozen=True, kw_only=True)
class FieldChange:
    """A field whose value differs. `before` or `after` is ABSENT where it was not there."""

    path: tuple[Step, ...]
    before: Any
    after: Any

    @property
    def pointer(self) -> str:
        """The path as a JSON pointer (RFC 6901)."""
        return "".join(f"/{_token(step)}" for step in self.path)

    @property
    def spelled(self) -> str:
        """The path as a reader writes it: `.spec.containers[0].image`, `.metadata.labels['example.com/a']`.

        An item that moved is written as `[name=web]`.
        """
        return "".join(map(_spelled, self.path)) or "."


def changes(before: Any, after: Any, *, status: bool = False) -> tuple[FieldChange, ...]:
    """The outermost fields that differ, in their order. `.status` counts only with `status`.

    Values that are spelled differently differ: 1 and 1.0, null and nothing.
    """
    found: list[FieldChange] = []
    # A stack of our own: an object may be nested deeper than functions may be.
    left: list[tuple[tuple[Step, ...], Any, Any]] = [((), before, after)]
    while left:
        path, old, new = left.pop()
        if path in _PASSED_OVER or (path == _STATUS and not status):
            continue
        below = _below(old, new)
        if below is not None:
            left += [((*path, step), was, now) for step, was, now in reversed(below)]
        elif type(old) is not type(new) or old != new:
            found.append(FieldChange(path=path, before=old, after=new))
    return tuple(found)


def identifying(before: Sequence[Any], after: Sequence[Any]) -> str | None:
    """The key whose value tells the items apart, in both lists; None where there is none."""
    return next((key for key in _IDENTIFYING if _tells_apart(key, before) and _tells_apart(key, after)), None)


def rows(found: Iterable[FieldChange]) -> Iterator[tuple[str, str, str]]:
    """Path, value before and value after of each change, as one line of text each; a long value is shortened."""
    for change in found:
        before, after = _text(change.before), _text(change.after)
        same = _same(before, after)
        yield change.spelled, _shortened(before, same), _shortened(after, same)


def _below(old: Any, new: Any) -> list[tuple[Step, Any, Any]] | None:
    """What two maps or two lists hold, in pairs; None where they can only be compared as a whole."""
    if isinstance(old, dict) and isinstance(new, dict):
        return [(key, old.get(key, ABSENT), new.get(key, ABSENT)) for key in {**old, **new}]
    if isinstance(old, list) and isinstance(new, list):
        return _items(old, new)
    return None


def _items(old: list[Any], new: list[Any]) -> list[tuple[Step, Any, Any]] | None:
    key = identifying(old, new)
    if key is None or [item[key] for item in old] == [item[key] for item in new]:
        by_place: list[tuple[Step, Any, Any]] = [(at, *pair) for at, pair in enumerate(zip(old, new, strict=False))]
        return by_place if len(old) == len(new) else None
    return _moved(key, old, new)


def _moved(key: str, old: list[Any], new: list[Any]) -> list[tuple[Step, Any, Any]] | None:
    """The items in pairs, those of the later list in the end; None where some have changed places."""
    was, now = ({item[key]: (at, item) for at, item in enumerate(items)} for items in (old, new))
    if [value for value in was if value in now] != [value for value in now if value in was]:
        return None
    merged = {**was, **now}
    return [
        (Item(index=at, key=key, value=value), was.get(value, (0, ABSENT))[1], now.get(value, (0, ABSENT))[1])
        for value, (at, _) in merged.items()
    ]


def _tells_apart(key: str, items: Sequence[Any]) -> bool:
    values = [item.get(key) if isinstance(item, dict) else None for item in items]
    return all(type(value) in {str, int} for value in values) and len(set(values)) == len(values)


def _token(step: Step) -> str:
    if isinstance(step, str):
        return step.replace("~", "~0").replace("/", "~1")
    return str(step.index if isinstance(step, Item) else step)


def _spelled(step: Step) -> str:
    if isinstance(step, str):
        return f".{step}" if _PLAIN_KEY.fullmatch(step) else f"[{_quoted(step)}]"
    if isinstance(step, Item):
        value = str(step.value)
        return f"[{step.key}={value if _PLAIN_KEY.fullmatch(value) else _quoted(value)}]"
    return f"[{step}]"


def _quoted(text: str) -> str:
    return "'" + re.sub(r"(['\\])", r"\\\1", text) + "'"


def _text(value: Any) -> str:
    """The value on one line: a text as it is, unless it could pass for something else or hides a character."""
    if value is ABSENT:
        return _ABSENT_TEXT
    if not isinstance(value, str):
        return json_text(value)
    is_plain = value.isprintable() and not UNSEEN.search(value)
    passes_for_other = value in _WORDS or value[0] in '[{"' or value != value.strip() or _NUMBER.fullmatch(value)
    return value if is_plain and not passes_for_other else json_text(value)


def _same(one: str, other: str) -> int:
    """How many characters both texts begin with."""
    sizes = range(1, min(len(one), len(other)) + 1)
    return bisect_left(sizes, 1, key=lambda size: int(one[:size] != other[:size]))


def _shortened(text: str, same: int) -> str:
    """At most 200 characters of it, from shortly before the place up to which the other text is the same."""
    if len(text) <= _LONGEST:
        return text
    start = max(0, min(same - _LEAD, len(text) - _LONGEST))
    shown = text[start : start + _LONGEST]
    lead, end = "…" if start else "", "…" if start + _LONGEST < len(text) else ""
    return f"{lead}{shown}{end} ({len(text):,} characters)"
