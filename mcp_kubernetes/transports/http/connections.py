"""Connections that cannot be held open by saying little: uvicorn's own wait for headers has no bound."""

from __future__ import annotations

import asyncio
import sys
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import STATUS_PHRASES, H11Protocol

_TOO_LATE, _TOO_LARGE = 408, 431


class Connection(H11Protocol):
    """A connection whose requests have to come within `seconds`, and whose bad ones get the status that tells why."""

    def __init__(self, *arguments: Any, seconds: float, **named: Any) -> None:
        super().__init__(*arguments, **named)
        self._seconds = seconds
        self._limit: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """A client came."""
        super().connection_made(transport)
        self._bound()

    def data_received(self, data: bytes) -> None:
        """A client said something."""
        super().data_received(data)
        self._bound()

    def connection_lost(self, exc: Exception | None) -> None:
        """A client went, or was sent away."""
        super().connection_lost(exc)
        self._unbound()

    def _bound(self) -> None:
        """Begin to count while headers are due, and while the rest of a request comes that has been answered."""
        if self.conn.their_state is not h11.IDLE and self.conn.our_state is not h11.DONE:
            self._unbound()
        elif self._limit is None:
            self._limit = self.loop.call_later(self._seconds, self._too_late)

    def _unbound(self) -> None:
        if self._limit is not None:
            self._limit.cancel()
            self._limit = None

    def _too_late(self) -> None:
        if self.transport.is_closing():
            return
        if self.conn.our_state is h11.IDLE and self.conn.trailing_data[0]:
            self._refuse(_TOO_LATE, "The request took too long to come.")
        self.transport.close()

    def send_400_response(self, msg: str) -> None:
        """Answer what is no HTTP; called while uvicorn handles h11's error."""
        error = sys.exception()
        hint = error.error_status_hint if isinstance(error, h11.RemoteProtocolError) else 400
        self._refuse(hint, "The headers are too long." if hint == _TOO_LARGE else msg)
        self.transport.close()

    def _refuse(self, status: int, sentence: str) -> None:
        if self.conn.our_state not in (h11.IDLE, h11.SEND_RESPONSE):
            return  # amid an answer: nothing can be said any more
        headers = [(b"content-type", b"text/plain; charset=utf-8"), (b"connection", b"close")]
        answer = h11.Response(status_code=status, headers=headers, reason=STATUS_PHRASES[status])
        for event in (answer, h11.Data(data=sentence.encode()), h11.EndOfMessage()):
            self.transport.write(self.conn.send(event) or b"")
