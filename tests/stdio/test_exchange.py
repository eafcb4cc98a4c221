"""What is between the client's lines and the SDK, with a real pipe and no process: when it reads, and when it waits."""

from __future__ import annotations

import asyncio
import os
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest
from mcp import types as mcp
from mcp.shared.message import SessionMessage

from mcp_kubernetes.transports.exchange import Exchange
from mcp_kubernetes.transports.output import Output

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

TURNS = 200
"""Turns of the event loop after which nothing happens that does not wait for something."""

MUCH = 17 << 20
PING = b'{"jsonrpc":"2.0","id":%d,"method":"ping"}\n'


class Client:
    """Writes one line after the other, and counts how many were taken."""

    def __init__(self, line: bytes) -> None:
        self.taken = 0
        self._line = line

    async def lines(self) -> AsyncIterator[bytes | None]:
        while True:
            self.taken += 1
            yield self._line % self.taken if b"%d" in self._line else self._line


@asynccontextmanager
async def exchanging(client: Client) -> AsyncIterator[tuple[Exchange, int]]:
    """An exchange with this client, read from as the SDK does, and where its answers can be read."""
    ours, theirs = os.pipe()
    exchange = Exchange(client.lines(), Output(theirs))
    reading = asyncio.create_task(_read(exchange))
    try:
        yield exchange, ours
    finally:
        reading.cancel()
        await asyncio.wait({reading})
        os.close(ours)
        os.close(theirs)


async def _read(exchange: Exchange) -> None:
    async for _ in exchange.incoming():
        await asyncio.sleep(0)


async def turns(number: int = TURNS) -> None:
    for _ in range(number):
        await asyncio.sleep(0)


def answer(size: int) -> SessionMessage:
    return SessionMessage(mcp.JSONRPCResponse(jsonrpc="2.0", id=1, result={"x": "y" * size}))


@pytest.mark.parametrize("line", [PING, b"{nonsense\n"])
async def test_nothing_more_is_read_from_a_client_that_does_not_read_and_goes_on_when_it_does(line: bytes) -> None:
    client = Client(line)
    async with exchanging(client) as (exchange, ours):
        await exchange.send(answer(MUCH))
        await turns()
        stopped = client.taken
        await turns()
        assert client.taken == stopped <= 1
        while client.taken == stopped:
            await asyncio.to_thread(os.read, ours, 1 << 20)
            await turns(1)


async def test_a_client_that_reads_little_is_read_from_all_the_same() -> None:
    client = Client(PING)
    async with exchanging(client) as (exchange, _):
        await exchange.send(answer(MUCH // 2))
        await turns()
        assert client.taken > TURNS // 4


async def test_an_answer_that_a_pipe_cannot_take_at_once_arrives_whole_and_in_order() -> None:
    ours, theirs = os.pipe()
    output = Output(theirs)
    for letter in b"abc":
        output.write(bytes([letter]) * MUCH)
    arrived = bytearray()
    while len(arrived) < 3 * MUCH:
        arrived += await asyncio.to_thread(os.read, ours, 1 << 20)
    await output.drained()
    os.close(ours)
    os.close(theirs)
    assert arrived == b"a" * MUCH + b"b" * MUCH + b"c" * MUCH


async def test_a_standard_output_that_breaks_is_told_unless_it_was_the_client_that_closed_it() -> None:
    ours, theirs = os.pipe()
    output = Output(theirs)
    os.close(ours)
    output.write(b"x")
    await output.lost
    full = os.open("/dev/full", os.O_WRONLY)
    output = Output(full)
    output.write(b"x")
    with pytest.raises(OSError, match="No space left"):
        await output.lost
    os.close(theirs)
    os.close(full)
