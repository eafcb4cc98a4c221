"""The steps of a path: each leads from a value to the values below it."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    "==": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}


class Step(Protocol):
    """One step of a path: from a value to the values that it leads to."""

    def of(self, value: Any) -> Iterable[Any]:
        """The values below; none where there is no such step."""


@dataclass(frozen=True)
class Key:
    """The value of one key of a map."""

    name: str

    def of(self, value: Any) -> Iterable[Any]:
        """The value, if it is there."""
        return (value[self.name],) if isinstance(value, dict) and self.name in value else ()


@dataclass(frozen=True)
class Item:
    """One item of a list; negative numbers count from its end."""

    number: int

    def of(self, value: Any) -> Iterable[Any]:
        """The item, if the list is that long."""
        inside = isinstance(value, list) and -len(value) <= self.number < len(value)
        return (value[self.number],) if inside else ()


@dataclass(frozen=True)
class Slice:
    """Some items of a list."""

    start: int | None
    stop: int | None
    step: int | None

    def of(self, value: Any) -> Iterable[Any]:
        """The items."""
        return value[self.start : self.stop : self.step] if isinstance(value, list) else ()


@dataclass(frozen=True)
class Every:
    """All items of a list, or all values of a map."""

    def of(self, value: Any) -> Iterable[Any]:
        """The values, in their order."""
        return value if isinstance(value, list) else value.values() if isinstance(value, dict) else ()


@dataclass(frozen=True)
class Anywhere:
    """The value itself and everything below it."""

    def of(self, value: Any) -> Iterator[Any]:
        """The values, the outer ones first."""
        waiting = [value]  # and no recursion: an object may be deeper than Python's stack
        while waiting:
            found = waiting.pop()
            yield found
            waiting += reversed(list(Every().of(found)))


@dataclass(frozen=True)
class Several:
    """What each of several steps leads to."""

    steps: tuple[Step, ...]

    def of(self, value: Any) -> Iterator[Any]:
        """Their values, step after step."""
        return (below for step in self.steps for below in step.of(value))


@dataclass(frozen=True)
class Matching:
    """The items of a list for which a comparison holds; without `compare` those that have a value at `left`."""

    left: Path
    compare: str | None = None
    right: Path | str | float | bool | None = None

    def of(self, value: Any) -> Iterable[Any]:
        """The items."""
        return [item for item in Every().of(value) if self._holds(item)]

    def _holds(self, item: Any) -> bool:
        left = self.left.values(item)
        if self.compare is None or not left:
            return bool(left)
        right = self.right.values(item) if isinstance(self.right, Path) else [self.right]
        return bool(right) and _compared(self.compare, left[0], right[0])


def _compared(compare: str, left: Any, right: Any) -> bool:
    """Whether it holds. Values of different kinds are unequal, and in no order."""
    if isinstance(left, bool) is not isinstance(right, bool):
        return compare == "!="
    try:
        return _COMPARE[compare](left, right)
    except TypeError:
        return False


@dataclass(frozen=True)
class Path:
    """A path that was understood."""

    steps: tuple[Step, ...]

    @property
    def is_single(self) -> bool:
        """Whether it leads to one value at most, whatever the object."""
        return all(isinstance(step, Key | Item) for step in self.steps)

    def values(self, root: Any) -> list[Any]:
        """All values in `root` that it leads to."""
        found = [root]
        for step in self.steps:
            found = [below for value in found for below in step.of(value)]
        return found
