"""Coats around whatever sends requests: one guards them, one masks answers, one redacts what comes by a stream."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from mcp_kubernetes.effects import Effect
from mcp_kubernetes.errors import ToolError
from mcp_kubernetes.kube.connection import Request, Response, Stream
from mcp_kubernetes.kube.decoding.decode import continuation
from mcp_kubernetes.kube.floor.bounds import Bounds, is_dry
from mcp_kubernetes.kube.floor.explaining import explaining
from mcp_kubernetes.kube.guard import check
from mcp_kubernetes.kube.paths import APIPath, parse
from mcp_kubernetes.kube.secrecy.hiding import hidden
from mcp_kubernetes.kube.secrecy.lines import Lines, may_hold_credentials
from mcp_kubernetes.kube.secrecy.marks import MARKER
from mcp_kubernetes.kube.secrecy.masking import holds_values, masked
from mcp_kubernetes.kube.wire.status import warnings_of

if TYPE_CHECKING:
    from mcp_kubernetes.calls import ToolCall

_QUICK = 32_768
"""Bytes that are searched in less than a millisecond; more are left to a thread."""

_TEXTS = frozenset({"log", "proxy", "exec", "attach", "portforward"})
"""Subresources that answer with something else than an object."""

T = TypeVar("T")

Send = Callable[[Request], Awaitable[Response]]


def guarded(send: Send, call: ToolCall, bounds: Bounds) -> Send:
    """`send` behind the guard: each request classified, decided, kept in bounds, and recorded if it changes anything.

    What comes back is not masked: only the host may hold on to it.
    """

    async def guarded_send(request: Request) -> Response:
        with explaining(request, guarded_send):
            response = await send(await admitted(request, call, bounds))
        _note_warnings(response, call)
        return response

    return guarded_send


def _note_warnings(answer: Response | Stream, call: ToolCall) -> None:
    for warning in warnings_of(answer):
        call.notes.add("The API server warns: {warning}.", warning=warning)


def opened(
    open_: Callable[[Request], AbstractAsyncContextManager[T]], ask: Send, call: ToolCall, bounds: Bounds
) -> Callable[[Request], AbstractAsyncContextManager[T]]:
    """What opens a stream or a connection, behind the guard; `ask` sends plain requests, and is guarded too."""

    @asynccontextmanager
    async def guarded_open(request: Request) -> AsyncIterator[T]:
        with explaining(request, ask):
            async with open_(await admitted(request, call, bounds)) as found:
                if isinstance(found, Stream):
                    _note_warnings(found, call)
                yield found

    return guarded_open


def redacting(
    open_: Callable[[Request], AbstractAsyncContextManager[Stream]],
) -> Callable[[Request], AbstractAsyncContextManager[Stream]]:
    """What opens a stream of text, which comes in blocks of whole lines and without credentials in them."""

    @asynccontextmanager
    async def redacting_open(request: Request) -> AsyncIterator[Stream]:
        async with open_(request) as stream:
            yield replace(stream, chunks=_lines(stream.chunks))

    return redacting_open


async def _lines(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """Also what had arrived of the last line before the stream failed."""
    lines = Lines()
    try:
        async for chunk in chunks:
            if block := await _fed(lines, chunk):
                yield block
    except ToolError:
        if block := lines.end():
            yield block
        raise
    if block := lines.end():
        yield block


async def _fed(lines: Lines, chunk: bytes) -> bytes:
    """Most text holds no hint of a credential, and that is told at once."""
    slow = len(chunk) > _QUICK and (lines.is_in_key or may_hold_credentials(chunk))
    return await asyncio.to_thread(lines.feed, chunk) if slow else lines.feed(chunk)


async def admitted(request: Request, call: ToolCall, bounds: Bounds) -> Request:
    """The request as it may be sent, recorded if it changes or connects. Raises Denied."""
    found = check(request, call.tool.effect, bounds.policy.decide)
    kept = await bounds.kept(request, found)
    if found.effect is Effect.READ:
        if kept is not request:
            call.notes.add("Only what the operator's limits on namespaces let through is listed.")
        return kept
    if call.conversation and not is_dry(kept):
        call.conversation.sending()
    call.record.write_started(found.operation, found.target.path, dry_run=is_dry(kept), command=found.command)
    return kept


def masking(send: Send, call: ToolCall, *, looks: bool, key: bytes, reveals: bool, recorded: bool) -> Send:
    """`send` with masked answers; with `looks`, what looks like a credential is masked outside of Secrets, too.

    With `reveals`, the answer about a single Secret holds its values as well, to be shown and for nothing else. What is
    `recorded` may have been masked when it was recorded: that is said as well.
    """

    async def masking_send(request: Request) -> Response:
        response = await send(request)
        if request.onward is not None:
            request.onward(await _apart(continuation, response.body))
        target = parse(request.path)
        body = await shown(response.body, target, looks=looks, key=key, paths=request.paths)
        if body is response.body and not (recorded and MARKER.encode() in body):
            return response
        if reveals and holds_values(target) and target.name:
            call.record.reveals = True
            call.notes.add("Values of Secrets are shown, as the operator wants it (--show-secret-values).")
            return replace(response, body=body, revealed=response.body)
        if holds_values(target):
            _note(call, body, "Values of Secrets are masked: size and digest are shown.")
        else:
            _note(call, body, "Values that look like credentials are masked: size and digest are shown.")
        return replace(response, body=body)

    return masking_send


async def shown(body: bytes, target: APIPath, *, looks: bool, key: bytes, paths: tuple[str, ...] = ()) -> bytes:
    """The body without what is hidden; what has no objects in it, such as a log, comes back as it is.

    Of a list of other objects than Secrets, what `paths` do not lead to may be left out.
    """
    is_secret = holds_values(target)
    if not is_secret and (not target.resource or target.subresource in _TEXTS):
        return body
    hide = partial(_secret, looks=looks, key=key) if is_secret else partial(hidden, looks=looks, key=key, paths=paths)
    return await _apart(hide, body)


async def _apart(work: Callable[[bytes], T], body: bytes) -> T:
    """What is done with a body; with a long one in a thread, for the event loop must not be held."""
    return work(body) if len(body) <= _QUICK else await asyncio.to_thread(work, body)


def _secret(body: bytes, *, looks: bool, key: bytes) -> bytes:
    """Without values, and then without what looks like a credential beside them: an annotation, a label."""
    without_values = masked(body, key=key)
    return hidden(without_values, looks=True, key=key) if looks else without_values


def _note(call: ToolCall, body: bytes, sentence: str) -> None:
    if MARKER.encode() in body:
        call.notes.add(sentence)
