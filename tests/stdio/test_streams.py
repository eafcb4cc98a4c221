"""What is on the three standard streams: only the protocol on two of them, and nothing ends the server by accident."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.stdio.kubeconfigs import ODD, ODD_PATH
from tests.stdio.wire import ERAS, Era, Wire, serving, text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.cluster import Cluster

LONG = 20 << 20
BROKEN = {
    "a line that is no JSON": b"{nonsense\n",
    "a line that is no UTF-8": b'{"jsonrpc":"2.0","id":9,"method":"\xff\xfe"}\n',
    "JSON that is no message": b'{"jsonrpc":"1.0","hello":true}\n',
    "a batch, which no revision of today has": b'[{"jsonrpc":"2.0","id":9,"method":"ping"}]\n',
    "an empty line": b"\n",
    "an answer to a question that nobody asked": b'{"jsonrpc":"2.0","id":77,"result":{}}\n',
    "a deep nest": b"[" * 100_000 + b"\n",
}


@pytest.fixture(scope="module", params=ERAS)
def server(request: pytest.FixtureRequest, cluster: Cluster) -> Iterator[Wire]:
    """A server with the odd plugin, after its opening."""
    era: Era = request.param
    with serving(*ODD, "--debug", kubeconfig=cluster.kubeconfig, variables=ODD_PATH, era=era) as wire:
        wire.open()
        yield wire


def test_what_a_plugin_prints_in_a_call_goes_to_standard_error(server: Wire) -> None:
    assert text(server.call("odd_print")) == "Printed."
    for way in ("print", "descriptor", "child"):
        assert f"stray: {way}\n".encode() in server.stderr


@pytest.mark.parametrize("era", ERAS)
def test_what_a_plugin_prints_while_it_is_loaded_started_and_stopped_goes_to_standard_error(era: Era) -> None:
    with serving("--plugin", "loud_plugin", variables=ODD_PATH, era=era) as server:
        server.open()
        server.close()
        assert server.end() == 0
        assert not server.rest()
        for moment in ("import", "hook", "start", "stop"):
            assert f"stray print: {moment}\n".encode() in server.stderr
            assert f"stray descriptor: {moment}\n".encode() in server.stderr


@pytest.mark.parametrize("line", BROKEN.values(), ids=BROKEN)
def test_the_server_goes_on_after(server: Wire, line: bytes) -> None:
    server.write(line)
    assert "NAME" in text(server.call("k8s_get_current_context"))


def test_the_server_goes_on_after_a_line_of_20_megabytes(server: Wire) -> None:
    request = server.request("tools/call", name="k8s_get_current_context", arguments={"x": "y" * LONG})
    server.send(request)
    assert "'x' is not a parameter" in text(server.answer(request["id"]))
    assert "NAME" in text(server.call("k8s_get_current_context"))


def test_the_server_goes_on_after_a_line_longer_than_it_takes(server: Wire) -> None:
    server.write(b'{"jsonrpc":"2.0","id":9,"method":"ping","params":{"x":"' + b"y" * (65 << 20) + b'"}}\n')
    assert "NAME" in text(server.call("k8s_get_current_context"))


def test_an_unknown_method_is_an_error_of_the_protocol(server: Wire) -> None:
    assert server.ask("tools/destroy")["error"]["code"] == -32601


def test_an_unknown_tool_and_a_hidden_one_are_the_same_error_of_the_protocol(server: Wire) -> None:
    errors = [server.call(name)["error"] for name in ("odd_write", "odd_nothing")]
    assert [error["code"] for error in errors] == [-32602, -32602]
    assert errors[0]["message"].replace("odd_write", "odd_nothing") == errors[1]["message"]


def test_an_unforeseen_failure_is_told_in_general_words(server: Wire) -> None:
    answer = server.call("odd_fail")
    assert answer["isError"] is True
    assert "hunter2" not in json.dumps(answer)
    assert server.audit()[-1]["id"] in text(answer)


@pytest.mark.parametrize("era", ERAS)
def test_a_line_without_its_end_is_no_message(cluster: Cluster, era: Era) -> None:
    with serving(kubeconfig=cluster.kubeconfig, era=era) as server:
        server.open()
        server.write(json.dumps(server.request("tools/list")).encode())
        server.close()
        assert server.end() == 0
        assert not server.rest()
