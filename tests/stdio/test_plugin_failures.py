"""What a plugin raises costs its own call, and never the server."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.stdio.kubeconfigs import ODD, ODD_PATH
from tests.stdio.odd_plugin import AWAITED, RAISED
from tests.stdio.wire import ERAS, Era, Wire, serving, text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.cluster import Cluster


@pytest.fixture(scope="module", params=ERAS)
def server(request: pytest.FixtureRequest, cluster: Cluster) -> Iterator[Wire]:
    """A server with the odd plugin that tells its log everything."""
    era: Era = request.param
    with serving(*ODD, "--debug", kubeconfig=cluster.kubeconfig, variables=ODD_PATH, era=era) as wire:
        wire.open()
        yield wire


def test_an_unforeseen_failure_is_told_in_general_words(server: Wire) -> None:
    before = len(server.audit())
    answer = server.call("odd_fail")
    assert answer["isError"] is True
    assert "hunter2" not in json.dumps(answer)
    assert server.audit(before + 1)[-1]["id"] in text(answer)


@pytest.mark.parametrize("what", [*RAISED, *AWAITED])
def test_the_call_is_answered_and_the_server_goes_on_after(server: Wire, what: str) -> None:
    before = len(server.audit())
    answer = server.call("odd_raise", what=what)
    (line,) = server.audit(before + 1)[before:]
    assert answer["isError"] is True
    assert text(answer) == f"The server failed at this call; its log tells more under the id {line['id']}."
    assert line["outcome"] == "error"
    assert f"The tool odd_raise failed (call {line['id']}).".encode() in server.stderr
    assert "NAME" in text(server.call("k8s_get_current_context"))


def test_a_call_that_is_cancelled_is_still_no_failure(server: Wire) -> None:
    before = len(server.audit())
    request = server.request("tools/call", name="odd_wait", arguments={})
    begun = server.stderr.count(b"waiting: ")
    server.send(request)
    server.until(lambda: server.stderr.count(b"waiting: ") > begun, "the call's beginning")
    server.send({"jsonrpc": "2.0", "method": "notifications/cancelled", "params": {"requestId": request["id"]}})
    assert server.audit(before + 1)[-1]["outcome"] == "cancelled"


def test_half_a_surrogate_pair_is_left_out_of_the_answer(server: Wire) -> None:
    assert "skyblue" in text(server.call("odd_surrogate"))
