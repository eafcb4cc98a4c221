"""What is worth knowing of a kind beside its schema: which fields say nothing, and what belongs to an object of it.

Profiles are data, so that one generic code slims objects and finds what is related to them; plugins bring them by
the hook `register_kinds`, for the built-in kinds as for anybody's own.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from mcp_kubernetes.jsonpath import parse
from mcp_kubernetes.jsonpath.steps import Every, Key

MOST_RELATIONS = 3
"""Of one kind: each costs a request, and a description is to stay below eight."""

_ALWAYS: Final = object()


@dataclass(frozen=True, kw_only=True)
class Noise:
    """A field that says nothing to a reader: always, or with a value like `like`.

    `path` has keys and `[*]` alone: `.spec.tolerations[*]`. Of a map, `like` need only name some keys; a list is like
    another of its length; an empty map or list is like an empty one. Raises ValueError for any other path.
    """

    path: str
    like: Any = _ALWAYS

    def __post_init__(self) -> None:
        if not self.steps or not isinstance(self.steps[0], str):
            raise ValueError(f"The path {self.path!r} of a kind's noise needs a key first.")

    @property
    def steps(self) -> tuple[str | None, ...]:
        """The keys on the way; None stands for each item of a list."""
        return tuple(_step(self.path, step) for step in parse(self.path).steps)

    @property
    def always(self) -> bool:
        """Whether the value does not matter."""
        return self.like is _ALWAYS

    def matches(self, value: Any) -> bool:
        """Whether this value is noise."""
        return self.always or _is_like(value, self.like)


@dataclass(frozen=True, kw_only=True)
class Relation:
    """Objects that belong to one: those of `kind` that all of the given criteria let through.

    `kind`, `namespace`, `labels` and `fields` may hold paths into the object in braces, as in
    `spec.nodeName={.metadata.name}`. A namespace of "*" means all of them, None a kind that has none. `selector` is
    a path to a label selector of the object. `key` and `values` compare: of the candidates those are kept that have
    at `key` a value that the object has at one of `values`. A relation that looks at something which the object
    does not have leads nowhere.
    """

    title: str
    kind: str
    namespace: str | None = "{.metadata.namespace}"
    selector: str | None = None
    labels: str | None = None
    fields: str | None = None
    key: str | None = None
    values: Sequence[str] = ()


@dataclass(frozen=True, kw_only=True)
class KindProfile:
    """One kind: API group ("" is the core group) and plural, its noise, and what is related to its objects.

    `names` are paths to the names of other objects, by what these are called ("Secrets"): they are told, not read.
    `no_undo` says what is lost for good with a deleted object of this kind ("the database behind it is dropped"); ""
    if the same object, created again, is as good. Raises ValueError for more than three relations.
    """

    group: str
    resource: str
    noise: Sequence[Noise] = ()
    related: Sequence[Relation] = ()
    names: Mapping[str, Sequence[str]] = field(default_factory=dict)
    no_undo: str = ""

    def __post_init__(self) -> None:
        if len(self.related) > MOST_RELATIONS:
            raise ValueError(f"The profile of {self.name} has more than {MOST_RELATIONS} relations.")

    @property
    def name(self) -> str:
        """`deployments.apps`, or `pods` for the core group."""
        return f"{self.resource}.{self.group}" if self.group else self.resource


def _step(path: str, step: object) -> str | None:
    match step:
        case Key(name):
            return name
        case Every():
            return None
    raise ValueError(f"The path {path!r} of a kind's noise has more than keys and [*].")


def _is_like(value: Any, like: Any) -> bool:
    if isinstance(like, Mapping) and isinstance(value, Mapping):
        named = all(key in value and _is_like(value[key], part) for key, part in like.items())
        return named and bool(like) is bool(value)
    if isinstance(like, list) and isinstance(value, list):
        return len(like) == len(value) and all(map(_is_like, value, like))
    return type(value) is type(like) and bool(value == like)
