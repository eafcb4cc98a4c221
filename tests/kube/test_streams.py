"""Answers that are read while they come: signed in anew where that helps, refused in words, ended without a loss."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mcp_kubernetes.errors import BadRequest, Unanswered, Unauthorized
from mcp_kubernetes.kube.connection import Request
from mcp_kubernetes.kube.wire.pool import Pool
from tests.kube.scripted import Cut, ScriptedServer, exchange, http, tokens
from tests.pods.logs.speaking import finished, unfinished

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

LOG = Request(method="GET", path="/api/v1/namespaces/shop/pods/web/log")


@pytest.fixture
async def pool() -> AsyncIterator[Pool]:
    opened = Pool(qps=0, burst=1)
    yield opened
    await opened.aclose()


async def test_a_stream_that_is_refused_is_asked_for_again_with_new_credentials(pool: Pool) -> None:
    async with ScriptedServer([http(401), finished(b"one\n", b"two\n")]) as server:
        keys = tokens("old", "new")
        async with exchange(server.entry, provider=keys, pool=pool).stream(LOG) as answer:
            assert b"".join([chunk async for chunk in answer.chunks]) == b"one\ntwo\n"
        assert [each.headers["authorization"] for each in server.received] == ["Bearer old", "Bearer new"]


async def test_a_stream_that_is_refused_twice_says_how_to_sign_in(pool: Pool) -> None:
    async with ScriptedServer([http(401)]) as server:
        with pytest.raises(Unauthorized, match="sign in to the cluster again"):
            async with exchange(server.entry, provider=tokens("old", "new"), pool=pool).stream(LOG):
                pass
        assert len(server.received) == 2


async def test_a_refusal_without_an_end_is_read_no_further_than_a_sentence_is_long(pool: Pool) -> None:
    endless = Cut(unfinished(b"x" * 200_000).replace(b"200 OK", b"400 Bad Request"))
    async with ScriptedServer([endless]) as server:
        with pytest.raises(BadRequest):
            async with exchange(server.entry, pool=pool).stream(LOG):
                pass


async def test_a_page_to_sign_in_on_is_no_log(pool: Pool) -> None:
    async with ScriptedServer([http(200, "<html>", content_type="text/html")]) as server:
        with pytest.raises(Unanswered, match="A web page came back"):
            async with exchange(server.entry, pool=pool).stream(LOG):
                pass


async def test_a_stream_that_is_stopped_gives_what_has_arrived_and_ends(pool: Pool) -> None:
    async with ScriptedServer([unfinished(b"one\n", b"two")]) as server:
        async with exchange(server.entry, pool=pool).stream(LOG) as answer:
            chunks = [await anext(answer.chunks)]
            answer.stop()
            chunks += [chunk async for chunk in answer.chunks]
        assert b"".join(chunks) == b"one\ntwo"
