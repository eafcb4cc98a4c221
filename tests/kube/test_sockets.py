"""WebSockets to a server that misbehaves as told: a scripted one, for no API server can be made to fall silent."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest
from aiohttp import WSMsgType, web

from mcp_kubernetes.errors import ConnectionFailed, Disconnected
from mcp_kubernetes.kube.cluster import ClusterEntry, Credentials
from mcp_kubernetes.kube.connection import Request, Response
from mcp_kubernetes.kube.containers.tunnel import Tunnel
from mcp_kubernetes.kube.wire import network
from mcp_kubernetes.kube.wire.network import Network
from mcp_kubernetes.kube.wire.pool import Pool
from mcp_kubernetes.kube.wire.websocket import V4, Channels

if TYPE_CHECKING:
    from mcp_kubernetes.kube.connection import Socket

Play = Callable[[web.WebSocketResponse], Awaitable[None]]

PORTFORWARD = Request(method="GET", path="/api/v1/namespaces/a/pods/p/portforward", upgrade=(V4,))
PORT = (80).to_bytes(2, "little")
PIECE = b"\0" + b"x" * 32_768


@asynccontextmanager
async def opened(play: Play, *, autoping: bool = True) -> AsyncIterator[tuple[Network, Socket]]:
    """A socket to a server that does with it what `play` says."""

    async def handle(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(protocols=[V4], autoping=autoping)
        await socket.prepare(request)
        await play(socket)
        return socket

    app = web.Application()
    app.router.add_get("/{path:.*}", handle)
    runner = web.AppRunner(app, shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    connection = await Network.open(ClusterEntry(name="scripted", source="test", server=_url(runner)), Credentials())
    try:
        async with connection.connect(PORTFORWARD) as socket:
            assert not isinstance(socket, Response)
            yield connection, socket
    finally:
        await connection.aclose()
        await runner.cleanup()


def _url(runner: web.AppRunner) -> str:
    host, port = runner.addresses[0]
    return f"http://{host}:{port}"


async def tunnelled(play: Play) -> bytes:
    """All that comes through a tunnel."""
    async with opened(play) as (_, socket):
        return b"".join([bytes(data) async for data in Tunnel(Channels(socket))])


async def test_the_first_message_of_each_channel_is_its_port_and_no_data() -> None:
    async def play(socket: web.WebSocketResponse) -> None:
        for message in (b"\0" + PORT, b"\1" + PORT, b"\0one", b"\0", b"\0two"):
            await socket.send_bytes(message)
        await socket.close()

    assert await tunnelled(play) == b"onetwo"


async def test_what_the_node_says_on_the_channel_for_errors_ends_the_connection_with_its_words() -> None:
    async def play(socket: web.WebSocketResponse) -> None:
        for message in (b"\0" + PORT, b"\1" + PORT, b"\1dial tcp4: connect: ", b"\1connection refused\n"):
            await socket.send_bytes(message)
        await socket.close()

    with pytest.raises(ConnectionFailed, match=r"answers: dial tcp4: connect: connection refused\."):
        await tunnelled(play)


async def test_a_connection_that_breaks_off_is_told_from_one_that_is_closed() -> None:
    async def play(socket: web.WebSocketResponse) -> None:
        await socket.send_bytes(b"\0" + PORT + b"half")
        assert socket._req is not None
        assert socket._req.transport is not None
        socket._req.transport.close()

    with pytest.raises(Disconnected):
        await tunnelled(play)


async def test_a_server_that_is_silent_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network, "_HEARTBEAT", 0.05)
    monkeypatch.setattr(network, "_CLOSE_SECONDS", 0.05)
    over = asyncio.Event()

    async def play(_: web.WebSocketResponse) -> None:
        await over.wait()  # without a look at what comes, so without a pong

    async with opened(play, autoping=False) as (_, socket):
        with pytest.raises(Disconnected):
            await socket.receive()
        over.set()


async def test_a_server_that_answers_pings_is_waited_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network, "_HEARTBEAT", 0.5)
    pings = 0

    async def play(socket: web.WebSocketResponse) -> None:
        nonlocal pings
        async for message in socket:
            assert message.type is WSMsgType.PING
            pings += 1
            await socket.pong(message.data)
            if pings == 3:
                await socket.send_bytes(b"at last")

    async with opened(play, autoping=False) as (_, socket):
        assert await socket.receive() == b"at last"
    assert pings == 3


async def test_a_reader_who_is_busy_is_not_taken_for_a_server_that_is_dead(monkeypatch: pytest.MonkeyPatch) -> None:
    """More is sent than is read, so that no pong comes through for as long as nobody reads."""
    monkeypatch.setattr(network, "_HEARTBEAT", 0.2)
    pinged = asyncio.Event()

    async def play(socket: web.WebSocketResponse) -> None:
        sending = asyncio.create_task(_send(socket, 1_000))
        pings = 0
        async for _ in socket:
            pings += 1
            if pings == 3:
                pinged.set()
        await sending

    async with opened(play, autoping=False) as (_, socket):
        async with asyncio.timeout(30):
            await pinged.wait()
        for _ in range(1_000):
            assert await socket.receive() == PIECE


async def _send(socket: web.WebSocketResponse, count: int) -> None:
    for _ in range(count):
        await socket.send_bytes(PIECE)


async def test_a_connection_with_an_open_socket_is_never_closed_for_being_idle() -> None:
    async def play(socket: web.WebSocketResponse) -> None:
        async for message in socket:
            await socket.send_bytes(message.data)

    now = 0.0
    pool = Pool(qps=0, burst=1, clock=lambda: now)
    async with opened(play) as (connection, socket):
        entry = ClusterEntry(name="other", source="test", server="http://127.0.0.1:1")
        pool._open["in use"] = (connection, now)
        now = 10_000.0
        await pool.connection(entry, Credentials())
        await socket.send(b"still there")
        assert await socket.receive() == b"still there"
    now = 20_000.0
    await pool.connection(entry, Credentials())
    assert "in use" not in pool._open
    await pool.aclose()
