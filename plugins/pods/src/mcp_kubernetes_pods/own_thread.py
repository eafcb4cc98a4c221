"""A thread of one call's own: what a slow pattern holds up is this call, and no other one that needs a thread."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import ParamSpec, Self, TypeVar

P = ParamSpec("P")
T = TypeVar("T")


class OwnThread:
    """One thread while a `with` block lasts. Nobody waits for it at the end: it may be amid a pattern."""

    def __enter__(self) -> Self:
        self._pool = ThreadPoolExecutor(1, "logs")
        return self

    def __exit__(self, *_: object) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)

    async def run(self, work: Callable[P, T], *arguments: P.args, **_: P.kwargs) -> T:
        """Run it there, one after the other."""
        return await asyncio.get_running_loop().run_in_executor(self._pool, work, *arguments)
