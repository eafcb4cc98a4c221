"""A plugin that prints while it is imported, asked, started and stopped: moments in which nobody calls a tool."""

from __future__ import annotations

import os
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from mcp_kubernetes import Tool, hookimpl

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from contextlib import AbstractAsyncContextManager


def stray(moment: str) -> None:
    """Write past and through Python's own standard output."""
    os.write(1, f"stray descriptor: {moment}\n".encode())
    print(f"stray print: {moment}", flush=True)  # noqa: T201 - that is its bad habit


stray("import")


@hookimpl
def register_tools() -> list[Tool]:
    """None, loudly."""
    stray("hook")
    return []


@hookimpl
def lifespan() -> AbstractAsyncContextManager[None]:
    """Print at both ends."""
    return _lifespan()


@asynccontextmanager
async def _lifespan() -> AsyncIterator[None]:
    stray("start")
    yield
    stray("stop")
