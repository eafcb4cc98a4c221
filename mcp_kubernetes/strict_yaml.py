"""One reader of YAML for everything that others write: kubeconfigs, manifests, patches.

PyYAML's own construction recurses in C, so that 100 kB of brackets end the process; it lets the last of two equal
keys win, expands aliases without end, and quotes the text in its errors, with whatever secret stands there. So the
values are built here, from PyYAML's events; what a scalar means is the caller's to say (`Rules`).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, NamedTuple


class InvalidYAML(ValueError):
    """No YAML, or none that the rules allow. `problem` quotes nothing of the text.

    `line` and `column` are counted from 1, and None where the place is not known.
    """

    def __init__(self, problem: str, line: int | None = None, column: int | None = None) -> None:
        super().__init__(problem)
        self.problem = problem
        self.line = line
        self.column = column


@dataclass(frozen=True, kw_only=True)
class Rules:
    """What a text may hold, and what it means.

    `scalar` and `key` make a value, or a mapping's key, of a scalar: its text, its tag, and whether it stands
    there plain. They raise ValueError with words that quote nothing. `deepest` is how many collections may stand
    in each other; `most_aliased` how many characters aliases may add in all. With `last_counts`, the last of two
    equal keys wins, and otherwise both are refused.
    """

    scalar: Callable[[str, str | None, bool], Any]
    key: Callable[[str, str | None, bool], str]
    deepest: int
    most_aliased: int
    last_counts: bool = False


def read_yaml(content: bytes, rules: Rules) -> Any:
    """The value of the one document in `content`; None where there is none. Raises InvalidYAML.

    What an alias stands for is shared, not copied.
    Merge keys act where they stand, as in go-yaml v2 that kubectl reads with: what stands below them wins over
    them, and they win over what stands above.
    """
    import yaml  # not needed to start

    building = _Building(rules)
    try:
        for event in yaml.parse(content, getattr(yaml, "CSafeLoader", yaml.SafeLoader)):
            building.take(event)
    except yaml.YAMLError as error:
        raise _unreadable(error, content) from None
    return building.document()


def _unreadable(error: Any, content: bytes) -> InvalidYAML:
    """PyYAML's errors quote the text, but for `problem` where libyaml found it: that is one of its constants."""
    if mark := getattr(error, "problem_mark", None):
        problem = error.problem if mark.buffer is None else "it cannot be read"
        return InvalidYAML(problem, mark.line + 1, mark.column + 1)
    before = content[: getattr(error, "position", 0)].split(b"\n")
    return InvalidYAML("a character that YAML does not allow", len(before), len(before[-1]) + 1)


class _Item(NamedTuple):
    """A value, the event it began with, its size in characters, and how many collections stand in each other."""

    value: Any
    event: Any
    size: int
    height: int = 0


class _List:
    """A sequence under construction, and what the two kinds of collections share."""

    wants_key = False

    def __init__(self, event: Any) -> None:
        self.event = event
        self.size = 2
        self.height = 1
        self.items: list[Any] = []

    @property
    def value(self) -> Any:
        return self.items

    def add(self, item: _Item) -> None:
        self.size += item.size
        self.height = max(self.height, item.height + 1)
        self.take(item)

    def take(self, item: _Item) -> None:
        self.items.append(item.value)


class _Map(_List):
    """A mapping under construction: keys and values come in turn."""

    def __init__(self, event: Any, rules: Rules) -> None:
        super().__init__(event)
        self.wants_key = True
        self._fields: dict[str, Any] = {}
        self._key: Any = None
        self._own: set[str] = set()
        self._last_counts = rules.last_counts

    @property
    def value(self) -> Any:
        return self._fields

    def take(self, item: _Item) -> None:
        if self.wants_key:
            self._key = _MERGE if _is_merge(item.event) else self._checked(item.value)
        elif self._key is _MERGE:
            self._merge(item.value)
        else:
            self._fields[self._key] = item.value
        self.wants_key = not self.wants_key

    def _checked(self, key: Any) -> str:
        if not isinstance(key, str):
            raise ValueError("a key that is no text")  # noqa: TRY004 - the text's, as all of these
        if key in self._own and not self._last_counts:
            raise ValueError("a key that is there already")
        self._own.add(key)
        return key

    def _merge(self, value: Any) -> None:
        others = value if isinstance(value, list) else [value]
        if not all(isinstance(other, dict) for other in others):
            raise ValueError("a merge key (<<) without a mapping")
        for other in reversed(others):
            self._fields.update(other)


_MERGE = object()


def _is_merge(event: Any) -> bool:
    return getattr(event, "value", None) == "<<" and (event.implicit[0] or event.tag == "tag:yaml.org,2002:merge")


class _Building:
    """A YAML value under construction: the collections that are open, outermost first, and the anchors."""

    def __init__(self, rules: Rules) -> None:
        self._rules = rules
        self._open = [_List(None)]
        self._anchors: dict[str, _Item | None] = {}
        self._aliased = 0

    def document(self) -> Any:
        documents = self._open[0].items
        return documents[0] if documents else None

    def take(self, event: Any) -> None:
        """Build on with the next event. Raises InvalidYAML that says where it stands."""
        try:
            self._build(event)
        except ValueError as error:
            mark = event.start_mark
            raise InvalidYAML(str(error), mark.line + 1, mark.column + 1) from None

    def _build(self, event: Any) -> None:
        match type(event).__name__:
            case "ScalarEvent":
                self._add(self._scalar(event))
            case "AliasEvent":
                self._open[-1].add(self._alias(event))
            case "SequenceStartEvent":
                self._enter(_List(event))
            case "MappingStartEvent":
                self._enter(_Map(event, self._rules))
            case "SequenceEndEvent" | "MappingEndEvent":
                done = self._open.pop()
                self._add(_Item(done.value, done.event, done.size, done.height))
            case "DocumentStartEvent" if self._open[0].items:
                raise ValueError("more than one document")

    def _scalar(self, event: Any) -> _Item:
        read = self._rules.key if self._open[-1].wants_key and not _is_merge(event) else self._rules.scalar
        return _Item(read(event.value, event.tag, event.implicit[0]), event, len(event.value) + 1)

    def _alias(self, event: Any) -> _Item:
        if event.anchor not in self._anchors:
            raise ValueError("an alias without its anchor")
        item = self._anchors[event.anchor]
        if item is None:
            raise ValueError("an alias inside of what it stands for")
        self._check_depth(item.height)
        self._aliased += item.size
        if self._aliased > self._rules.most_aliased:
            raise ValueError("aliases that repeat too much")
        return _Item(item.value, event, item.size, item.height)

    def _enter(self, collection: _List) -> None:
        self._check_depth(1)
        if collection.event.anchor is not None:
            self._anchors[collection.event.anchor] = None
        self._open.append(collection)

    def _add(self, item: _Item) -> None:
        self._open[-1].add(item)
        if item.event.anchor is not None:
            self._anchors[item.event.anchor] = item

    def _check_depth(self, more: int) -> None:
        if len(self._open) - 1 + more > self._rules.deepest:
            raise ValueError("collections nested too deeply")
