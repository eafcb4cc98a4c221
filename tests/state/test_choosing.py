"""Which store is used, and what becomes of a server whose store fails, is slow, or was never set up."""

from __future__ import annotations

import asyncio
import logging
import sqlite3
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest

from mcp_kubernetes import App, hookimpl
from mcp_kubernetes.errors import ConfigError, StoreError
from mcp_kubernetes.state.guarded import GuardedStore
from mcp_kubernetes.state.sqlite import SQLiteStore
from mcp_kubernetes.store import MemoryStore
from tests.test_cli import run

if TYPE_CHECKING:
    from pathlib import Path

    from mcp_kubernetes.spi import Store


class Shelf(MemoryStore):
    """An outside plugin that offers a store of its own."""

    name = "shelf"

    @hookimpl
    def register_stores(self) -> list[Store]:
        return [self]


class Broken:
    """One whose hook fails."""

    @hookimpl
    def register_stores(self) -> list[Store]:
        raise RuntimeError("no shelf")


@pytest.fixture
def keys(tmp_path: Path) -> Path:
    path = tmp_path / "keys"
    path.write_text("ab" * 32, encoding="utf-8")
    return path


def app(plugins: dict[str, object] | None = None, **state: Any) -> App:
    return App.of({"state": state}, plugins=plugins or {})


def test_without_a_word_it_is_the_memory_of_the_process() -> None:
    assert app().store.name == "memory"


async def test_the_setting_chooses_among_what_plugins_offer(keys: Path) -> None:
    shelf = Shelf()
    made = app({"shelf": shelf}, store="shelf", key_file=keys)
    await made.store.put("f/a", b"one", ttl=60)
    assert await shelf.get("f/a") == b"one"


@pytest.mark.parametrize(
    ("plugins", "state", "sentence"),
    [
        ({}, {"store": "shelf"}, "'shelf', but the stores that are set up are: memory."),
        ({}, {"store": "sqlite"}, "'sqlite', but the stores that are set up are: memory."),
        ({"shelf": Shelf()}, {}, "The store shelf is set up, but has no effect: --state-store is memory."),
        ({"shelf": Shelf()}, {"store": "shelf"}, "--state-store shelf needs --state-key-file"),
        ({"one": Shelf(), "two": Shelf()}, {}, "it offers the store shelf as one does"),
        ({"broken": Broken()}, {}, "its hook register_stores failed: RuntimeError: no shelf"),
        ({"bad": type("Bad", (), {"register_stores": hookimpl(lambda _: [object()])})()}, {}, "it is no store"),
    ],
)
def test_what_cannot_be_honoured_is_a_sentence(
    plugins: dict[str, object], state: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(ConfigError) as caught:
        app(plugins, **state)
    assert sentence in str(caught.value)


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("text", "there is a file that SQLite did not write"),
        (".", "it cannot be read"),
        ("no/x", "it cannot be written"),
    ],
)
def test_a_file_that_cannot_become_a_store_is_named_at_the_start(
    tmp_path: Path, keys: Path, name: str, sentence: str
) -> None:
    (tmp_path / "text").write_text("something that somebody needs", encoding="utf-8")
    flags = ("--state-store", "sqlite", "--state-file", str(tmp_path / name), "--state-key-file", str(keys))
    done = run("serve", *flags)
    assert done.returncode == 3
    assert f"state.file is not valid: {sentence}" in done.stderr
    assert (tmp_path / "text").read_text(encoding="utf-8") == "something that somebody needs"


async def test_a_store_that_fails_is_one_sentence_for_the_model_and_one_line_for_the_operator(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    path = tmp_path / "state.db"
    path.write_bytes(b"no database, but long enough for a header" * 10)
    store = GuardedStore(SQLiteStore(path))
    steps = (
        store.get("f/a"),
        store.put("f/a", b"", ttl=60),
        store.delete("f/a"),
        store.take("f/a"),
        store.trim("f", 0),
    )
    for step in steps:
        with pytest.raises(StoreError) as caught:
            await step
        assert str(caught.value) == (
            "This server keeps changes and approvals in a store that cannot be used now (sqlite); nothing was changed. "
            "Try again in a moment; if it stays, tell whoever runs this server."
        )
    path.unlink()
    await store.put("f/a", b"one", ttl=60)
    assert await store.get("f/a") == b"one"
    said = [record.message for record in caplog.records]
    assert said == [
        "The store sqlite cannot be used: DatabaseError: file is not a database.",
        "The store sqlite can be used again.",
    ]
    await store.aclose()


async def test_a_store_that_does_not_answer_is_not_waited_for(tmp_path: Path) -> None:
    path = tmp_path / "state.db"
    store = GuardedStore(SQLiteStore(path), longest=0.05)
    await store.check()
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        with pytest.raises(StoreError):
            await store.put("f/a", b"one", ttl=60)
        assert not await store.is_usable()
        other.execute("ROLLBACK")
    await store.aclose()


async def test_any_number_of_probes_asks_the_store_once_a_moment() -> None:
    class Counting(MemoryStore):
        checks = 0

        async def check(self) -> None:
            self.checks += 1
            await asyncio.sleep(0)

    now = [100.0]
    counting = Counting()
    store = GuardedStore(counting, clock=lambda: now[0])
    for _ in range(2):
        assert all(await asyncio.gather(*(store.is_usable() for _ in range(50))))
        now[0] += 2
    assert counting.checks == 2
