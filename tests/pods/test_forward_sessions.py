"""Port-forwards as sessions: whose they are, what ends them, and what does not."""

from __future__ import annotations

import asyncio
import logging
import os
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest

import mcp_kubernetes_pods
from mcp_kubernetes import Answer, Identity, ToolCall
from mcp_kubernetes.spi import Proceed, Stage
from mcp_kubernetes_pods.listeners import listening
from tests.invariants.probes import Toolbox
from tests.pods.forwards import ECHO, ECHOING, Caller, Echo, Forward, audit, connection, echoed, ends, opened, until

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable
    from contextlib import AbstractAsyncContextManager

    from pytest_mcp_kubernetes.apps import Apps
    from pytest_mcp_kubernetes.static import Static
    from tests.cluster import Cluster
    from tests.cluster.node import Pods

    Reaching = Callable[..., AbstractAsyncContextManager[Caller]]

MALLORY = Identity(subject="mallory", issuer="https://issuer.example.com")


async def is_refused(port: int) -> bool:
    try:
        async with connection(port):
            return False
    except ConnectionRefusedError:
        return True


async def has_ended(caller: Caller, found: Forward, why: str) -> bool:
    return (await caller.row(found.handle))["STATE"] == f"ended: {why}"


async def test_its_owner_stops_it_with_its_connections(caller: Caller, echo: Echo) -> None:
    found = await caller.forward(*echo, f"0:{ECHO}")
    async with connection(found.port) as (reader, writer):
        writer.write(b"x\n")
        assert await reader.readline() == b"x\n"
        said = await caller.ask("k8s_stop_port_forward", sessionId=found.handle)
        assert said == "Stopped after 1 connections, 2 bytes to the pod and 2 from it."
        with pytest.raises(ConnectionResetError):
            await reader.read()
    assert await is_refused(found.port)
    assert await has_ended(caller, found, "its owner stopped it")
    assert "No open port-forward of yours" in await caller.refused("k8s_stop_port_forward", sessionId=found.handle)


async def test_nobody_sees_or_stops_the_port_forward_of_another(caller: Caller, echo: Echo) -> None:
    mallory = Caller(caller.app, MALLORY)
    found = await caller.forward(*echo, f"0:{ECHO}")
    assert await mallory.listed() == []
    refusals = [
        (await mallory.refused("k8s_stop_port_forward", sessionId=handle)) for handle in (found.handle, "nonsense")
    ]
    assert refusals[0] == refusals[1]
    assert await echoed(found.port, b"still here") == [b"still here"]
    await caller.ask("k8s_stop_port_forward", sessionId=found.handle)
    assert await mallory.listed() == []


class Hanging:
    """Holds every answer of the tools that open a port-forward back, once the handler is done."""

    stage = Stage.ADMIT

    def __init__(self) -> None:
        self.answers: asyncio.Queue[Answer] = asyncio.Queue()

    async def __call__(self, call: ToolCall, proceed: Proceed) -> Answer:
        answer = await proceed(call)
        if call.tool.name.startswith("k8s_port_forward"):
            self.answers.put_nowait(answer)
            await asyncio.Event().wait()
        return answer


@pytest.mark.parametrize("seconds", [30.0, 2.0])
async def test_neither_the_cancellation_nor_the_deadline_of_the_call_that_opened_it_ends_it(
    app: Apps, static: Static, echo: Echo, seconds: float
) -> None:
    hanging = Hanging()
    plugins = {"pods": mcp_kubernetes_pods, "static": static, "hanging": Toolbox(middleware=[hanging])}
    async with app.make(plugins, {"safety": {"non_destructive": False}, "tools": {"timeout": seconds}}) as made:
        caller = Caller(made)
        asked = {"namespace": echo.namespace, "podName": echo.name, "ports": [f"0:{ECHO}"]}
        calling = asyncio.create_task(caller.outcome("k8s_port_forward_pod", **asked))
        await hanging.answers.get()
        if seconds == 30.0:
            calling.cancel()
            with pytest.raises(asyncio.CancelledError):
                await calling
        else:
            assert (await calling).is_error
        (row,) = await caller.listed()
        assert row["STATE"] == "open"
        assert await echoed(local(row), b"alive") == [b"alive"]


async def test_a_call_that_is_cancelled_while_it_opens_leaves_it_open(
    caller: Caller, echo: Echo, monkeypatch: pytest.MonkeyPatch
) -> None:
    opens, may_open = asyncio.Event(), asyncio.Event()

    @asynccontextmanager
    async def slowly(*arguments: Any) -> AsyncIterator[tuple[int, ...]]:
        opens.set()
        await may_open.wait()
        async with listening(*arguments) as ports:
            yield ports

    monkeypatch.setattr("mcp_kubernetes_pods.sessions.listening", slowly)
    calling = asyncio.create_task(caller.forward(*echo, f"0:{ECHO}"))
    await opens.wait()
    calling.cancel()
    with pytest.raises(asyncio.CancelledError):
        await calling
    may_open.set()

    async def is_open() -> bool:
        return bool(await caller.listed())

    await until(is_open)
    (row,) = await caller.listed()
    assert await echoed(local(row), b"alive") == [b"alive"]


def local(row: dict[str, str]) -> int:
    return int(row["PORTS"].removeprefix("127.0.0.1:").partition("->")[0])


@pytest.mark.parametrize(
    ("limit", "why"),
    [("forward_idle", "nothing came through for 0.5 s"), ("forward_lifetime", "it was open for 0.5 s")],
)
async def test_it_ends_when_it_is_idle_or_too_old(reaching: Reaching, echo: Echo, limit: str, why: str) -> None:
    async with reaching(**{limit: 0.5}) as caller:
        found = await caller.forward(*echo, f"0:{ECHO}")
        await until(lambda: has_ended(caller, found, why))
        assert await is_refused(found.port)


async def test_it_ends_with_its_pod_even_if_another_of_its_name_comes(
    caller: Caller, cluster: Cluster, pods: Pods, namespace: str
) -> None:
    found = await caller.forward(namespace, pods.run(namespace, "echo", ECHOING), f"0:{ECHO}")
    cluster.kubectl("delete", "pod", "echo", "-n", namespace)
    pods.run(namespace, "echo", ECHOING)
    with pytest.raises(ConnectionResetError):
        await echoed(found.port, b"for the first one")
    await until(lambda: has_ended(caller, found, "pod echo was replaced by another of its name"))


async def test_a_container_that_is_restarted_is_reached_again(caller: Caller, pods: Pods, namespace: str) -> None:
    """It serves one connection, and ends."""
    pods.run(namespace, "frail", {"main": ("nc", "-l", "-p", str(ECHO), "-e", "cat")})
    found = await caller.forward(namespace, "frail", f"0:{ECHO}")
    assert await echoed(found.port, b"before") == [b"before"]

    async def is_back() -> bool:
        try:
            return await echoed(found.port, b"after") == [b"after"]
        except OSError:
            return False

    await until(is_back)
    pods.until(namespace, "frail", lambda pod: bool(pod["status"]["containerStatuses"][0]["restartCount"]), "restarted")


async def test_one_identity_may_have_only_so_many(reaching: Reaching, echo: Echo) -> None:
    async with reaching({"tools": {"background": 1}}) as caller:
        found = await caller.forward(*echo, f"0:{ECHO}")
        asked = {"namespace": echo.namespace, "podName": echo.name, "ports": [f"0:{ECHO}"]}
        assert "1 things go on already" in await caller.refused("k8s_port_forward_pod", **asked)
        assert (await Caller(caller.app, MALLORY).forward(*echo, f"0:{ECHO}")).port
        await caller.ask("k8s_stop_port_forward", sessionId=found.handle)
        assert (await caller.forward(*echo, f"0:{ECHO}")).port


async def test_nothing_is_left_when_the_server_stops(
    reaching: Reaching, echo: Echo, caplog: pytest.LogCaptureFixture
) -> None:
    async with reaching():
        pass  # what is loaded once is loaded now
    tasks, files = asyncio.all_tasks(), os.listdir("/proc/self/fd")  # noqa: PTH208
    async with reaching() as caller:
        found = await caller.forward(*echo, f"0:{ECHO}")
        sockets = [await asyncio.open_connection("127.0.0.1", found.port) for _ in range(10)]
        for reader, writer in sockets:
            writer.write(b"x\n")
            assert await reader.readline() == b"x\n"
        assert len(os.listdir("/proc/self/fd")) > len(files) + 30  # noqa: PTH208
    for reader, writer in sockets:
        with pytest.raises(ConnectionResetError):
            await reader.read()
        writer.close()
    await asyncio.sleep(0)
    assert asyncio.all_tasks() == tasks

    async def files_are_closed() -> bool:
        return len(os.listdir("/proc/self/fd")) <= len(files)  # noqa: PTH208

    await until(files_are_closed)  # over TLS, the other side has the last word
    (end,) = ends(caplog)
    assert (end["reason"], end["connections"], end["sent"], end["received"]) == ("the server stopped", 10, 20, 20)


async def test_the_audit_log_tells_of_opening_of_each_connection_and_of_the_end(
    caller: Caller, echo: Echo, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="mcp_kubernetes.audit")
    found = await caller.forward(*echo, f"0:{ECHO}")
    await echoed(found.port, b"one")
    await echoed(found.port, b"two")
    await caller.ask("k8s_stop_port_forward", sessionId=found.handle)
    opening, *connections = [line for line in audit(caplog) if line["tool"] == "k8s_port_forward_pod"][:3]
    (end,) = ends(caplog)
    assert (opening["audit"], opening["outcome"], opening["namespace"]) == ("call", "ok", echo.namespace)
    assert [(line["audit"], line["operation"], line["resource"]) for line in connections] == [
        ("started", "port-forward", f"/api/v1/namespaces/{echo.namespace}/pods/{echo.name}/portforward")
    ] * 2
    assert {line["id"] for line in (opening, *connections, end)} == {opening["id"]}
    assert (end["reason"], end["handle"], end["target"]) == ("its owner stopped it", found.handle, f"pod/{echo.name}")
    assert (end["connections"], end["failed"], end["bytes"]) == (2, 0, 16)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"podName": "nobody", "ports": ["80"]}, "The API server answered 404"),
        ({"ports": ["0:http"]}, "The pod has no such port. It has: none."),
        ({"ports": ["70000"]}, "ports.0 is no port. Write [LOCAL:]REMOTE"),
        ({"ports": ["1:0"]}, "ports.0 is no port."),
        ({"ports": ["a:b:c"]}, "ports.0 is no port."),
        ({"ports": []}, "Invalid arguments: ports: "),
        ({"podName": "../echo", "ports": ["80"]}, "name is not a valid Kubernetes name."),
    ],
)
async def test_what_makes_no_sense_is_refused_before_anything_is_opened(
    caller: Caller, echo: Echo, arguments: dict[str, Any], sentence: str
) -> None:
    asked = {"namespace": echo.namespace, "podName": echo.name, **arguments}
    assert (await caller.refused("k8s_port_forward_pod", **asked)).startswith(sentence)
    assert await caller.listed() == []


async def test_a_bare_number_is_taken_for_a_port(caller: Caller, echo: Echo) -> None:
    found = await caller.ask("k8s_port_forward_pod", namespace=echo.namespace, podName=echo.name, ports=[ECHO])
    assert opened(found).port == ECHO
