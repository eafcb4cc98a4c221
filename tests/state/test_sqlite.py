"""A file that several processes share: bounded, private, and never in the way of the event loop."""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from mcp_kubernetes.errors import StoreError
from mcp_kubernetes.state.sqlite import SQLiteStore
from mcp_kubernetes.store import Limits
from tests.clock import Clock

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

PROCESSES, EACH = 4, 25

OTHERS = f"""
import asyncio, sys
from pathlib import Path
from mcp_kubernetes.state.sqlite import SQLiteStore

async def main(number):
    store = SQLiteStore(Path(sys.argv[1]))
    taken = 0
    for turn in range({EACH}):
        await store.put(f"own-{{number}}/{{turn}}", b"x" * 1000, ttl=60)
        await store.put(f"shared/{{number}}-{{turn}}", b"", ttl=60)
        await store.trim("shared", 10)
        taken += await store.take(f"one/{{turn}}") is not None
    await store.aclose()
    print(taken)

asyncio.run(main(int(sys.argv[2])))
"""


@pytest.fixture
def clock() -> Clock:
    return Clock(1_000.0)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state.db"


@pytest.fixture
async def store(path: Path, clock: Clock) -> AsyncIterator[SQLiteStore]:
    made = SQLiteStore(path, Limits(entries=3, size=100), clock=clock)
    yield made
    await made.aclose()


async def keys(store: SQLiteStore) -> str:
    return "".join([key[-1] for key in ("f/a", "f/b", "f/c", "f/d") if await store.get(key) is not None])


async def test_processes_that_write_at_the_same_time_lose_nothing_and_take_everything_once(path: Path) -> None:
    store = SQLiteStore(path)
    for turn in range(EACH):
        await store.put(f"one/{turn}", b"", ttl=60)
    words = [sys.executable, "-c", OTHERS, str(path)]
    run = asyncio.create_subprocess_exec
    running = [await run(*words, str(n), stdout=subprocess.PIPE) for n in range(PROCESSES)]
    taken = [int((await process.communicate())[0]) for process in running]
    assert [process.returncode for process in running] == [0] * PROCESSES
    assert sum(taken) == EACH
    for number in range(PROCESSES):
        assert all([await store.get(f"own-{number}/{turn}") for turn in range(EACH)])
    left = [await store.get(f"shared/{n}-{turn}") for n in range(PROCESSES) for turn in range(EACH)]
    assert len([each for each in left if each is not None]) == 10
    await store.aclose()


async def test_what_was_put_outlives_the_process(path: Path) -> None:
    for value in (None, b"one"):
        store = SQLiteStore(path)
        assert await store.get("f/a") == value
        await store.put("f/a", b"one", ttl=60)
        await store.aclose()


async def test_of_too_many_the_oldest_go_and_of_too_many_bytes(store: SQLiteStore) -> None:
    for key in ("f/a", "f/b", "f/c", "f/a", "f/d"):
        await store.put(key, b"", ttl=60)
    assert await keys(store) == "acd"
    await store.put("f/b", b"x" * 93, ttl=60)
    assert await keys(store) == "bd"


async def test_a_value_that_can_never_fit_is_refused_and_costs_nobody_anything(store: SQLiteStore) -> None:
    await store.put("f/a", b"one", ttl=60)
    with pytest.raises(StoreError):
        await store.put("f/a", b"x" * 98, ttl=60)
    assert await store.get("f/a") == b"one"


async def test_what_has_expired_makes_room_and_is_wiped_from_the_file(
    store: SQLiteStore, path: Path, clock: Clock
) -> None:
    await store.put("f/a", b"long", ttl=1_000)
    await store.put("f/b", b"short", ttl=10)
    await store.put("f/c", b"short", ttl=10)
    clock.now += 11
    await store.put("f/d", b"new", ttl=60)
    assert await keys(store) == "ad"
    with closing(sqlite3.connect(path)) as file:
        assert file.execute("SELECT key FROM kept ORDER BY key").fetchall() == [("f/a",), ("f/d",)]


async def test_while_another_process_writes_the_event_loop_goes_on_and_readers_too(path: Path) -> None:
    store, reader = SQLiteStore(path), SQLiteStore(path)
    await store.put("f/a", b"one", ttl=60)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        waiting = asyncio.create_task(store.put("f/a", b"two", ttl=60))
        assert await reader.get("f/a") == b"one"
        assert not waiting.done()
        other.execute("COMMIT")
    await waiting
    assert await reader.get("f/a") == b"two"
    for each in (store, reader):
        await each.aclose()


async def test_nobody_else_on_the_machine_can_read_the_file(path: Path) -> None:
    store = SQLiteStore(path)
    await store.put("f/a", b"one", ttl=60)
    files = [*path.parent.iterdir()]
    assert {file.name for file in files} >= {"state.db", "state.db-wal"}
    assert {oct(file.stat().st_mode & 0o777) for file in files} == {"0o600"}
    await store.aclose()
