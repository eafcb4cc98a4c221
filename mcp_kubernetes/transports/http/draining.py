"""The end of a server that was told to end: streams end at once, running calls may finish, and then nothing runs."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mcp_kubernetes.transports.http.exchange import Exchange


class Drain:
    """Knows every exchange that runs."""

    def __init__(self) -> None:
        self.begun = False
        self._exchanges: set[Exchange] = set()

    @contextmanager
    def running(self, exchange: Exchange) -> Iterator[None]:
        """While the block runs, the exchange is told of the end."""
        self._exchanges.add(exchange)
        if self.begun:
            exchange.end_stream()
        try:
            yield
        finally:
            self._exchanges.discard(exchange)

    def begin(self) -> None:
        """No new work is expected."""
        self.begun = True
        for exchange in [*self._exchanges]:
            exchange.end_stream()

    def expire(self) -> None:
        """The grace time is over."""
        for exchange in [*self._exchanges]:
            exchange.abandon()
