"""Whichever store was chosen, as the host uses it: each step ends in time, and fails in one way with one sentence."""

from __future__ import annotations

import asyncio
import logging
import math
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from typing import TypeVar

from mcp_kubernetes.errors import ConfigError, StoreError
from mcp_kubernetes.log import brief
from mcp_kubernetes.state.settings import StateSettings
from mcp_kubernetes.store import MemoryStore, Store

_log = logging.getLogger(__name__)

T = TypeVar("T")

_LONGEST = 3.0
"""Seconds for one step: a change that was made must not wait longer for its way back."""

_AS_OF = 1.0
"""Seconds for which what a check found is told again: probes come without sign-in, and in any number."""


def chosen(offered: Sequence[Store], settings: StateSettings) -> GuardedStore:
    """The store that the configuration names. Raises ConfigError for one that is not there, or would be of no use."""
    stores = {store.name: store for store in offered}
    if settings.store not in stores:
        raise ConfigError(
            f"--state-store names {settings.store!r}, but the stores that are set up are: {', '.join(stores)}. "
            "--state-file sets up sqlite, and --valkey-url, of the plugin valkey, sets up that one."
        )
    for name in stores.keys() - {settings.store, MemoryStore.name}:
        raise ConfigError(f"The store {name} is set up, but has no effect: --state-store is {settings.store}.")
    if settings.store != MemoryStore.name and settings.key_file is None:
        raise ConfigError(
            f"--state-store {settings.store} needs --state-key-file: nobody could open what it keeps after a restart."
        )
    return GuardedStore(stores[settings.store])


class GuardedStore:
    """A store behind a time limit, in seconds. That it fails is logged once, until it works again."""

    def __init__(self, store: Store, *, longest: float = _LONGEST, clock: Callable[[], float] = time.monotonic) -> None:
        self.name = store.name
        self._store = store
        self._longest = longest
        self._clock = clock
        self._checking = asyncio.Lock()
        self._checked = -math.inf
        self._is_failing = False

    async def get(self, key: str) -> bytes | None:
        """As the store does it. Raises StoreError alone, as each of these."""
        return await self._guarded(self._store.get(key))

    async def put(self, key: str, value: bytes, *, ttl: float) -> None:
        """As the store does it."""
        await self._guarded(self._store.put(key, value, ttl=ttl))

    async def delete(self, key: str) -> None:
        """As the store does it."""
        await self._guarded(self._store.delete(key))

    async def take(self, key: str) -> bytes | None:
        """As the store does it."""
        return await self._guarded(self._store.take(key))

    async def trim(self, folder: str, most: int) -> None:
        """As the store does it."""
        await self._guarded(self._store.trim(folder, most))

    async def check(self) -> None:
        """As the store does it."""
        await self._guarded(self._store.check())

    async def aclose(self) -> None:
        """As the store does it, and never fail: it is the end."""
        with suppress(StoreError):
            await self._guarded(self._store.aclose())

    async def is_usable(self) -> bool:
        """Whether it can be used, as of a moment ago."""
        async with self._checking:
            if self._clock() - self._checked >= _AS_OF:
                with suppress(StoreError):
                    await self.check()
                self._checked = self._clock()
            return not self._is_failing

    async def _guarded(self, step: Awaitable[T]) -> T:
        try:
            async with asyncio.timeout(self._longest):
                found = await step
        except StoreError:
            raise
        except Exception as error:  # noqa: BLE001 - a plugin's store may raise anything
            self._failed(error)
            raise StoreError(
                f"This server keeps changes and approvals in a store that cannot be used now ({self.name}); nothing "
                "was changed."
            ) from None
        self._worked()
        return found

    def _failed(self, error: Exception) -> None:
        if not self._is_failing:
            _log.error("The store %s cannot be used: %s.", self.name, brief(error))
        self._is_failing = True

    def _worked(self) -> None:
        if self._is_failing:
            _log.info("The store %s can be used again.", self.name)
        self._is_failing = False
