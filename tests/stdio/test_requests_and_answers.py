"""Each request gets its own answer, or none if it was cancelled: ids, cancellation and the handshake, out of order."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.stdio.kubeconfigs import ODD, ODD_PATH
from tests.stdio.wire import ERAS, LATEST, Era, Wire, serving, text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.cluster import Cluster

INVALID_REQUEST, INVALID_PARAMS, UNSUPPORTED_VERSION = -32600, -32602, -32022
CLIENT = {"name": "wire", "version": "1"}


@pytest.fixture(params=ERAS)
def server(request: pytest.FixtureRequest, cluster: Cluster) -> Iterator[Wire]:
    """A server with the odd plugin, after its opening."""
    era: Era = request.param
    with serving(*ODD, kubeconfig=cluster.kubeconfig, variables=ODD_PATH, era=era) as wire:
        wire.open()
        yield wire


@pytest.fixture
def fresh(cluster: Cluster) -> Iterator[Wire]:
    """A server that nobody has spoken to yet, for a client of the older protocol."""
    with serving(*ODD, kubeconfig=cluster.kubeconfig, variables=ODD_PATH, era="legacy") as wire:
        yield wire


def waiting(server: Wire, **members: object) -> dict[str, Any]:
    """Begin a call that does not end by itself; the request, once it runs."""
    request = {**server.request("tools/call", name="odd_wait", arguments={}), **members}
    begun = server.stderr.count(b"waiting: ")
    server.send(request)
    server.until(lambda: server.stderr.count(b"waiting: ") > begun, "the call's beginning")
    return request


def cancel(server: Wire, number: object) -> None:
    server.send({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": number}})


def only_answer(server: Wire, **members: object) -> dict[str, Any]:
    """Call another tool; the next message has to be its answer."""
    later = {**server.request("tools/call", name="k8s_get_current_context", arguments={}), **members}
    server.send(later)
    message = server.message()
    assert message["id"] == later["id"], message
    assert "NAME" in text(message["result"])
    return later


def test_a_second_request_with_the_id_of_a_running_one_is_refused_in_nobodys_name(server: Wire) -> None:
    running = waiting(server)
    server.send({**server.request("tools/list"), "id": running["id"]})
    refused = server.message()
    assert (refused["id"], refused["error"]["code"]) == (None, INVALID_REQUEST)
    assert "has not been answered yet" in refused["error"]["message"]
    only_answer(server)
    cancel(server, running["id"])
    assert [line["outcome"] for line in server.audit(2)] == ["ok", "cancelled"]


def test_a_bad_line_with_the_id_of_a_running_request_is_refused_in_nobodys_name(server: Wire) -> None:
    running = waiting(server)
    server.write(b'{"jsonrpc":"1.0","id":%d,"method":"ping"}\n' % running["id"])
    assert server.message()["id"] is None
    only_answer(server)


def test_two_ids_that_look_alike_are_two(server: Wire) -> None:
    running = waiting(server, id="800")
    only_answer(server, id=800)
    assert running["id"] == "800"


@pytest.mark.parametrize("cancelled", [False, True])
def test_an_id_may_be_used_again_once_its_request_has_come_to_an_end(server: Wire, cancelled: bool) -> None:
    if cancelled:
        first = waiting(server)
        cancel(server, first["id"])
        server.audit(1)
        only_answer(server)
    else:
        first = only_answer(server)
    only_answer(server, id=first["id"])


def test_a_cancelled_call_is_not_answered(server: Wire) -> None:
    running = waiting(server)
    cancel(server, running["id"])
    assert server.audit(1)[0]["outcome"] == "cancelled"
    only_answer(server)


def test_a_call_that_is_cancelled_before_it_begins_is_not_answered(server: Wire) -> None:
    request = server.request("tools/call", name="odd_wait", arguments={})
    notification = {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": request["id"]}}
    server.send(request, notification)
    only_answer(server)


def test_cancelling_what_is_over_or_never_was_changes_nothing(server: Wire) -> None:
    running = waiting(server)
    done = only_answer(server)
    others: tuple[object, ...] = (done["id"], 12_345, "never", f"{running['id']}0", None, True, 1.5, [1], {})
    for number in others:
        cancel(server, number)
    only_answer(server)
    assert [line["outcome"] for line in server.audit(2)] == ["ok", "ok"]


def test_a_cancellation_with_a_reason_that_does_not_fit_does_not_end_the_server(server: Wire) -> None:
    params = {"requestId": waiting(server)["id"], "reason": {"x": [1]}}
    server.send({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": params})
    only_answer(server)


def test_a_request_before_the_handshake_is_told_so(fresh: Wire) -> None:
    for method in ("tools/list", "tools/call"):
        error = fresh.ask(method, name="odd_wait")["error"]
        assert error["code"] == INVALID_PARAMS
        assert error["message"].endswith("initialize has to come first.")
    assert fresh.ask("ping") == {}
    assert "mcp-kubernetes" in fresh.open()["serverInfo"]["name"]
    only_answer(fresh)


@pytest.mark.parametrize("asked", ["2999-01-01", "1999-01-01", "", "x" * 10_000, LATEST])
def test_a_version_that_no_handshake_has_is_answered_with_one_that_is_served(fresh: Wire, asked: str) -> None:
    found = fresh.ask("initialize", protocolVersion=asked, capabilities={}, clientInfo=CLIENT)
    assert found["protocolVersion"] == "2025-11-25"
    only_answer(fresh)


@pytest.mark.parametrize("asked", ["2024-11-05", "2025-03-26", "2025-06-18", "2025-11-25"])
def test_each_version_of_the_handshake_is_served_as_it_was_asked_for(fresh: Wire, asked: str) -> None:
    found = fresh.ask("initialize", protocolVersion=asked, capabilities={}, clientInfo=CLIENT)
    assert found["protocolVersion"] == asked
    only_answer(fresh)


def test_a_handshake_that_lacks_something_is_told_what_and_can_be_repeated(fresh: Wire) -> None:
    error = fresh.ask("initialize", protocolVersion="2025-11-25", clientInfo=CLIENT)["error"]
    assert error["code"] == INVALID_PARAMS
    assert "capabilities" in error["message"]
    fresh.open()
    only_answer(fresh)


def test_a_second_handshake_is_answered_like_the_first(fresh: Wire) -> None:
    assert fresh.open() == fresh.open()
    only_answer(fresh)


def test_a_handshake_cannot_be_cancelled(fresh: Wire) -> None:
    first = fresh.request("initialize", protocolVersion="2025-11-25", capabilities={}, clientInfo=CLIENT)
    notification = {"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": first["id"]}}
    fresh.send(first, notification)
    assert fresh.message()["id"] == first["id"]
    only_answer(fresh)


def test_garbage_before_the_handshake_is_refused_and_the_handshake_follows(fresh: Wire) -> None:
    fresh.write(b"{nonsense\n" * 20)
    assert {fresh.message()["error"]["code"] for _ in range(20)} == {-32700}
    fresh.open()
    only_answer(fresh)


def test_a_request_of_a_version_that_is_not_served_is_told_which_ones_are(cluster: Cluster) -> None:
    with serving(kubeconfig=cluster.kubeconfig) as server:
        server.open()
        request = server.request("tools/list")
        request["params"]["_meta"] = {
            **request["params"]["_meta"],
            "io.modelcontextprotocol/protocolVersion": "2999-01-01",
        }
        server.send(request)
        error = server.answer(request["id"])["error"]
        assert (error["code"], error["data"]["supported"]) == (UNSUPPORTED_VERSION, [LATEST])
        only_answer(server)


def test_a_client_of_the_newer_protocol_cannot_change_to_the_older_one(cluster: Cluster) -> None:
    with serving(kubeconfig=cluster.kubeconfig) as server:
        server.open()
        error = server.ask("initialize", protocolVersion="2025-11-25", capabilities={}, clientInfo=CLIENT)["error"]
        assert (error["code"], error["data"]["supported"]) == (UNSUPPORTED_VERSION, [LATEST])
        only_answer(server)


def test_a_client_of_the_older_protocol_cannot_change_to_the_newer_one(fresh: Wire) -> None:
    fresh.open()
    fresh.era = "modern"
    assert fresh.ask("tools/list")["error"]["code"] == INVALID_REQUEST
    fresh.era = "legacy"
    only_answer(fresh)
