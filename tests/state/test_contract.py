"""The host's own stores do what each store does."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mcp_kubernetes.state.sqlite import SQLiteStore
from mcp_kubernetes.store import MemoryStore
from pytest_mcp_kubernetes.contracts import StoreContract

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path


class TestMemory(StoreContract):
    """One process has one."""

    @pytest.fixture
    def store(self) -> MemoryStore:
        return MemoryStore()

    @pytest.fixture
    def other(self, store: MemoryStore) -> MemoryStore:
        return store


class TestSQLite(StoreContract):
    """Two on one file, each with its own connection and thread."""

    @pytest.fixture
    async def store(self, tmp_path: Path) -> AsyncIterator[SQLiteStore]:
        made = SQLiteStore(tmp_path / "state.db")
        yield made
        await made.aclose()

    @pytest.fixture
    async def other(self, tmp_path: Path) -> AsyncIterator[SQLiteStore]:
        made = SQLiteStore(tmp_path / "state.db")
        yield made
        await made.aclose()
