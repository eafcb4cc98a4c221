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


@pytest.mark.parametrize("era", ERAS)
def test_a_line_without_its_end_is_no_message(cluster: Cluster, era: Era) -> None:
    with serving(kubeconfig=cluster.kubeconfig, era=era) as server:
        server.open()
        server.write(json.dumps(server.request("tools/list")).encode())
        server.close()
        assert server.end() == 0
        assert not server.rest()
