"""Clients that do not read, read late, go away in the middle, or are no program at all."""

from __future__ import annotations

import json
import os
import pty
import re
import signal
import socket
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.stdio.kubeconfigs import ODD, ODD_PATH
from tests.stdio.wire import ERAS, PROGRAM, SECONDS, Era, Wire, environment, serving

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.cluster import Cluster

PING = b'{"jsonrpc":"2.0","id":1,"method":"ping"}\n'
DUE = 1_000
"""Answers of 20 kB each, more together than the server keeps for a client."""

GARBAGE = 64 << 20
GARBAGE_LINES = 5_000
"""As many as fit into a pipe at once."""

SIGNALS: dict[str, Callable[[Wire], None]] = {
    "SIGTERM": lambda server: server.process.send_signal(signal.SIGTERM),
    "SIGINT": lambda server: server.process.send_signal(signal.SIGINT),
}


@pytest.fixture(params=ERAS)
def server(request: pytest.FixtureRequest, cluster: Cluster) -> Iterator[Wire]:
    """A server with the odd plugin, after its opening."""
    era: Era = request.param
    with serving(*ODD, kubeconfig=cluster.kubeconfig, variables=ODD_PATH, era=era) as wire:
        wire.open()
        yield wire


def peak(server: Wire) -> int:
    """The most memory that the server ever held, in bytes."""
    status = Path(f"/proc/{server.process.pid}/status").read_text(encoding="ascii")
    found = re.search(r"VmHWM:\s+(\d+) kB", status)
    assert found
    return int(found[1]) << 10


def fill(server: Wire) -> list[int]:
    """Ask, without reading, for more than a pipe holds; the ids. A call that never ends is the last of them."""
    server.deaf()
    asked = [server.request("tools/list") for _ in range(200)]
    server.send(*asked, server.request("tools/call", name="odd_wait", arguments={}))
    server.until(lambda: b"waiting: " in server.stderr, "the last call's beginning")
    return [request["id"] for request in asked]


def test_no_answer_is_lost_on_a_client_that_reads_late(server: Wire) -> None:
    server.deaf()
    asked = [server.request("tools/call", name="odd_much", arguments={}) for _ in range(DUE)]
    server.send(*asked)
    server.until(lambda: server.stderr.count(b"\n") > DUE // 2, "half of the calls' audit lines")
    server.listen()
    assert {server.message()["id"] for _ in asked} == {request["id"] for request in asked}
    assert not server.rest()


@pytest.mark.parametrize("way", SIGNALS.values(), ids=SIGNALS)
def test_a_signal_ends_a_server_whose_client_does_not_read(server: Wire, way: Callable[[Wire], None]) -> None:
    fill(server)
    way(server)
    assert server.end() == 0
    assert [line["outcome"] for line in server.audit(1)] == ["cancelled"]
    assert b"Traceback" not in server.stderr


def test_what_is_due_at_the_end_of_input_is_written_to_a_client_that_reads_late(server: Wire) -> None:
    asked = fill(server)
    server.close()
    assert server.audit(1)[0]["outcome"] == "cancelled"
    server.listen()
    assert server.end() == 0
    assert [message["id"] for message in server.rest() if "result" in message] == asked


@pytest.mark.parametrize("running", [False, True])
def test_a_client_that_closes_standard_output_ends_the_server_in_order(server: Wire, running: bool) -> None:
    if running:
        server.send(server.request("tools/call", name="odd_wait", arguments={}))
        server.until(lambda: b"waiting: " in server.stderr, "the call's beginning")
    server.deaf()
    assert server.process.stdout
    server.process.stdout.close()
    server.send(server.request("tools/list"))
    assert server.end() == 0
    lines = [line for line in server.stderr.decode().splitlines() if not line.startswith("waiting: ")]
    assert [json.loads(line)["outcome"] for line in lines] == ["cancelled"] * running


def test_a_client_that_goes_away_before_it_read_what_is_due_ends_the_server_in_order(server: Wire) -> None:
    fill(server)
    assert server.process.stdout
    server.process.stdout.close()
    assert server.end() == 0
    assert b"Traceback" not in server.stderr


def test_garbage_without_end_fills_no_memory(server: Wire) -> None:
    server.write(b"x" * GARBAGE)
    assert "longer than" in server.message()["error"]["message"]
    after_some = peak(server)
    for _ in range(3):
        server.write(b"x" * GARBAGE)
    server.write(b"\n")
    server.ask("tools/list")
    assert peak(server) - after_some < GARBAGE


def test_a_call_among_many_lines_of_garbage_is_answered_before_all_of_them_are(server: Wire) -> None:
    request = server.request("tools/call", name="k8s_get_current_context", arguments={})
    server.write(json.dumps(request).encode() + b"\n" + b"{nonsense\n" * GARBAGE_LINES)
    ids = [server.message()["id"] for _ in range(GARBAGE_LINES + 1)]
    assert ids.index(request["id"]) < GARBAGE_LINES // 2


def test_messages_in_a_file_are_answered_into_a_file(tmp_path: Path, cluster: Cluster) -> None:
    asked, answered = tmp_path / "asked", tmp_path / "answered"
    asked.write_bytes(PING + b"{nonsense\n" + b'{"jsonrpc":"2.0","id":2,"method":"no end of line"}')
    with asked.open("rb") as stdin, answered.open("wb") as stdout:
        subprocess.run([PROGRAM], stdin=stdin, stdout=stdout, env=environment(cluster.kubeconfig), check=True)
    messages = [json.loads(line) for line in answered.read_bytes().splitlines()]
    assert {message["id"] for message in messages} == {1, None}


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_server_in_a_terminal_ends_at_a_signal_without_another_line(cluster: Cluster, number: int) -> None:
    ours, theirs = pty.openpty()
    try:
        with subprocess.Popen(
            [PROGRAM], stdin=theirs, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=environment(cluster.kubeconfig)
        ) as process:
            try:
                server = Wire(process, "legacy")
                os.write(ours, PING)
                assert server.message()["id"] == 1
                process.send_signal(number)
                assert server.end() == 0
            finally:
                process.kill()
    finally:
        os.close(ours)
        os.close(theirs)


@pytest.mark.parametrize("unread", [40, 5_000])
def test_a_client_on_a_socket_is_served_and_may_go_away_without_reading(cluster: Cluster, unread: int) -> None:
    """With the answers to a few questions waiting to be read; and with more than there is room for."""
    ours, theirs = socket.socketpair()
    with (
        ours,
        theirs,
        subprocess.Popen(
            [PROGRAM],
            stdin=theirs.fileno(),
            stdout=theirs.fileno(),
            stderr=subprocess.PIPE,
            env=environment(cluster.kubeconfig),
        ) as process,
    ):
        try:
            theirs.close()
            ours.settimeout(SECONDS)
            for _ in range(3):
                ours.sendall(PING)
                assert json.loads(ours.makefile("rb").readline())["id"] == 1
            ours.sendall(PING * unread)
            assert ours.recv(1, socket.MSG_PEEK)
            ours.close()
            _, errors = process.communicate(timeout=SECONDS)
        finally:
            process.kill()
    assert (process.returncode, errors) == (0, b"")
