"""One watch while it runs: it gives what is there, then what changes, and sleeps in between."""

from __future__ import annotations

import asyncio
import itertools
import random
from collections.abc import AsyncGenerator, AsyncIterator, Iterator, Sequence
from contextlib import aclosing, suppress

from mcp_kubernetes.spi import Disconnected, TimedOut
from mcp_kubernetes_snapshot.api.paging import within
from mcp_kubernetes_snapshot.api.status import Refusal, unreadable
from mcp_kubernetes_snapshot.contents import Change, Record
from mcp_kubernetes_snapshot.watching.events import Events, error
from mcp_kubernetes_snapshot.watching.watch import Watch
from mcp_kubernetes_snapshot.writing.states import States

_AT_ONCE = 200
"""Objects of which one piece tells: what is held in memory of a list of any length."""

_LASTS = 1_800
"""Seconds that a watch lasts where nobody says how long, up to twice as many, as at an API server."""

_BOOKMARKS = 60.0
_BEFORE_THE_END = 2.0
"""Seconds between bookmarks, and how long before its end a watch has the last one."""


class Following:
    """Reads `states` for one watch. `heard` is set when there is something new, `patience` is in seconds."""

    def __init__(self, watch: Watch, states: States, heard: asyncio.Event, patience: float) -> None:
        self._watch = watch
        self._states = states
        self._heard = heard
        self._events = Events(watch)
        self._version = watch.since
        self._stopped = False
        now = asyncio.get_running_loop().time()
        lasts = watch.asked.seconds or _LASTS * (1 + random.random())  # noqa: S311 - spreads the ends, hides nothing
        self._end = now + max(lasts, 0)
        self._gives_up = now + patience
        self._bookmark = min(now + _BOOKMARKS, self._end - _BEFORE_THE_END) if watch.asked.bookmarks else self._end
        if self._bookmark < now:
            self._bookmark = self._end

    def stop(self) -> None:
        """Let it end; nothing comes any more."""
        self._stopped = True
        self._heard.set()

    async def chunks(self) -> AsyncIterator[bytes]:
        """Whole events, several in a piece. Raises Disconnected, TimedOut."""
        try:
            async with aclosing(self._pieces()) as pieces:
                async for piece in pieces:
                    if self._stopped:
                        return
                    yield piece
        except Refusal as refusal:
            yield error(refusal)
        except (OSError, ValueError):  # of a file that is not there any more, or was closed
            self._check_open()
            yield error(unreadable())

    async def _pieces(self) -> AsyncGenerator[bytes, None]:
        if refusal := self._watch.refusal:
            raise refusal
        if self._watch.asked.begins_with_what_is_there:
            for records in self._what_is_there():
                if piece := await asyncio.to_thread(self._events.of_what_is_there, records):
                    yield piece
            if self._watch.marks_the_end_of_what_is_there:
                yield self._events.bookmark(self._version, last_initial=True)
        while self._goes_on():
            self._heard.clear()
            if changes := self._new():
                if piece := await asyncio.to_thread(self._events.of_changes, changes):
                    yield piece
            elif self._is_due():
                yield self._events.bookmark(self._version)
            else:
                await self._sleep()

    def _what_is_there(self) -> Iterator[Sequence[Record]]:
        records = self._watch.state.records(self._watch.served)
        found = (record for _, record in within(records, self._watch.selection))
        return iter(lambda: [*itertools.islice(found, _AT_ONCE)], [])

    def _new(self) -> Sequence[Change]:
        """Changes of this kind that were not told yet; all others count as told. Raises Refusal."""
        present = self._states.present.contents.version
        if present <= self._version:
            return ()
        changes = self._states.changes.between(self._version, present)
        self._version = present
        return [change for change in changes if change.kind == self._watch.kind]

    async def _sleep(self) -> None:
        """Until there may be something to tell."""
        with suppress(TimeoutError):
            async with asyncio.timeout_at(min(self._end, self._gives_up, self._bookmark)):
                await self._heard.wait()

    def _goes_on(self) -> bool:
        """Whether it has not come to its end. Raises Disconnected, and TimedOut where nobody waits any longer."""
        now = asyncio.get_running_loop().time()
        self._check_open()
        if self._stopped or now >= self._end:
            return False
        if now >= self._gives_up:
            raise TimedOut("The snapshot did not answer in time.")
        return True

    def _is_due(self) -> bool:
        """Whether it is time for a bookmark; then the next one is due later."""
        now = asyncio.get_running_loop().time()
        if now < self._bookmark:
            return False
        last = self._end - _BEFORE_THE_END
        self._bookmark = min(now + _BOOKMARKS, last) if now < last else self._end
        return True

    def _check_open(self) -> None:
        if self._states.bell.is_closed:
            raise Disconnected("The snapshot was closed.")
