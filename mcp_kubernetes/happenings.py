"""Events that tell the same, as one: how often, first and last, in memory that does not grow with their number.

The API server keeps one event for all of its APIs, so the core API shows those as well that were written through
events.k8s.io; it is read because more roles grant it. How often a thing happened and when stands in other fields
there: `series` and `eventTime` instead of `count` and `lastTimestamp`.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, ClassVar, NamedTuple

from mcp_kubernetes.times import instant

LONG_AGO = datetime.min.replace(tzinfo=UTC)
_LEAST_KEPT = 1_000


class Happening(NamedTuple):
    """What events tell that are counted as one."""

    namespace: str
    kind: str
    name: str
    type: str
    reason: str
    message: str


@dataclass
class Tally:
    """How often, first and last."""

    count: int
    first: datetime
    last: datetime

    def add(self, count: int, first: datetime, last: datetime) -> None:
        """Count more of the same."""
        self.count += count
        self.first = min(self.first, first)
        self.last = max(self.last, last)


@dataclass
class Happenings:
    """The newest happenings: at least `most` of them are kept, if there are as many.

    `overflowed` says that some were dropped, so that what happened again after a pause may be counted too low.
    """

    KIND: ClassVar = "v1/Event"
    PATHS: ClassVar[Mapping[str, str]] = {
        "namespace": ".metadata.namespace",
        "uid": ".involvedObject.uid",
        "kind": ".involvedObject.kind",
        "name": ".involvedObject.name",
        "type": ".type",
        "reason": ".reason",
        "message": ".message",
        "count": ".count",
        "series": ".series.count",
        "observed": ".series.lastObservedTime",
        "last": ".lastTimestamp",
        "time": ".eventTime",
        "first": ".firstTimestamp",
        "created": ".metadata.creationTimestamp",
    }
    """What is read of an event, by name."""

    most: int
    since: datetime = LONG_AGO
    overflowed: bool = False
    older: int = 0
    _tallies: dict[Happening, Tally] = field(default_factory=dict)

    async def add(self, events: AsyncIterator[Any]) -> None:
        """Take in all of these rows of PATHS."""
        async for event in events:
            self.take(event)

    def take(self, event: Any) -> None:
        """Take in one row of PATHS."""
        last = _first_of(event.observed, event.last, event.time, event.first, event.created)
        if last < self.since:
            self.older += 1
            return
        told = (event.namespace, event.kind, event.name, event.type, event.reason, event.message)
        happening = Happening(*(str(each or "") for each in told))
        first = min(_first_of(event.first, event.time, event.created), last)
        count = event.series or event.count or 1
        if known := self._tallies.get(happening):
            known.add(count, first, last)
        else:
            self._tallies[happening] = Tally(count, first, last)
            self._prune()

    def newest(self) -> list[tuple[Happening, Tally]]:
        """All that are kept, the newest first."""
        return sorted(self._tallies.items(), key=lambda item: item[1].last, reverse=True)

    def _prune(self) -> None:
        kept = max(self.most, _LEAST_KEPT)
        if len(self._tallies) >= 2 * kept:
            self._tallies = dict(self.newest()[:kept])
            self.overflowed = True


def _first_of(*texts: object) -> datetime:
    return next((found for found in map(instant, texts) if found), LONG_AGO)
