"""Where what must outlive a call is kept: one protocol, so that replicas can share it, and the memory of one process.

Keys and values say nothing of the process that put them, so whoever else has the store and the keys can read them.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from mcp_kubernetes.errors import StoreError


class Store(Protocol):
    """Bytes by key, each for a time. What is kept may be lost: it is never the only place of anything needed.

    Keys are a folder, a slash and a name without one; keys and values tell nothing to whoever else reads the store.
    A store opens what it needs when it is first used, and is used from one event loop. Its methods may raise anything:
    the host tells the model that the store cannot be used, and the operator why.
    """

    name: str
    """What `--state-store` calls it."""

    async def check(self) -> None:
        """Return if the store can be used now."""

    async def aclose(self) -> None:
        """Close what is open, at the end."""

    async def get(self, key: str) -> bytes | None:
        """The value; None if there is none, or no longer."""

    async def put(self, key: str, value: bytes, *, ttl: float) -> None:
        """Keep the value for `ttl` seconds, in place of any other of this key."""

    async def delete(self, key: str) -> None:
        """Forget the value, if there is one."""

    async def take(self, key: str) -> bytes | None:
        """Get and forget in one step: of several who take at the same time, one gets it."""

    async def trim(self, folder: str, most: int) -> None:
        """Forget the oldest values of a folder until there are `most`."""


@dataclass(frozen=True, kw_only=True)
class Limits:
    """How much a store of ours keeps: number of values, and bytes of keys and values together."""

    entries: int = 10_000
    size: int = 64 << 20

    def check(self, size: int) -> None:
        """Raise StoreError for a value that could never be kept."""
        if size > self.size or self.entries < 1:
            raise StoreError(f"A value of {size:,} bytes is larger than the whole store; nothing was changed.")


class _Kept(NamedTuple):
    value: bytes
    until: float


class MemoryStore:
    """The store of one process: what is beyond its limits is forgotten, the oldest first.

    `clock` tells seconds that only grow.
    """

    name = "memory"

    def __init__(self, limits: Limits | None = None, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._limits = limits or Limits()
        self._clock = clock
        self._kept: dict[str, _Kept] = {}  # in the order of their putting
        self._size = 0

    async def check(self) -> None:
        """It is always there."""

    async def aclose(self) -> None:
        """There is nothing to close."""

    async def get(self, key: str) -> bytes | None:
        """The value; None if there is none, or no longer."""
        found = self._kept.get(key)
        return found.value if found and found.until > self._clock() else None

    async def put(self, key: str, value: bytes, *, ttl: float) -> None:
        """Keep the value. Raises StoreError if it alone is beyond the limits."""
        size = size_of(key, value)
        self._limits.check(size)
        self._forget(key)
        self._make_room(size)
        self._kept[key] = _Kept(value, self._clock() + ttl)
        self._size += size

    async def delete(self, key: str) -> None:
        """Forget the value, if there is one."""
        self._forget(key)

    async def take(self, key: str) -> bytes | None:
        """Get and forget in one step: nothing else runs in between."""
        found = await self.get(key)
        self._forget(key)
        return found

    async def trim(self, folder: str, most: int) -> None:
        """Forget the oldest values of a folder until there are `most`."""
        self._forget_expired()
        inside = [key for key in self._kept if key.startswith(f"{folder}/")]
        for key in inside[: max(0, len(inside) - most)]:
            self._forget(key)

    def _make_room(self, size: int) -> None:
        """Forget what has expired if there is not enough room, then the oldest."""
        if not self._has_room(size):
            self._forget_expired()
        for key in self._oldest_first():
            if self._has_room(size):
                break
            self._forget(key)

    def _has_room(self, size: int) -> bool:
        return len(self._kept) < self._limits.entries and self._size + size <= self._limits.size

    def _forget_expired(self) -> None:
        now = self._clock()
        for key in [key for key, kept in self._kept.items() if kept.until <= now]:
            self._forget(key)

    def _oldest_first(self) -> Iterator[str]:
        while self._kept:
            yield next(iter(self._kept))

    def _forget(self, key: str) -> None:
        if found := self._kept.pop(key, None):
            self._size -= size_of(key, found.value)


def size_of(key: str, value: bytes) -> int:
    """Bytes that count against the limits."""
    return len(key.encode()) + len(value)
