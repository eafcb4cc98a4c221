"""Taking a few paths out of an object's bytes, decoding little else.

From the paths a type is made that names just the keys on the way; msgspec skips everything else in C. A value of
another shape than a path expects is no error: the type allows for every shape at every place.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any, TypedDict, cast

import msgspec

from mcp_kubernetes.jsonpath import Path, PathError, parse
from mcp_kubernetes.jsonpath.steps import Anywhere, Every, Key, Matching, Several, Step
from mcp_kubernetes.kube.decoding.decode import too_deep
from mcp_kubernetes.results import clean

_SCALARS = str | int | float | bool | None
_DEEPEST = 50
_MOST_FORKS = 64
"""How far steps, and ways that part at `[*]` or in brackets, are told apart. What is named beyond that is decoded
with all around it."""


@dataclass
class Wanted:
    """What is wanted of a value: all of it, some keys of a map, or something of each item of a list."""

    whole: bool = False
    keys: dict[str, Wanted] = field(default_factory=dict)
    items: Wanted | None = None
    values: Wanted | None = None

    def add(self, steps: Sequence[Step], depth: int = 0, forks: int = 1) -> None:
        """Want what these steps lead to, and what they look at on the way."""
        if not steps or depth > _DEEPEST or forks > _MOST_FORKS:
            self.whole = True
            return
        branches = list(self._branches(steps[0]))
        for branch in branches:
            branch.add(steps[1:], depth + 1, forks * len(branches))

    def _branches(self, step: Step) -> Iterable[Wanted]:
        match step:
            case Key(name):
                yield self.keys.setdefault(name, Wanted())
            case Several(steps):
                yield from (branch for one in steps for branch in self._branches(one))
            case Anywhere():
                self.whole = True
            case _:
                yield from self._each(step)

    def _each(self, step: Step) -> Iterable[Wanted]:
        """Any item of a list. Of a list nothing is skipped, for a position counts from either end."""
        self.items = self.items or Wanted()
        yield self.items
        if isinstance(step, Every):
            self.values = self.values or Wanted()
            yield self.values
        if isinstance(step, Matching):
            for operand in (step.left, step.right):
                if isinstance(operand, Path):
                    self.items.add(operand.steps)

    @property
    def is_whole(self) -> bool:
        """Whether nothing of it is skipped."""
        return self.whole or bool(self.keys and self.values)

    def as_type(self, whole: Any = Any) -> Any:
        """The type that decodes this and skips the rest; `whole` is the type of what nothing is skipped of."""
        if self.is_whole:
            return whole
        item = self.items.as_type(whole) if self.items else whole
        return self._map_type(whole) | list[item] | _SCALARS  # type: ignore[valid-type]

    def _map_type(self, whole: Any) -> Any:
        if self.values:
            return dict[str, self.values.as_type(whole)]  # type: ignore[misc]
        keys = {name: below.as_type(whole) for name, below in self.keys.items()}
        return cast("Any", TypedDict)("Some", keys, total=False)


class Picker:
    """Reads the given paths, by name. Raises PathError, which names it, for text that is none.

    A path that leads to one value at most gives that value or None, any other one a list of values.
    """

    def __init__(self, paths: Mapping[str, str]) -> None:
        self.names = tuple(paths)
        self.texts = tuple(paths.values())
        found = [_parsed(name, path) for name, path in paths.items()]
        self._readers = [_reader(path) for path in found]
        self._decode = msgspec.json.Decoder(wanted(found).as_type()).decode

    def pick(self, raw: bytes | msgspec.Raw) -> list[Any]:
        """The values in the order of `names`. Raises AnswerTooLarge for an object that is nested too deeply."""
        try:
            root = self._decode(raw)
        except RecursionError:
            raise too_deep() from None
        return [read(root) for read in self._readers]


def wanted(paths: Iterable[Path]) -> Wanted:
    """What these paths want of an object."""
    found = Wanted()
    for path in paths:
        found.add(path.steps)
    return found


def _parsed(name: str, path: str) -> Path:
    try:
        return parse(path)
    except PathError as error:
        raise PathError(f"The path of {clean(name)[:100]} cannot be read: {error}") from None


def _reader(path: Path) -> Callable[[Any], Any]:
    """What takes the value of a path out of an object: thousands of objects are read, and most paths are keys alone."""
    keys = [step.name for step in path.steps if isinstance(step, Key)]
    if len(keys) == len(path.steps):
        return partial(_below, keys)
    return partial(_first, path) if path.is_single else path.values


def _below(keys: Sequence[str], value: Any) -> Any:
    for key in keys:
        if not isinstance(value, dict):
            return None
        value = value.get(key)
    return value


def _first(path: Path, root: Any) -> Any:
    found = path.values(root)
    return found[0] if found else None
