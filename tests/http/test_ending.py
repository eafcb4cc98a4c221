"""A server that is told to end loses no answer that was promised, and ends all the same."""

from __future__ import annotations

import http.client
import signal
import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from typing import TYPE_CHECKING

import pytest

from tests.http.server import SLOW, SLOW_PATH, Answer, HTTPServer, answer_on, body, http_server, modern
from tests.http.test_clients import MODES
from tests.stdio.wire import SECONDS

if TYPE_CHECKING:
    from pathlib import Path

CALLS = 4
CALLERS = 12


def told(server: HTTPServer, number: int = signal.SIGTERM) -> None:
    """Tell the server to end; returns when nobody can connect any more."""
    server.wire.process.send_signal(number)
    while _connects(server):
        pass


def _connects(server: HTTPServer) -> bool:
    try:
        socket.create_connection(server.address, timeout=5).close()
    except OSError:
        return False
    return True


def started(server: HTTPServer, until: Path) -> list[http.client.HTTPConnection]:
    """Calls of both eras that end when the file is there."""
    session = server.open()
    asked = {"name": "slow_until", "arguments": {"path": str(until)}}
    sent = [server.send(*modern("tools/call", **asked)) for _ in range(CALLS)]
    sent += [server.send(body("tools/call", n, **asked), session.all_headers) for n in range(CALLS)]
    server.wire.until(lambda: server.wire.stderr.count(b"begun: ") == 2 * CALLS, "the calls' beginning")
    return sent


@pytest.mark.parametrize("mode", ["streams", "json"])
def test_running_calls_are_finished_and_answered(tmp_path: Path, mode: str) -> None:
    with http_server(*SLOW, *MODES[mode], variables=SLOW_PATH) as server:
        sent = started(server, tmp_path / "go")
        told(server)
        (tmp_path / "go").touch()
        answers = [answer_on(connection) for connection in sent]
        assert [answer.text for answer in answers] == ["Finished."] * 2 * CALLS
        assert server.wire.end() == 0
        assert [line["outcome"] for line in server.wire.audit(2 * CALLS)] == ["ok"] * 2 * CALLS


@pytest.mark.parametrize("mode", ["streams", "json"])
def test_under_load_every_call_that_was_carried_out_is_answered_to_its_end(mode: str) -> None:
    """Clients that go on calling meet the end somewhere between two calls, or before one that nobody has begun."""
    unlimited = SLOW_PATH | {"MCP_KUBERNETES_LIMITS__RATE": "0"}
    with http_server(*SLOW, *MODES[mode], variables=unlimited) as server, ThreadPoolExecutor(CALLERS) as crowd:
        answered = [crowd.submit(_calls_until_the_end, server) for _ in range(CALLERS)]
        server.wire.audit(5 * CALLERS)
        server.wire.process.send_signal(signal.SIGTERM)
        assert server.wire.end() == 0
        outcomes = [line["outcome"] for line in server.wire.audit()]
        assert outcomes == ["ok"] * sum(each.result() for each in answered)


def _calls_until_the_end(server: HTTPServer) -> int:
    """How many calls were answered, on one connection as long as it is kept."""
    content, headers = modern("tools/call", name="slow_moment", arguments={})
    answered = 0
    with closing(http.client.HTTPConnection(*server.address, timeout=SECONDS)) as connection:
        while True:
            try:
                connection.request("POST", server.path, content, headers)
                response = connection.getresponse()
            except (OSError, http.client.HTTPException):
                return answered
            assert b'"text":"Finished."' in response.read()
            answered += 1


@pytest.mark.parametrize("mode", ["streams", "json"])
def test_what_does_not_finish_in_time_is_cancelled_and_its_client_is_told(tmp_path: Path, mode: str) -> None:
    with http_server(*SLOW, *MODES[mode], "--grace-period", "0", variables=SLOW_PATH) as server:
        sent = started(server, tmp_path / "never")
        server.wire.process.send_signal(signal.SIGTERM)
        answers = [answer_on(connection) for connection in sent]
        assert all("make it again" in answer.error for answer in answers)
        assert {_status(answer) for answer in answers} <= {200, 503}
        assert [answer.message["id"] for answer in answers] == [*[1] * CALLS, *range(CALLS)]
        assert server.wire.end() == 0
        assert [line["outcome"] for line in server.wire.audit(2 * CALLS)] == ["cancelled"] * 2 * CALLS


def _status(answer: Answer) -> int:
    """A stream of events has begun with 200, whatever comes."""
    assert (answer.status == 200) == answer.headers["content-type"].startswith("text/event-stream")
    return answer.status


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_stream_that_waits_for_nothing_is_ended_and_the_server_ends_without_a_word(number: int) -> None:
    with http_server() as server:
        session = server.open()
        stream = server.send(headers=session.all_headers, method="GET")
        opened = stream.getresponse()
        assert opened.status == 200
        server.wire.process.send_signal(number)
        assert not opened.read()
        stream.close()
        assert server.wire.end() == 0
        assert server.wire.stderr.count(b"\n") == 1


def test_a_client_that_sends_nothing_does_not_keep_the_server() -> None:
    with http_server() as server, socket.create_connection(server.address) as mute:
        mute.sendall(b"POST /mcp HTTP/1.1\r\n")
        server.wire.process.send_signal(signal.SIGTERM)
        assert server.wire.end() == 0
