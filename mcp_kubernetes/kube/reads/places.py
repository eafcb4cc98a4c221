"""Where a listing stands: the place from which the rest can be asked for, after any row.

A place is a page (the server's continue token, or the resource version of a first page) and the number of its
rows that were already given. The server's tokens pin a snapshot, so the rows of a page never shift.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict, dataclass, field, replace
from itertools import compress
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from mcp_kubernetes.kube.decoding.decode import ColumnDefinition


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a listing stands. `namespace` is set when it goes from namespace to namespace.

    `last` is the key of the row before it, by which the place is found again when positions have moved.
    """

    namespace: str | None = None
    token: str = ""
    version: str = ""
    skip: int = 0
    last: str = ""

    @property
    def told(self) -> dict[str, Any]:
        """Its fields, but none that says nothing: each byte is a third more in every cursor."""
        return {name: value for name, value in asdict(self).items() if value}

    def onward(self, token: str) -> Place | None:
        """The place of the next page, to which the server's token leads; None where it gave none."""
        return Place(namespace=self.namespace, token=token) if token else None


@dataclass(frozen=True, kw_only=True)
class Chunk:
    """One page as it came. `rows` are cells or raw objects; `after` is the place of the next page.

    `verdicts` say for each row whether it matches the question's expression (None: that cannot be said); without
    an expression there are none, and every row counts. `remaining` is how many objects the server says come after.
    `keys` give the key "namespace/name" of a row. One page that `is_loose` may hold other rows when it is read again.
    """

    rows: Sequence[Any]
    place: Place
    after: Place | None
    columns: Sequence[ColumnDefinition] = ()
    verdicts: Sequence[bool | None] | None = None
    remaining: int | None = None
    keys: Callable[[int], str] | None = None
    is_loose: bool = False

    @property
    def ahead(self) -> Sequence[Any]:
        """The rows after its place that match."""
        rows = self.rows[self.place.skip :]
        return rows if self.verdicts is None else list(compress(rows, self.verdicts[self.place.skip :]))

    def at(self, taken: int) -> Place:
        """The place after so many of its rows."""
        last = self.keys(taken - 1) if self.keys and taken else self.place.last
        skip = 0 if self.is_loose and self.place.token else taken
        return replace(self.place, skip=skip, last=last)


@dataclass
class Tally:
    """How many objects were looked at, how many of them match, and of how many that cannot be said."""

    seen: int = 0
    matched: int = 0
    unclear: int = 0

    def count(self, verdict: bool | None) -> bool:
        """Count one object, and say whether it matches."""
        self.seen += 1
        self.matched += verdict is True
        self.unclear += verdict is None
        return verdict is True


@dataclass
class Position:
    """How far a listing was read, row by row: makes the place from which the rest can be asked for."""

    start: Place
    tally: Tally = field(default_factory=Tally)
    _chunk: Chunk | None = None
    _taken: int = 0

    def rows(self, chunk: Chunk) -> Iterator[Any]:
        """The rows of a chunk that match and were not given before, counted as they are taken."""
        self._chunk, self._taken = chunk, chunk.place.skip
        for number, row in enumerate(chunk.rows[self._taken :], self._taken):
            self._taken += 1
            if chunk.verdicts is None or self.tally.count(chunk.verdicts[number]):
                yield row

    @property
    def at_end(self) -> bool:
        """Whether every row of the list was taken."""
        return self._chunk is not None and self._taken >= len(self._chunk.rows) and self._chunk.after is None

    def remaining(self, place: Place) -> int | None:
        """About how many objects come after `place`, one of this position; None where the server does not tell."""
        if self._chunk is None or self._chunk.remaining is None or place.namespace is not None or self._chunk.is_loose:
            return None
        rest = len(self._chunk.rows) - place.skip if place != self._chunk.after else 0
        return rest + self._chunk.remaining

    def place(self, *, shown: bool) -> Place | None:
        """The place to go on from; None at the end. `shown`: whether the row taken last was used."""
        if self._chunk is None:
            return self.start
        taken = self._taken if shown else max(self._taken - 1, self._chunk.place.skip)
        if taken < len(self._chunk.rows):
            return self._chunk.at(taken)
        return self._chunk.after
