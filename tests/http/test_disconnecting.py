"""A client that goes away takes its call with it, in every mode in which the protocol says so."""

from __future__ import annotations

import socket
from contextlib import ExitStack
from functools import cache
from typing import TYPE_CHECKING

import pytest

from tests.http.server import ACCEPT, LEGACY, SLOW, SLOW_PATH, HTTPServer, Session, body, http_server, modern
from tests.http.test_clients import MODES
from tests.silence import silent_server
from tests.stdio.kubeconfigs import contexts

if TYPE_CHECKING:
    import http.client
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from tests.cluster import Cluster

NEVER = {"name": "slow_until", "arguments": {"path": "/nonexistent"}}


@pytest.fixture(scope="module")
def servers() -> Iterator[Callable[[str], HTTPServer]]:
    """One server for each mode, started when it is asked for first."""
    with ExitStack() as stack:

        @cache
        def in_mode(mode: str) -> HTTPServer:
            return stack.enter_context(http_server(*SLOW, *MODES[mode], variables=SLOW_PATH))

        yield in_mode


def running(server: HTTPServer, content: bytes, headers: Mapping[str, str]) -> http.client.HTTPConnection:
    """Send a call; returns when it runs."""
    before = server.wire.stderr.count(b"begun: ")
    connection = server.send(content, headers)
    server.wire.until(lambda: server.wire.stderr.count(b"begun: ") > before, "the call's beginning")
    return connection


def leave(connection: http.client.HTTPConnection) -> None:
    assert connection.sock is not None
    connection.sock.shutdown(socket.SHUT_RDWR)
    connection.close()


class Outcomes:
    """What became of the calls since this was made."""

    def __init__(self, server: HTTPServer) -> None:
        self._server = server
        self._before = len(server.wire.audit())

    def first(self, number: int) -> list[str]:
        """Wait for so many."""
        return [line["outcome"] for line in self._server.wire.audit(self._before + number)[self._before :]]


@pytest.mark.parametrize("mode", MODES)
def test_a_closed_connection_cancels_a_call_of_2026_07_28(servers: Callable[[str], HTTPServer], mode: str) -> None:
    server = servers(mode)
    outcomes = Outcomes(server)
    leave(running(server, *modern("tools/call", **NEVER)))
    assert outcomes.first(1) == ["cancelled"]
    assert server.is_up()


@pytest.mark.parametrize("mode", ["stateless", "stateless-json"])
def test_a_closed_connection_cancels_a_call_that_nobody_could_ask_for_later(
    servers: Callable[[str], HTTPServer], mode: str
) -> None:
    server = servers(mode)
    outcomes = Outcomes(server)
    leave(running(server, body("tools/call", **NEVER), ACCEPT))
    assert outcomes.first(1) == ["cancelled"]


@pytest.mark.parametrize("mode", ["streams", "json"])
def test_in_a_session_a_call_outlives_its_connection_until_it_is_cancelled(
    servers: Callable[[str], HTTPServer], mode: str
) -> None:
    server = servers(mode)
    outcomes = Outcomes(server)
    session = server.open()
    leave(running(server, body("tools/call", 7, **NEVER), session.all_headers))
    assert session.call("slow_who").text
    assert outcomes.first(1) == ["ok"]
    session.notify("notifications/cancelled", requestId=7)
    assert outcomes.first(2) == ["ok", "cancelled"]


@pytest.mark.parametrize("mode", ["streams", "json"])
def test_the_end_of_a_session_cancels_what_runs_in_it(servers: Callable[[str], HTTPServer], mode: str) -> None:
    server = servers(mode)
    outcomes = Outcomes(server)
    session = server.open()
    connection = running(server, body("tools/call", 7, **NEVER), session.all_headers)
    assert server.ask(headers=session.all_headers, method="DELETE").status == 200
    assert outcomes.first(1) == ["cancelled"]
    assert session.ask("tools/list").status == 404
    connection.close()


def test_a_second_call_on_a_kept_connection_is_cancelled_with_it(servers: Callable[[str], HTTPServer]) -> None:
    server = servers("streams")
    outcomes = Outcomes(server)
    connection = server.send(*modern("tools/list"))
    assert connection.getresponse().read()
    content, headers = modern("tools/call", **NEVER)
    connection.request("POST", server.path, content, dict(headers))
    leave(connection)
    assert outcomes.first(1) == ["cancelled"]


@pytest.mark.parametrize("mode", ["json", "stateless", "stateless-json"])
def test_a_server_without_streams_opens_none(servers: Callable[[str], HTTPServer], mode: str) -> None:
    found = servers(mode).ask(headers={**ACCEPT, "MCP-Protocol-Version": LEGACY}, method="GET")
    assert found.status == 405
    assert "POST" in found.headers["allow"]


def test_a_session_that_nobody_opened_is_not_found(servers: Callable[[str], HTTPServer]) -> None:
    assert Session(servers("streams"), {"Mcp-Session-Id": "0" * 32}).ask("tools/list").status == 404


def test_a_closed_connection_ends_the_request_to_the_api_server(tmp_path: Path, cluster: Cluster) -> None:
    with silent_server() as visit:
        kubeconfig = contexts(tmp_path, cluster.kubeconfig, {"silent": visit.url}, "silent")
        with http_server(kubeconfig=kubeconfig) as server:
            asked = {"name": "k8s_list_resources", "arguments": {"resourceType": "pods"}}
            connection = server.send(*modern("tools/call", **asked))
            assert visit.came.wait(30)
            leave(connection)
            assert visit.went.wait(30)
            assert [line["outcome"] for line in server.wire.audit(1)] == ["cancelled"]
            assert server.is_up()
