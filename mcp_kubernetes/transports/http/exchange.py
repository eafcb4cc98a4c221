"""One request and its answer, between a client that may leave and a server that may have to end."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING

from mcp import types as mcp

from mcp_kubernetes.transports.http.refusals import Refused
from mcp_kubernetes.transports.messages import refusal

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Message, Receive, Scope, Send

_ENDED = "The server is about to end, and did not finish this call: make it again."


class Exchange:
    """Serves one request whose `body` has been read. `number` is the id of the message in it, if it is a request's.

    `cancels`: a client that closes the connection wants its call no more. Since 2026-07-28 that is so, and in a
    stateless server nobody could ask for the result later; in the sessions of older versions it is not.
    """

    def __init__(self, scope: Scope, body: bytes, send: Send, *, number: mcp.RequestId | None, cancels: bool) -> None:
        self._scope = scope
        self._body: bytes | None = body
        self._send = send
        self._number = number
        self._cancels = cancels
        self._gone = asyncio.Event()
        self._abandoned = False
        self._started = self._completed = False
        self._serving: asyncio.Task[None] | None = None
        self.status = 0
        self.headers: dict[bytes, bytes] = {}

    async def run(self, app: ASGIApp, receive: Receive) -> None:
        """Have `app` answer, and see to it that the answer has an end."""
        self._serving = asyncio.ensure_future(app(self._scope, self._receive, self._answer))
        leaving = asyncio.create_task(self._watch(receive))
        try:
            await asyncio.wait((self._serving,))
        finally:
            leaving.cancel()
            self._serving.cancel()
            await asyncio.wait((self._serving, leaving))
        if not self._serving.cancelled():
            self._serving.result()
        await self._end()

    @property
    def ended_session(self) -> bool:
        """Whether the answer says that its session is no more."""
        return self.status == 404 or (self._scope["method"] == "DELETE" and self.status < 300)

    def end_stream(self) -> None:
        """End it if it is a stream that waits for nothing in particular; calls go on."""
        if self._scope["method"] == "GET":
            self._gone.set()

    def abandon(self) -> None:
        """Cancel what still runs."""
        self._abandoned = True
        if self._serving:
            self._serving.cancel()

    async def _watch(self, receive: Receive) -> None:
        while (await receive())["type"] != "http.disconnect":
            pass
        self._gone.set()
        if self._cancels and self._serving:
            self._serving.cancel()

    async def _receive(self) -> Message:
        """The body once more, and after it nothing until the client has gone."""
        if self._body is not None:
            body, self._body = self._body, None
            return {"type": "http.request", "body": body, "more_body": False}
        await self._gone.wait()
        return {"type": "http.disconnect"}

    async def _answer(self, event: Message) -> None:
        if event["type"] == "http.response.start":
            self._started = True
            self.status, self.headers = event["status"], {name.lower(): value for name, value in event["headers"]}
        elif event["type"] == "http.response.body":
            self._completed = not event.get("more_body", False)
        await self._send(event)

    async def _end(self) -> None:
        """A client that is still there is told the end: of its stream, or of a call that was given up."""
        if self._completed:
            return
        if not self._started and self._abandoned:
            refused = Refused(503, self._given_up(), {"Retry-After": "1"})
            await refused.answer(self._scope, self._receive, self._answer)
        elif self._started:
            await self._answer({"type": "http.response.body", "body": self._last_event(), "more_body": False})

    def _given_up(self) -> mcp.JSONRPCError:
        return refusal(mcp.INTERNAL_ERROR, _ENDED, self._number)

    def _last_event(self) -> bytes:
        if not self._abandoned or self._number is None or self.headers.get(b"content-type") == b"application/json":
            return b""
        error = self._given_up().model_dump(by_alias=True, exclude_unset=True)
        return f"event: message\r\ndata: {json.dumps(error)}\r\n\r\n".encode()
