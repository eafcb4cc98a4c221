"""What the clients of the handshake versions chose: kept as long as the SDK keeps their session, and no longer.

Since 2026-07-28 the protocol has no sessions: a call of that version has none, nor has any call of a stateless server.
With several replicas a session lives on the one that opened it: another answers 404, and the client opens a new one.
"""

from __future__ import annotations

import hashlib
import math
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from mcp_kubernetes.calls import Session
from mcp_kubernetes.identity import Identity

_LATER = 60.0
"""Seconds that a session is kept beyond its idle time, so that the SDK always forgets it first."""


class TooMany(Exception):
    """A user has as many sessions open as one may have."""

    def __init__(self, most: int) -> None:
        super().__init__(f"You have {most} sessions open, the most that this server keeps for one user: end some.")


@dataclass
class _Kept:
    """A session, its owner, and since when nobody asks for anything."""

    owner: str
    session: Session
    requests: int = 0
    idle_since: float = math.inf


class Sessions:
    """The open sessions by the ids that the SDK gave them. `idle` is in seconds.

    Each user may have `most` of them open, and any number where that is None.
    """

    def __init__(self, idle: float, most: int | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self._idle = idle
        self._most = most
        self._clock = clock
        self._kept: dict[str, _Kept] = {}
        self._opening: Counter[str] = Counter()

    def __len__(self) -> int:
        return len(self._kept)

    @contextmanager
    def opening(self, identity: Identity) -> Iterator[None]:
        """While a client opens a session, which counts from the beginning. Raises TooMany."""
        self._forget()
        user, most = identity.key, self._most
        if most is not None and self._opening[user] + sum(kept.owner == user for kept in self._kept.values()) >= most:
            raise TooMany(most)
        self._opening[user] += 1
        try:
            yield
        finally:
            self._opening[user] -= 1
            self._opening += Counter()  # without those that are 0

    def open(self, number: str, identity: Identity) -> None:
        """A client opened a session."""
        self._kept[number] = _Kept(identity.key, Session(key=_key(number, identity)), idle_since=self._clock())

    def _forget(self) -> None:
        """Those that have been idle for so long that the SDK has ended them."""
        limit = self._clock() - self._idle - _LATER
        self._kept = {each: kept for each, kept in self._kept.items() if kept.idle_since > limit}

    def close(self, number: str, identity: Identity) -> None:
        """The session has ended. Nobody can end another's: theirs is not found, and that says nothing about it."""
        if self._of(number, identity):
            del self._kept[number]

    @contextmanager
    def used(self, number: str, identity: Identity) -> Iterator[Session | None]:
        """The session of that id while a request in it is served; None where this caller has none of that id."""
        if (kept := self._of(number, identity)) is None:
            yield None
            return
        kept.requests += 1
        kept.idle_since = math.inf
        try:
            yield kept.session
        finally:
            kept.requests -= 1
            kept.idle_since = math.inf if kept.requests else self._clock()

    def _of(self, number: str, identity: Identity) -> _Kept | None:
        kept = self._kept.get(number)
        return kept if kept and kept.owner == identity.key else None


def _key(number: str, identity: Identity) -> str:
    """A name for records: whoever reads it cannot use the session, for its id is as good as a password."""
    return hashlib.sha256(f"{identity.key}\n{number}".encode()).hexdigest()[:16]
