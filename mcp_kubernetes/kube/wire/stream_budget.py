"""How much one user may have open at API servers at once: each stream and each socket takes a connection there."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import TYPE_CHECKING, TypeVar

from mcp_kubernetes.errors import Busy

if TYPE_CHECKING:
    from mcp_kubernetes.kube.connection import Request

T = TypeVar("T")

Open = Callable[["Request"], AbstractAsyncContextManager[T]]
"""What opens a stream or a socket."""

_RETRY_AFTER = 5


class StreamBudget:
    """Counts what is open by user: at most `most` of each, or any number where that is None."""

    def __init__(self, most: int | None) -> None:
        self._most = most
        self._open: Counter[str] = Counter()

    def counted(self, open_: Open[T], user: str) -> Open[T]:
        """`open_`, which raises Busy when the user has no more to spend."""

        @asynccontextmanager
        async def counted_open(request: Request) -> AsyncIterator[T]:
            self._take(user)
            try:
                async with open_(request) as found:
                    yield found
            finally:
                self._give_back(user)

        return counted_open if self._most is not None else open_

    def _take(self, user: str) -> None:
        if self._most is not None and self._open[user] >= self._most:
            raise Busy(
                f"You have {self._open[user]} logs, commands and other streams open, the most that this server allows "
                "one user.",
                retry_after=_RETRY_AFTER,
            )
        self._open[user] += 1

    def _give_back(self, user: str) -> None:
        self._open[user] -= 1
        if not self._open[user]:
            del self._open[user]
