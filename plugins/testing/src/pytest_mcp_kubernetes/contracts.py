"""What the host expects of what plugins bring, as tests to inherit: `class TestMine(StoreContract)`."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mcp_kubernetes.spi import Store

_SOON = 0.05
"""Seconds for which a value is kept whose end a test waits for."""

_LONG = 60.0


class StoreContract:
    """What each store does. A subclass has the fixtures `store`, empty, and `other`: the same, as another has it."""

    async def test_what_was_put_is_there_for_others_too_until_it_is_deleted(self, store: Store, other: Store) -> None:
        """Any bytes, the last that were put."""
        assert await store.get("f/a") is None
        for value in (b"", b"\x00\xff" * 1000):
            await store.put("f/a", value, ttl=_LONG)
            assert await other.get("f/a") == value
        await other.delete("f/a")
        await other.delete("f/a")
        assert await store.get("f/a") is None

    async def test_what_was_put_is_there_for_its_time_and_not_longer(self, store: Store) -> None:
        """A time that begins anew with each put."""
        await store.put("f/a", b"one", ttl=_SOON)
        await store.put("f/b", b"one", ttl=_SOON)
        await store.put("f/b", b"two", ttl=_LONG)
        await _until(lambda: _is_gone(store, "f/a"))
        assert await store.take("f/a") is None
        assert await store.get("f/b") == b"two"

    async def test_what_is_taken_is_gone_and_only_one_gets_it(self, store: Store, other: Store) -> None:
        """However many ask at once."""
        await store.put("f/a", b"one", ttl=_LONG)
        taken = await asyncio.gather(*(each.take("f/a") for _ in range(5) for each in (store, other)))
        assert [value for value in taken if value is not None] == [b"one"]
        assert await store.get("f/a") is None

    async def test_a_folder_is_trimmed_to_its_newest_and_nothing_else_is(self, store: Store, other: Store) -> None:
        """The newest is what was put last, whoever put it."""
        for key in ("f/1", "g/1", "f/2", "f2/1", "f/3", "f/1"):
            await store.put(key, b"", ttl=_LONG)
        await other.trim("f", 2)
        assert await _present(store, "f/1", "f/2", "f/3", "f2/1", "g/1") == ["f/1", "f/3", "f2/1", "g/1"]
        await store.trim("f", 0)
        assert await _present(store, "f/1", "f/3", "f2/1", "g/1") == ["f2/1", "g/1"]

    async def test_what_is_gone_does_not_count_when_a_folder_is_trimmed(self, store: Store) -> None:
        """Because its time was over, or because it was taken."""
        await store.put("f/old", b"", ttl=_LONG)
        await store.put("f/taken", b"", ttl=_LONG)
        await store.put("f/gone", b"", ttl=_SOON)
        await store.take("f/taken")
        await _until(lambda: _is_gone(store, "f/gone"))
        await store.trim("f", 1)
        assert await _present(store, "f/old") == ["f/old"]

    async def test_it_says_that_it_can_be_used(self, store: Store) -> None:
        """And does not change by that."""
        await store.check()
        assert store.name


async def _present(store: Store, *keys: str) -> list[str]:
    return [key for key in keys if await store.get(key) is not None]


async def _is_gone(store: Store, key: str) -> bool:
    return await store.get(key) is None


async def _until(done: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(30):
        while not await done():  # noqa: ASYNC110 - no event tells that a value's time is over
            await asyncio.sleep(_SOON / 5)
