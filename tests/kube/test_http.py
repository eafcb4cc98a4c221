from __future__ import annotations

from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest
from aiohttp import web

from mcp_kubernetes.errors import Unauthorized
from mcp_kubernetes.identity import Identity
from mcp_kubernetes.kube.cluster import Access, ClusterEntry, Credentials
from mcp_kubernetes.kube.connection import Request
from mcp_kubernetes.kube.http import Exchange
from mcp_kubernetes.kube.pool import Pool

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


@dataclass
class Server:
    """A real HTTP server that knows one token, and remembers which were shown to it."""

    valid: str
    shown: list[str] = field(default_factory=list)

    async def answer(self, request: web.Request) -> web.Response:
        token = request.headers["Authorization"].removeprefix("Bearer ")
        self.shown.append(token)
        return web.json_response({}, status=200 if token == self.valid else 401)


@dataclass
class Tokens:
    """A provider with one token after the other; the last is all there is."""

    tokens: list[str]
    name: str = "tokens"

    async def credentials(
        self,
        access: Access,  # noqa: ARG002 - the same tokens for everybody
        entry: ClusterEntry,  # noqa: ARG002 - and for every cluster
        refused: Credentials | None = None,
    ) -> Credentials:
        if refused is not None and refused.token == self.tokens[0] and len(self.tokens) > 1:
            self.tokens.pop(0)
        return Credentials(token=self.tokens[0])


@asynccontextmanager
async def exchange(server: Server, *tokens: str) -> AsyncIterator[Exchange]:
    application = web.Application()
    application.router.add_route("*", "/{path:.*}", server.answer)
    runner = web.AppRunner(application)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    port = runner.addresses[0][1]
    pool = Pool(qps=1_000, burst=1_000)
    try:
        yield Exchange(
            entry=ClusterEntry(name="a", source="s", server=f"http://127.0.0.1:{port}"),
            access=Access(identity=Identity.local()),
            provider=Tokens(list(tokens)),
            pool=pool,
            user_agent="test",
            waited=lambda _: None,
        )
    finally:
        await pool.aclose()
        await runner.cleanup()


async def test_a_refused_get_is_asked_again_once_with_new_credentials() -> None:
    server = Server(valid="new")
    async with exchange(server, "old", "new") as sent:
        assert (await sent.send(Request(method="GET", path="/api"))).status == 200
    assert server.shown == ["old", "new"]


async def test_a_refused_get_is_not_repeated_with_the_credentials_that_were_refused() -> None:
    server = Server(valid="other")
    async with exchange(server, "only") as sent:
        with pytest.raises(Unauthorized):
            await sent.send(Request(method="GET", path="/api"))
    assert server.shown == ["only"]


async def test_new_credentials_that_are_refused_too_are_the_last_that_are_tried() -> None:
    server = Server(valid="other")
    async with exchange(server, "one", "two", "three") as sent:
        with pytest.raises(Unauthorized):
            await sent.send(Request(method="GET", path="/api"))
    assert server.shown == ["one", "two"]


async def test_a_refused_write_is_not_repeated_but_the_next_one_has_the_new_credentials() -> None:
    server = Server(valid="new")
    async with exchange(server, "old", "new") as sent:
        with pytest.raises(Unauthorized):
            await sent.send(Request(method="POST", path="/api", body=b"{}"))
        assert (await sent.send(Request(method="POST", path="/api", body=b"{}"))).status == 200
    assert server.shown == ["old", "new"]
