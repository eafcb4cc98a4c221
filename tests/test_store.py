from __future__ import annotations

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mcp_kubernetes.errors import StoreError
from mcp_kubernetes.store import Limits, MemoryStore
from tests.clock import Clock


@pytest.fixture
def clock() -> Clock:
    return Clock()


async def present(store: MemoryStore, *keys: str) -> list[str]:
    return [key for key in keys if await store.get(key) is not None]


async def test_what_was_put_is_there_until_it_is_deleted() -> None:
    store = MemoryStore()
    await store.put("a", b"one", ttl=60)
    await store.put("a", b"two", ttl=60)
    assert await store.get("a") == b"two"
    await store.delete("a")
    await store.delete("a")
    assert await store.get("a") is None


async def test_what_was_put_is_there_for_its_time_and_not_longer(clock: Clock) -> None:
    store = MemoryStore(clock=clock)
    await store.put("a", b"one", ttl=60)
    clock.now += 59.9
    assert await store.get("a") == b"one"
    clock.now += 0.2
    assert await store.get("a") is None
    assert await store.take("a") is None


async def test_putting_it_again_begins_its_time_anew(clock: Clock) -> None:
    store = MemoryStore(clock=clock)
    for _ in range(3):
        await store.put("a", b"one", ttl=60)
        clock.now += 50
    assert await store.get("a") == b"one"


async def test_what_is_taken_is_gone_and_only_one_gets_it() -> None:
    store = MemoryStore()
    await store.put("a", b"one", ttl=60)
    taken = await asyncio.gather(*(store.take("a") for _ in range(5)))
    assert [value for value in taken if value is not None] == [b"one"]
    assert await store.get("a") is None


async def test_of_too_many_the_oldest_go() -> None:
    store = MemoryStore(Limits(entries=3))
    for key in ("a", "b", "c", "a", "d"):
        await store.put(key, b"", ttl=60)
    assert await present(store, "a", "b", "c", "d") == ["a", "c", "d"]


async def test_of_too_many_bytes_the_oldest_go_and_keys_count() -> None:
    store = MemoryStore(Limits(size=30))
    for key in ("a", "b", "c"):
        await store.put(key, b"x" * 9, ttl=60)
    assert await present(store, "a", "b", "c") == ["a", "b", "c"]
    await store.put("key-of-eleven"[:11], b"", ttl=60)
    assert await present(store, "a", "b", "c") == ["c"]


async def test_putting_it_again_costs_nobody_else_room() -> None:
    store = MemoryStore(Limits(entries=2, size=20))
    await store.put("a", b"x" * 9, ttl=60)
    for _ in range(3):
        await store.put("b", b"x" * 9, ttl=60)
    assert await present(store, "a", "b") == ["a", "b"]


async def test_what_has_expired_makes_room_before_anything_else_goes(clock: Clock) -> None:
    store = MemoryStore(Limits(entries=2), clock=clock)
    await store.put("long", b"", ttl=1_000)
    await store.put("short", b"", ttl=10)
    clock.now += 11
    await store.put("new", b"", ttl=60)
    assert await present(store, "long", "new") == ["long", "new"]


async def test_a_value_that_can_never_fit_is_refused_and_costs_nobody_anything() -> None:
    store = MemoryStore(Limits(size=100))
    await store.put("a", b"one", ttl=60)
    with pytest.raises(StoreError):
        await store.put("b", b"x" * 100, ttl=60)
    with pytest.raises(StoreError):
        await store.put("a", b"x" * 100, ttl=60)
    assert await store.get("a") == b"one"


async def test_a_folder_is_trimmed_to_its_newest_and_nothing_else_is() -> None:
    store = MemoryStore()
    for key in ("f/1", "g/1", "f/2", "f2/1", "f/3", "f"):
        await store.put(key, b"", ttl=60)
    await store.trim("f", 2)
    assert await present(store, "f/1", "f/2", "f/3", "f", "f2/1", "g/1") == ["f/2", "f/3", "f", "f2/1", "g/1"]
    await store.trim("f", 0)
    assert await present(store, "f/2", "f/3", "f", "f2/1") == ["f", "f2/1"]


async def test_what_has_expired_does_not_count_when_a_folder_is_trimmed(clock: Clock) -> None:
    store = MemoryStore(clock=clock)
    await store.put("f/old", b"", ttl=1_000)
    await store.put("f/gone", b"", ttl=10)
    clock.now += 11
    await store.trim("f", 1)
    assert await present(store, "f/old") == ["f/old"]


@settings(derandomize=True, deadline=None)
@given(st.lists(st.tuples(st.sampled_from("abcd"), st.integers(0, 12), st.integers(1, 30)), max_size=30))
async def test_it_never_keeps_more_than_its_limits(puts: list[tuple[str, int, int]]) -> None:
    clock = Clock()
    store = MemoryStore(Limits(entries=3, size=20), clock=clock)
    for key, size, seconds in puts:
        await store.put(key, b"x" * size, ttl=20)
        assert await store.get(key) == b"x" * size
        found = {key: await store.get(key) for key in "abcd"}
        values = [value for value in found.values() if value is not None]
        assert len(values) <= 3
        assert sum(map(len, values)) + len(values) <= 20
        clock.now += seconds
