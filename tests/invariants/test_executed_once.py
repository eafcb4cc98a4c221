"""Invariant 8: a command is executed once; nothing but a plain GET is ever sent again."""

from __future__ import annotations

from typing import TYPE_CHECKING

import aiohttp
import pytest

from mcp_kubernetes.errors import APIError, ClusterUnreachable, Disconnected, ToolError, Unauthorized
from mcp_kubernetes.kube.cluster import Credentials
from mcp_kubernetes.kube.connection import Request
from mcp_kubernetes.kube.wire.network import Network
from mcp_kubernetes.kube.wire.pool import Pool
from tests.kube.scripted import Cut, ScriptedServer, exchange, http, methods, tokens

if TYPE_CHECKING:
    from collections.abc import AsyncIterator


POD = "/api/v1/namespaces/default/pods/p"
GET = Request(method="GET", path=POD)
ONCE = {
    "create": Request(method="POST", path="/api/v1/namespaces/default/pods", body=b"{}"),
    "update": Request(method="PUT", path=POD, body=b"{}"),
    "patch": Request(method="PATCH", path=POD, body=b"{}"),
    "delete": Request(method="DELETE", path=POD),
    "delete a collection": Request(method="DELETE", path="/api/v1/namespaces/default/pods"),
    "review": Request(method="POST", path="/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", body=b"{}"),
    "exec": Request(method="POST", path=f"{POD}/exec", query=(("command", "rm"),)),
    "exec by GET": Request(method="GET", path=f"{POD}/exec", upgrade=("v5.channel.k8s.io",)),
    "exec by GET with upgrade headers": Request(
        method="GET", path=f"{POD}/exec", headers=(("Connection", "Upgrade"), ("Upgrade", "websocket"))
    ),
    "attach": Request(method="GET", path=f"{POD}/attach", upgrade=("v5.channel.k8s.io",)),
    "port-forward": Request(method="GET", path=f"{POD}/portforward", upgrade=("v4.channel.k8s.io",)),
}
DROPPED = {
    "before the answer": Cut(),
    "in the head of the answer": Cut(b"HTTP/1.1 200 OK\r\nContent-Le"),
    "in the body of the answer": Cut(b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{"),
}


@pytest.fixture
async def pool() -> AsyncIterator[Pool]:
    made = Pool(qps=0, burst=1)
    yield made
    await made.aclose()


@pytest.mark.parametrize("moment", DROPPED)
@pytest.mark.parametrize("what", ONCE)
async def test_what_changes_or_connects_arrives_once_though_the_answer_is_lost(
    pool: Pool, what: str, moment: str
) -> None:
    async with ScriptedServer([DROPPED[moment]]) as server:
        with pytest.raises(ClusterUnreachable):
            await exchange(server.entry, pool=pool).send(ONCE[what])
    assert methods(server.received) == [ONCE[what].method]


@pytest.mark.parametrize("what", ONCE)
async def test_a_kept_connection_that_is_gone_is_no_reason_to_send_it_again(pool: Pool, what: str) -> None:
    """That is where HTTP libraries repeat requests by themselves."""
    async with ScriptedServer([http(200), Cut()]) as server:
        sender = exchange(server.entry, pool=pool)
        await sender.send(GET)
        with pytest.raises(Disconnected):
            await sender.send(ONCE[what])
    assert methods(server.received) == ["GET", ONCE[what].method]
    assert server.connections == 1


@pytest.mark.parametrize("answer", [*DROPPED.values(), http(401), http(403), http(503, Retry_After="0")])
@pytest.mark.parametrize("what", [what for what in ONCE if ONCE[what].upgrade])
async def test_what_leaves_http_is_asked_for_once_whatever_the_answer(pool: Pool, what: str, answer: bytes) -> None:
    async with ScriptedServer([answer]) as server:
        with pytest.raises(ToolError):
            async with exchange(server.entry, pool=pool, provider=tokens("a", "b")).connect(ONCE[what]):
                pass
    assert methods(server.received) == ["GET"]


async def test_a_plain_get_is_sent_twice_at_most(pool: Pool) -> None:
    async with ScriptedServer([Cut()]) as server:
        with pytest.raises(Disconnected):
            await exchange(server.entry, pool=pool).send(GET)
    assert methods(server.received) == ["GET", "GET"]


async def test_a_plain_get_succeeds_at_the_second_attempt(pool: Pool) -> None:
    async with ScriptedServer([Cut(), http(200, '{"a":1}')]) as server:
        assert (await exchange(server.entry, pool=pool).send(GET)).body == b'{"a":1}'


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize("what", ONCE)
async def test_a_server_that_asks_for_patience_is_not_sent_a_command_again(pool: Pool, what: str, status: int) -> None:
    async with ScriptedServer([http(status, Retry_After="0"), http(200)]) as server:
        with pytest.raises(APIError):
            await exchange(server.entry, pool=pool).send(ONCE[what])
    assert methods(server.received) == [ONCE[what].method]


@pytest.mark.parametrize("status", [429, 503])
async def test_a_server_that_asks_for_patience_is_asked_again_a_few_times(pool: Pool, status: int) -> None:
    async with ScriptedServer([http(status, Retry_After="0")]) as server:
        with pytest.raises(APIError):
            await exchange(server.entry, pool=pool).send(GET)
    assert methods(server.received) == ["GET"] * 3


@pytest.mark.parametrize("what", ONCE)
async def test_a_refused_command_is_not_sent_again_with_new_credentials(pool: Pool, what: str) -> None:
    provider = tokens("old", "new")
    async with ScriptedServer([http(401), http(200)]) as server:
        sender = exchange(server.entry, pool=pool, provider=provider)
        with pytest.raises(Unauthorized):
            await sender.send(ONCE[what])
        assert methods(server.received) == [ONCE[what].method]
        await sender.send(GET)
    assert [request.headers["authorization"] for request in server.received] == ["Bearer old", "Bearer new"]


async def test_a_refused_get_is_sent_again_once_with_new_credentials(pool: Pool) -> None:
    async with ScriptedServer([http(401)]) as server:
        with pytest.raises(Unauthorized):
            await exchange(server.entry, pool=pool, provider=tokens("a", "b", "c")).send(GET)
    assert [request.headers["authorization"] for request in server.received] == ["Bearer a", "Bearer b"]


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
@pytest.mark.parametrize("what", ["get", *ONCE])
async def test_a_redirect_is_not_followed(pool: Pool, what: str, status: int) -> None:
    sent = ONCE.get(what, GET)
    async with ScriptedServer([http(200)]) as elsewhere:
        async with ScriptedServer([http(status, Location=f"{elsewhere.url}/x")]) as server:
            with pytest.raises(APIError):
                await exchange(server.entry, pool=pool, provider=tokens("planted")).send(sent)
        assert elsewhere.received == []
    assert methods(server.received) == [sent.method]


async def test_the_http_library_s_own_repetition_is_switched_off() -> None:
    """There is no public switch: this fails when the library renames it."""
    async with ScriptedServer([http(200)]) as server:
        network = await Network.open(server.entry, Credentials())
        assert "_retry_connection" in aiohttp.ClientSession.ATTRS
        assert network.session._retry_connection is False
        await network.aclose()
