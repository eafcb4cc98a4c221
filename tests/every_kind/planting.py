"""Which of its texts an API server takes, found out with as few attempts as its refusals allow."""

from __future__ import annotations

import base64
import copy
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.every_kind.strings import Leaf, grown, put, spelled, tree

Attempt = Callable[[dict[str, Any]], Any]
"""Tries an object: None if it is taken, else the Status that says why not."""

_MOST_OBJECTS = 4
_FINAL = {"FieldValueInvalid", "FieldValueNotSupported", "FieldValueTooLong", "FieldValueTypeInvalid"}


@dataclass(frozen=True, kw_only=True)
class Planted:
    """An object that the API server takes, and the places in it that hold the text."""

    fields: dict[str, Any]
    leaves: tuple[Leaf, ...]


@dataclass(frozen=True, kw_only=True)
class Planter:
    """Puts a text, or the `key` where a key is wanted, into copies of the least object of a kind."""

    least: dict[str, Any]
    attempt: Attempt
    text: str
    key: str
    hopeless: set[Leaf] = field(default_factory=set)

    def plant(self, leaves: Sequence[Leaf]) -> tuple[list[Planted], list[Leaf]]:
        """Objects that hold the text at all these places that take it, each at some, and the places that do not."""
        objects: list[Planted] = []
        left = list(leaves)
        while left and len(objects) < _MOST_OBJECTS:
            taken, left = self.grow(left)
            left = [leaf for leaf in left if leaf not in self.hopeless]
            if not taken:
                break
            objects.append(Planted(fields=self.fields(taken), leaves=tuple(taken)))
        return objects, [*left, *self.hopeless]

    def fields(self, leaves: Sequence[Leaf]) -> dict[str, Any]:
        """The object with the text at these places."""
        found: dict[str, Any] = grown(self._tree(leaves))
        return found

    def grow(self, leaves: Sequence[Leaf]) -> tuple[list[Leaf], list[Leaf]]:
        """The places that can hold the text in one object, and those that are left."""
        return self._grow([], list(leaves))

    def _grow(self, taken: list[Leaf], more: list[Leaf]) -> tuple[list[Leaf], list[Leaf]]:
        """What can be taken together, and what is left."""
        left: list[Leaf] = []
        while more:
            whole = self._tree([*taken, *more])
            refusal = self.attempt(grown(whole))
            if refusal is None:
                return [*taken, *more], left
            blame = Blame.of(refusal, whole, more)
            self.hopeless.update(blame.hopeless)
            if not blame.leaves or (len(blame.leaves) == len(more) and not blame.is_sure):
                return self._grow_by_halves(taken, more, left)
            left += blame.leaves
            more = [leaf for leaf in more if leaf not in blame.leaves]
        return taken, left

    def _grow_by_halves(self, taken: list[Leaf], more: list[Leaf], left: list[Leaf]) -> tuple[list[Leaf], list[Leaf]]:
        if len(more) == 1:
            return taken, [*left, *more]
        for half in (more[: len(more) // 2], more[len(more) // 2 :]):
            taken, refused = self._grow(taken, half)
            left += refused
        return taken, left

    def _tree(self, leaves: Iterable[Leaf]) -> Any:
        found = tree(copy.deepcopy(self.least))
        for leaf in leaves:
            for steps, value in leaf.fillers:
                put(found, steps, value, replaces=False)
            if leaf.key_value is not None:
                put(found, (*leaf.steps, self.key), leaf.key_value, replaces=True)
            else:
                text = base64.b64encode(self.text.encode()).decode() if leaf.is_bytes else self.text
                put(found, leaf.steps, text, replaces=True)
        return found


@dataclass(frozen=True, kw_only=True)
class Blame:
    """The leaves that a refusal is about: those at the places it names, else those nearest to one.

    It `is_sure` where the API server forbids them, and `hopeless` are those that it will never take.
    """

    leaves: tuple[Leaf, ...]
    hopeless: tuple[Leaf, ...] = ()
    is_sure: bool = False

    @classmethod
    def of(cls, status: Any, whole: Any, leaves: Sequence[Leaf]) -> Blame:
        """What a Status about `whole` says of these leaves."""
        names = {leaf: spelled(whole, leaf.steps) for leaf in leaves}
        causes = (status.get("details") or {}).get("causes") or ()
        named = {
            leaf: cause["reason"]
            for cause in causes
            for leaf in leaves
            if _is_within(names[leaf], cause.get("field", ""))
        }
        if not named:
            near = [leaf for cause in causes for leaf in _nearest(names, cause.get("field", ""))]
            return cls(leaves=tuple(dict.fromkeys(near)))
        at_it = {cause.get("field", "") for cause in causes if cause["reason"] in _FINAL}
        hopeless = tuple(leaf for leaf in named if names[leaf] in at_it)
        return cls(leaves=tuple(named), hopeless=hopeless, is_sure="FieldValueForbidden" in named.values())


def _nearest(names: dict[Leaf, str], place: str) -> list[Leaf]:
    """The leaves in the smallest part of the object that holds any, and this place."""
    found: list[Leaf] = []
    while place and not found:
        place = re.sub(r"(?:\.[^.\[\]]*|\[[^\]]*\]|^[^.\[\]]+)\Z", "", place)
        found = [leaf for leaf, name in names.items() if place and _is_within(name, place)]
    return found


def _is_within(name: str, place: str) -> bool:
    return name == place or name.startswith((f"{place}.", f"{place}["))
