"""Port-forward to a pod on a real node: what is carried, and what becomes of what cannot be."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from tests.pods.forwards import CLOSED, ECHO, ECHOING, Caller, Echo, connection, echoed, until
from tests.pods.volume import MIB, there_and_back

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractAsyncContextManager

    from tests.cluster.node import Pods


async def test_a_free_local_port_is_taken_and_told_and_leads_to_the_pod(caller: Caller, echo: Echo) -> None:
    found = await caller.forward(*echo, f"0:{ECHO}")
    assert await echoed(found.port, b"hello") == [b"hello"]
    assert f"127.0.0.1:{found.port}\t{echo.name}\t{ECHO}" in found.text
    assert "note: Every user of this machine can reach these local ports" in found.text


async def test_200_requests_over_20_connections_at_once_are_all_answered(caller: Caller, echo: Echo) -> None:
    found = await caller.forward(*echo, f":{ECHO}")
    asked = [[b"%d of %d" % (number, at) for number in range(10)] for at in range(20)]
    assert await asyncio.gather(*(echoed(found.port, *lines) for lines in asked)) == asked
    row = await caller.row(found.handle)
    assert row["CONNECTIONS"].endswith("20 in all, 0 failed")
    assert row["SENT"] == row["RECEIVED"] == str(sum(len(line) + 1 for lines in asked for line in lines))


async def test_20_mb_come_back_as_they_were_sent(caller: Caller, echo: Echo) -> None:
    found = await caller.forward(*echo, f"0:{ECHO}")
    sent, received = await there_and_back(found.port, 20 * MIB)
    assert received == sent


async def test_several_ports_lead_each_to_its_own(caller: Caller, pods: Pods, namespace: str) -> None:
    both = {
        name: ("nc", "-ll", "-p", port, "-e", "echo", name) for name, port in {"one": "7001", "two": "7002"}.items()
    }
    pods.run(namespace, "both", both)
    found = await caller.forward(namespace, "both", "0:7002", "0:7001")
    said = []
    for port in found.ports:
        async with connection(port) as (reader, _):
            said.append(await reader.read())
    assert said == [b"two\n", b"one\n"]


async def test_what_a_client_gets_after_it_has_said_its_last_is_handed_over(
    caller: Caller, pods: Pods, namespace: str
) -> None:
    pods.run(namespace, "late", {"main": ("nc", "-ll", "-p", "7001", "-e", "sh", "-c", "read a; sleep 1; echo got $a")})
    found = await caller.forward(namespace, "late", "0:7001")
    async with connection(found.port) as (reader, writer):
        writer.write(b"this\n")
        writer.write_eof()
        assert await reader.read() == b"got this\n"


async def test_a_closed_port_is_a_reset_to_the_client_and_the_list_tells_why(caller: Caller, echo: Echo) -> None:
    found = await caller.forward(*echo, f"0:{CLOSED}")
    with pytest.raises(ConnectionResetError):
        async with connection(found.port) as (reader, _):
            await reader.read()
    row = await caller.row(found.handle)
    assert "connection refused" in row["PROBLEM"]
    assert row["CONNECTIONS"] == "0 open, 1 in all, 1 failed"
    assert row["STATE"] == "open"


async def test_a_client_that_goes_away_takes_its_connection_to_the_pod_along(caller: Caller, echo: Echo) -> None:
    found = await caller.forward(*echo, f"0:{ECHO}")
    async with connection(found.port) as (reader, writer):
        writer.write(b"x\n")
        await reader.readline()
        writer.transport.abort()

    async def is_closed() -> bool:
        return (await caller.row(found.handle))["CONNECTIONS"] == "0 open, 1 in all, 0 failed"

    await until(is_closed)


async def test_more_connections_than_allowed_are_reset_and_the_others_go_on(
    reaching: Callable[..., AbstractAsyncContextManager[Caller]], echo: Echo
) -> None:
    async with reaching(forward_connections=1) as caller:
        found = await caller.forward(*echo, f"0:{ECHO}")
        async with connection(found.port) as (reader, writer):
            writer.write(b"one\n")
            assert await reader.readline() == b"one\n"
            with pytest.raises(ConnectionResetError):
                await echoed(found.port, b"two")
            writer.write(b"three\n")
            assert await reader.readline() == b"three\n"
        assert "more than 1 connections at once" in (await caller.row(found.handle))["PROBLEM"]


async def test_a_client_that_does_not_read_holds_up_nobody_but_itself(
    caller: Caller, pods: Pods, namespace: str
) -> None:
    pods.run(namespace, "loud", {"main": ("nc", "-ll", "-p", "7001", "-e", "yes"), "echo": ECHOING["main"]})
    found = await caller.forward(namespace, "loud", "0:7001", f"0:{ECHO}")
    async with connection(found.ports[0]) as (reader, _):
        await reader.readexactly(MIB)
        assert await echoed(found.ports[1], *[b"x"] * 100) == [b"x"] * 100
        await reader.readexactly(MIB)


@pytest.mark.parametrize("taken", [True, False])
async def test_a_local_port_that_cannot_be_had_opens_nothing(caller: Caller, echo: Echo, taken: bool) -> None:
    server = await asyncio.start_server(lambda *_: None, "127.0.0.1", 0)
    async with server:
        port = server.sockets[0].getsockname()[1]
        asked = [f"0:{ECHO}", f"{port}:{ECHO}"] if taken else [f"{port + 1}:{ECHO}", f"{port + 1}:{ECHO}"]
        said = await caller.refused("k8s_port_forward_pod", namespace=echo.namespace, podName=echo.name, ports=asked)
    assert (f"The local port {port} is in use already." if taken else "ports names one local port twice.") in said
    assert await caller.listed() == []
