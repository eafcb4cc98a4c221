"""Requests and their answers, between the lines of a client and the SDK.

The SDK lets two requests with one id run side by side, and the client could not tell their answers apart. It also
takes whatever it can get, so nothing more is read here while the client does not read what it asked for.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from functools import partial
from typing import TYPE_CHECKING, Self

from mcp import types as mcp
from mcp.shared.message import ServerMessageMetadata, SessionMessage

from mcp_kubernetes.transports.lines import MAX_LINE
from mcp_kubernetes.transports.messages import NotAMessage, message, refusal

if TYPE_CHECKING:
    from mcp_kubernetes.transports.output import Output

_log = logging.getLogger(__name__)

_TOO_LONG = f"The line is longer than {MAX_LINE >> 20} MiB and was dropped."
_TWICE = "The id belongs to another request that has not been answered yet; this one was not looked at."


class Exchange:
    """What the SDK reads from, by `incoming`, and writes to: the other methods are those of its write stream."""

    def __init__(self, lines: AsyncIterator[bytes | None], output: Output) -> None:
        self._lines = lines
        self._output = output
        self._in_flight: set[mcp.RequestId] = set()

    async def incoming(self) -> AsyncIterator[SessionMessage]:
        """The client's messages. Lines that are none are answered here."""
        async for line in self._lines:
            if (found := self._accepted(line)) is None:
                await asyncio.sleep(0)  # a flood of such lines leaves the event loop to others, too
            else:
                yield self._taken(found)
            await self._output.room()

    def _accepted(self, line: bytes | None) -> mcp.JSONRPCMessage | None:
        """The message in the line; None for an empty line, and for one that was refused."""
        try:
            return self._message(line)
        except NotAMessage as refused:
            _log.debug("A line on standard input was refused.")
            if refused.answer is not None:
                self._write(refused.answer)
            return None

    def _message(self, line: bytes | None) -> mcp.JSONRPCMessage | None:
        if line is None:
            raise NotAMessage(refusal(mcp.INVALID_REQUEST, _TOO_LONG))
        try:
            found = message(line)
        except NotAMessage as refused:
            raise NotAMessage(self._nobodys(refused.answer)) from None
        if isinstance(found, mcp.JSONRPCRequest) and found.id in self._in_flight:
            raise NotAMessage(refusal(mcp.INVALID_REQUEST, _TWICE))
        return found

    def _nobodys(self, answer: mcp.JSONRPCError | None) -> mcp.JSONRPCError | None:
        """The same without the id of a request that still waits for its own answer."""
        if answer is None or answer.id not in self._in_flight:
            return answer
        return answer.model_copy(update={"id": None})

    def _taken(self, found: mcp.JSONRPCMessage) -> SessionMessage:
        if not isinstance(found, mcp.JSONRPCRequest):
            return SessionMessage(found)
        self._in_flight.add(found.id)
        cancelled = partial(self._unanswered, found.id)
        return SessionMessage(found, ServerMessageMetadata(on_request_unanswered=cancelled))

    async def _unanswered(self, number: mcp.RequestId) -> None:
        """The request was cancelled; there will be no answer to it."""
        self._in_flight.discard(number)

    async def send(self, item: SessionMessage) -> None:
        """Write a message of the SDK's."""
        self._write(item.message)

    def _write(self, written: mcp.JSONRPCMessage) -> None:
        line = written.model_dump_json(by_alias=True, exclude_unset=True).encode() + b"\n"
        if isinstance(written, mcp.JSONRPCResponse | mcp.JSONRPCError):
            self._in_flight.discard(written.id)
        self._output.write(line)

    async def aclose(self) -> None:
        """Nothing: the descriptor outlives the SDK's use of it."""

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc_info: object) -> None:
        await self.aclose()
