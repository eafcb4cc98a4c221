"""One request to one cluster for one identity: rate, credentials, one 401 refresh, Retry-After, errors.

Only a plain GET is ever sent twice. A command, a connection or a write whose answer was lost may have been
carried out, so it is reported instead.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from mcp_kubernetes.effects import Effect
from mcp_kubernetes.errors import CredentialsError, Disconnected, Unanswered
from mcp_kubernetes.kube.cluster import Access, ClusterEntry, CredentialProvider, Credentials
from mcp_kubernetes.kube.connection import MAX_RESPONSE_BYTES, Response
from mcp_kubernetes.kube.guard import attributes
from mcp_kubernetes.kube.wire.status import error_of, seconds_to_wait

if TYPE_CHECKING:
    from mcp_kubernetes.errors import APIError
    from mcp_kubernetes.kube.connection import Connection, Request, Socket, Stream
    from mcp_kubernetes.kube.wire.pool import Pool

_MAX_RETRIES = 2
_MAX_RETRY_AFTER = 5.0
_NOTED_WAIT = 1.0
_MAX_REFUSAL = 65_536


@dataclass(frozen=True, kw_only=True)
class Exchange:
    """Sends requests to `entry` as `access.identity`, with the credentials that `provider` gives.

    An entry with a connection of its own is asked without credentials and as fast as it answers.
    `waited` is told the seconds whenever our own rate limit held a request back for more than one second, `paused`
    whenever the API server asked to wait, and that was done.
    """

    entry: ClusterEntry
    access: Access
    provider: CredentialProvider | None
    pool: Pool
    user_agent: str
    waited: Callable[[float], None]
    paused: Callable[[float], None]

    async def send(self, request: Request) -> Response:
        """Send and return a successful response. Raises APIError and the other ToolErrors of a request."""
        response = await self._send(request)
        for _ in range(_MAX_RETRIES):
            delay = _retry_after(request, response)
            if delay is None:
                break
            await asyncio.sleep(delay)
            self.paused(delay)
            response = await self._send(request)
        if response.status >= 300 and response.status not in (304, *request.answers):
            raise error_of(response)
        self._check_form(request, response)
        return response

    @asynccontextmanager
    async def stream(self, request: Request) -> AsyncIterator[Stream]:
        """Send a request whose answer is read while it comes. Raises as `send` does."""
        async with AsyncExitStack() as open_:
            credentials = await self._credentials(None)
            answer = await open_.enter_async_context(await self._opened(request, credentials))
            if answer.status == 401 and self.entry.connection is None:
                refused, credentials = credentials, await self._credentials(credentials)
                if credentials != refused and _may_repeat(request):
                    answer = await open_.enter_async_context(await self._opened(request, credentials))
            if answer.status >= 300:
                hint = _how_to_sign_in(credentials) if answer.status == 401 else ""
                raise error_of(await _refusal(answer), hint)
            self._check_form(request, answer)
            yield answer

    @asynccontextmanager
    async def connect(self, request: Request) -> AsyncIterator[Socket]:
        """Leave HTTP, once. Raises APIError with the API server's words where it refuses."""
        credentials = await self._credentials(None)
        connection, dressed = await self._ready(request, credentials)
        async with connection.connect(dressed) as answer:
            if isinstance(answer, Response):
                raise await self._refused(answer, credentials)
            yield answer

    async def fingerprint(self) -> str:
        """Which credentials requests are sent with: a key for caches, so that nobody's serve another."""
        return (await self._credentials(None)).fingerprint

    def free_tokens(self) -> float:
        """Requests that could be sent now without waiting for the rate limit."""
        return self.pool.limiter(self.entry, self.access.identity).free

    async def _send(self, request: Request) -> Response:
        credentials = await self._credentials(None)
        response = await self._send_as(credentials, request)
        if response.status == 401 and self.entry.connection is None:
            return await self._after_refusal(request, credentials, response)
        return response

    async def _after_refusal(self, request: Request, refused: Credentials, response: Response) -> Response:
        """Ask for new credentials once; they serve the next call where this one must not be sent again."""
        renewed = await self._credentials(refused)
        if renewed != refused and _may_repeat(request):
            response = await self._send_as(renewed, request)
        if response.status == 401:
            raise error_of(response, _how_to_sign_in(renewed))
        return response

    async def _refused(self, response: Response, credentials: Credentials) -> APIError:
        """Why it was refused. New credentials, where that may help, serve the next call: this one is not repeated."""
        if response.status != 401 or self.entry.connection is not None:
            return error_of(response)
        return error_of(response, _how_to_sign_in(await self._credentials(credentials)))

    async def _ready(self, request: Request, credentials: Credentials) -> tuple[Connection, Request]:
        """Where to send it, and as what, once it is its turn."""
        connection = await self._connection(credentials)
        await self._wait_for_turn()
        return connection, self._dressed(request, credentials)

    async def _opened(self, request: Request, credentials: Credentials) -> AbstractAsyncContextManager[Stream]:
        connection, dressed = await self._ready(request, credentials)
        return connection.stream(dressed)

    async def _send_as(self, credentials: Credentials, request: Request) -> Response:
        connection = await self._connection(credentials)
        return await self._once_or_again(connection, self._dressed(request, credentials))

    async def _once_or_again(self, connection: Connection, request: Request) -> Response:
        await self._wait_for_turn()
        try:
            return await connection.request(request, MAX_RESPONSE_BYTES)
        except Disconnected:
            if not _may_repeat(request):
                raise
        return await connection.request(request, MAX_RESPONSE_BYTES)

    def _check_form(self, request: Request, response: Response | Stream) -> None:
        """No API server answers with a page; a gateway asks with one to sign in, and with HTTP 200."""
        form = response.headers.get("content-type", "")
        if form.startswith("text/html") and attributes(request).effect is not Effect.CONNECT:
            raise Unanswered(
                f"A web page came back instead of an answer of the API server of {self.entry.name}.",
                hint="Check this cluster's server address and proxy: a gateway there may want a sign-in of its own.",
            )

    async def _wait_for_turn(self) -> None:
        if self.entry.connection is not None:
            return
        seconds = await self.pool.limiter(self.entry, self.access.identity).acquire()
        if seconds > _NOTED_WAIT:
            self.waited(seconds)

    async def _credentials(self, refused: Credentials | None) -> Credentials:
        if self.entry.connection is not None:
            return Credentials()
        if self.provider is None:
            raise CredentialsError(f"There is no way to sign in to {self.entry.name}: its source has none.")
        return await self.provider.credentials(self.access, self.entry, refused)

    async def _connection(self, credentials: Credentials) -> Connection:
        return self.entry.connection or await self.pool.connection(self.entry, credentials)

    def _dressed(self, request: Request, credentials: Credentials) -> Request:
        """The request with its own headers, ours, and the credentials last."""
        headers = [
            *request.headers,
            ("User-Agent", self.user_agent),
            ("Accept-Encoding", _encoding(self.entry)),
        ]
        if credentials.token is not None:
            headers.append(("Authorization", f"Bearer {credentials.token}"))
        return replace(request, headers=(*headers, *credentials.impersonate))


async def _refusal(answer: Stream) -> Response:
    """What the server says instead of a stream, as far as it is of a sentence's length."""
    body = bytearray()
    async for chunk in answer.chunks:
        body += chunk
        if len(body) > _MAX_REFUSAL:
            break
    return Response(status=answer.status, headers=answer.headers, body=bytes(body))


def _may_repeat(request: Request) -> bool:
    """Whether the request is a plain GET: a proxied one, or one that opens a shell, is none."""
    return request.method == "GET" and attributes(request).effect is Effect.READ


def _retry_after(request: Request, response: Response) -> float | None:
    """Seconds after which a plain GET may be asked again, if the server said so and it is soon enough."""
    if response.status not in {429, 503} or response.status in request.answers or not _may_repeat(request):
        return None
    delay = seconds_to_wait(response)
    return delay if delay is not None and delay <= _MAX_RETRY_AFTER else None


def _how_to_sign_in(refused: Credentials) -> str:
    """What to do next about a 401, as far as the kind of credentials tells."""
    if refused.token is not None:
        return (
            "Its token is not valid there, or no longer: sign in to the cluster again, or put a new token in its place."
        )
    if refused.certificate is not None:
        return (
            "Its client certificate is not valid there, or no longer: get a new one from the cluster's administrator."
        )
    return "This context names no user: add one that may sign in."


def _encoding(entry: ClusterEntry) -> str:
    """Compression helps over a network; on this machine it only costs both sides time."""
    return "identity" if not entry.compress or entry.is_local else "gzip"
