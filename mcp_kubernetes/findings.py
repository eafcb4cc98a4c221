"""What may be wrong with the objects of a kind: rules, one for each cause, and what they find.

A rule is a small function that looks at a few values of one object. It reads nothing by itself: which kinds it looks
at is data, so that each list is read once however many rules there are, and what cannot be read is known to be missing.
Plugins bring rules by the hook `register_findings`, for the built-in kinds as for anybody's own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Self

from mcp_kubernetes.errors import Forbidden, ToolError
from mcp_kubernetes.jsonpath import parse


class Severity(StrEnum):
    """How much it matters, the worst first."""

    CRITICAL = "critical"
    """The cluster as a whole does not do its work."""
    WARNING = "warning"
    """Something in it does not."""
    INFO = "info"
    """Worth knowing; nothing is broken."""


@dataclass(frozen=True, kw_only=True)
class Finding:
    """Something wrong with the object that was looked at, and the line that shows it.

    `cause` is the rule's name unless it is given. Findings of one cause and `group`, such as the pods of one owner, are
    told as one with their number.
    """

    evidence: str
    severity: Severity = Severity.WARNING
    cause: str = ""
    group: str = ""


@dataclass(frozen=True, kw_only=True)
class Surroundings:
    """What a rule may look at beside the object: the time, the API server's version ("" if it is not known), `beside`.

    `beside` holds the rows of each kind that the rule names; None for one that could not be read.
    """

    now: datetime
    version: str
    beside: Mapping[str, Sequence[Any] | None]
    _indexes: dict[tuple[str, str], dict[Any, list[Any]]] = field(default_factory=dict, repr=False, compare=False)

    def by(self, kind: str, name: str) -> Mapping[Any, Sequence[Any]]:
        """The rows of a kind `beside` by the value that they call `name`; none of one that could not be read."""
        if (kind, name) not in self._indexes:
            index = self._indexes[kind, name] = {}
            for row in self.beside[kind] or ():
                index.setdefault(getattr(row, name), []).append(row)
        return self._indexes[kind, name]


Judge = Callable[[Any, Surroundings], Iterable[Finding]]
"""Looks at one object, a named tuple of the rule's `paths`."""


@dataclass(frozen=True, kw_only=True)
class FindingRule:
    """One cause, by a unique name such as `NodeNotReady`.

    `kind` says whose objects are looked at (`v1/Node`), in all namespaces, and `paths` which of their values, by name:
    a value that an object lacks is None. `beside` names kinds that are read first, with paths for each: kinds of which
    there are not many. `essential`: without it nobody can call the cluster healthy. Where at least `critical_share` of
    all objects are found, the findings are critical. Raises ValueError for a path that is none.
    """

    name: str
    kind: str
    paths: Mapping[str, str]
    judge: Judge
    beside: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    essential: bool = False
    critical_share: float | None = None

    def __post_init__(self) -> None:
        for paths in (self.paths, *self.beside.values()):
            for path in paths.values():
                parse(path)


OTHERS = "others"
"""Stands for the objects of those findings that are only counted."""


@dataclass(frozen=True, kw_only=True)
class Found:
    """Findings of one cause about one object, or about `count` of one group: `object` is then the first of them."""

    severity: Severity
    cause: str
    object: str
    count: int
    evidence: str


@dataclass(frozen=True, kw_only=True)
class Unread:
    """What could not be read, or not to its end, and why."""

    what: str
    why: str
    essential: bool

    @classmethod
    def of(cls, what: str, error: ToolError | TimeoutError, *, essential: bool) -> Self:
        """What `error` kept from being read. The common reasons read alike, so that they can be told together."""
        match error:
            case Forbidden():
                why = "this user may not list them in the whole cluster (403)"
            case ToolError():
                why = error.message
            case _:
                why = "the time of the call was up before their end"
        return cls(what=what, why=why, essential=essential)


@dataclass(frozen=True, kw_only=True)
class Examination:
    """What all rules found, the worst first; what could not be read; how many objects were looked at, by kind."""

    found: Sequence[Found]
    unread: Sequence[Unread]
    looked_at: Mapping[str, int]
    version: str


def ranked(found: Iterable[Found]) -> list[Found]:
    """The worst first; of the same severity, what there is most of."""
    order = list(Severity)
    return sorted(
        found,
        key=lambda each: (order.index(each.severity), each.object == OTHERS, -each.count, each.cause, each.object),
    )
