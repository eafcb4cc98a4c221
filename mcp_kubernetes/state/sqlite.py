"""A store in a file that the server processes of one machine share: SQLite, with a log beside it (WAL).

Each step is one transaction, in one thread of the store's own: SQLite waits for other processes without the event loop,
and without a thread of anybody else's.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from mcp_kubernetes.store import Limits, size_of

if TYPE_CHECKING:
    from sqlite3 import Connection

T = TypeVar("T")

_BUSY = 2.0
"""Seconds to wait for another process that writes. A transaction of ours takes milliseconds."""

_MAGIC = b"SQLite format 3\0"

_SCHEMA = """
CREATE TABLE IF NOT EXISTS kept (
    number INTEGER PRIMARY KEY,  -- grows with each put
    key TEXT NOT NULL UNIQUE,
    until REAL NOT NULL,
    size INTEGER NOT NULL,
    value BLOB NOT NULL
);
CREATE INDEX IF NOT EXISTS kept_until ON kept (until, size);
"""


def check_file(path: Path) -> None:
    """Raise ValueError, with the end of the sentence "The file is not valid: …", for what cannot become a store."""
    try:
        with path.open("rb") as file:
            head = file.read(len(_MAGIC))
    except FileNotFoundError:
        head = b""
    except OSError as error:
        raise ValueError(f"it cannot be read ({error.strerror})") from None
    if head not in (b"", _MAGIC):
        raise ValueError("there is a file that SQLite did not write")
    if not os.access(path.parent, os.W_OK | os.X_OK) or (head and not os.access(path, os.W_OK)):
        raise ValueError("it cannot be written, or nothing beside it")


class SQLiteStore:
    """The store in a file; what is beyond its limits is forgotten, the oldest first.

    `clock` tells the same seconds to all processes.
    """

    name = "sqlite"

    def __init__(self, path: Path, limits: Limits | None = None, *, clock: Callable[[], float] = time.time) -> None:
        self._path = path
        self._limits = limits or Limits()
        self._clock = clock
        self._thread = ThreadPoolExecutor(1, "sqlite")
        self._connection: Connection | None = None

    async def check(self) -> None:
        """Read from the file."""
        await self._run(_found, "")

    async def get(self, key: str) -> bytes | None:
        """The value; None if there is none, or no longer."""
        return await self._run(_found, key)

    async def put(self, key: str, value: bytes, *, ttl: float) -> None:
        """Keep the value. Raises StoreError if it alone is beyond the limits."""
        self._limits.check(size_of(key, value))
        await self._run(_put, key, value, ttl, self._limits)

    async def delete(self, key: str) -> None:
        """Forget the value, if there is one."""
        await self._run(_taken, key)

    async def take(self, key: str) -> bytes | None:
        """Get and forget in one transaction."""
        return await self._run(_taken, key)

    async def trim(self, folder: str, most: int) -> None:
        """Forget the oldest values of a folder until there are `most`."""
        await self._run(_trim, folder, most)

    async def aclose(self) -> None:
        """Close the file. A step that waits for another process is waited for."""
        await asyncio.get_running_loop().run_in_executor(self._thread, self._close)
        self._thread.shutdown(wait=False)

    async def _run(self, step: Callable[..., T], *args: object) -> T:
        """A step in a transaction of its own; it is given the connection and the time before its arguments."""
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._transaction, step, *args)

    def _transaction(self, step: Callable[..., T], *args: object) -> T:
        connection = self._connection = self._connection or _opened(self._path)
        connection.execute("BEGIN" if step is _found else "BEGIN IMMEDIATE")  # who reads waits for nobody
        with connection:
            return step(connection, self._clock(), *args)

    def _close(self) -> None:
        if self._connection is not None:
            self._connection.close()


def _opened(path: Path) -> Connection:
    import sqlite3  # whoever keeps nothing in a file does not need it

    os.close(os.open(path, os.O_CREAT | os.O_RDWR, 0o600))
    connection = sqlite3.connect(path, timeout=_BUSY, isolation_level=None)
    try:
        connection.execute("PRAGMA journal_mode = WAL")
        connection.execute("PRAGMA synchronous = NORMAL")
        connection.executescript(_SCHEMA)
    except sqlite3.Error:
        connection.close()
        raise
    return connection


def _found(connection: Connection, now: float, key: str) -> bytes | None:
    row = connection.execute("SELECT value FROM kept WHERE key = ? AND until > ?", (key, now)).fetchone()
    return row[0] if row else None


def _taken(connection: Connection, now: float, key: str) -> bytes | None:
    value = _found(connection, now, key)
    connection.execute("DELETE FROM kept WHERE key = ?", (key,))
    return value


def _put(connection: Connection, now: float, key: str, value: bytes, ttl: float, limits: Limits) -> None:
    _forget_expired(connection, now)
    size = size_of(key, value)
    connection.execute("REPLACE INTO kept (key, until, size, value) VALUES (?, ?, ?, ?)", (key, now + ttl, size, value))
    while not _fits(connection, limits):
        connection.execute("DELETE FROM kept WHERE number = (SELECT min(number) FROM kept)")


def _fits(connection: Connection, limits: Limits) -> bool:
    entries, size = connection.execute("SELECT count(*), total(size) FROM kept").fetchone()
    return bool(entries <= limits.entries and size <= limits.size)


def _trim(connection: Connection, now: float, folder: str, most: int) -> None:
    _forget_expired(connection, now)
    inside = "SELECT number FROM kept WHERE key > :folder || '/' AND key < :folder || '0'"  # 0 comes after the slash
    connection.execute(
        f"DELETE FROM kept WHERE number IN ({inside} ORDER BY number DESC LIMIT -1 OFFSET :most)",  # noqa: S608 - no value in it
        {"folder": folder, "most": most},
    )


def _forget_expired(connection: Connection, now: float) -> None:
    connection.execute("DELETE FROM kept WHERE until <= ?", (now,))
