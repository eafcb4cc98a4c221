"""How the server ends: quickly, with exit code 0, whatever still runs."""

from __future__ import annotations

import signal
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

from tests.silence import silent_server
from tests.stdio.kubeconfigs import ODD, ODD_PATH, contexts
from tests.stdio.wire import ERAS, Era, Wire, serving

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cluster import Cluster

SIGNALS = [signal.SIGTERM, signal.SIGINT]

WAYS: dict[str, Callable[[Wire], None]] = {
    "end-of-input": Wire.close,
    "SIGTERM": lambda server: server.process.send_signal(signal.SIGTERM),
    "SIGINT": lambda server: server.process.send_signal(signal.SIGINT),
}
ways = pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
eras = pytest.mark.parametrize("era", ERAS)


@ways
@eras
def test_an_idle_server_ends_with_exit_code_0_and_without_a_word(
    cluster: Cluster, way: Callable[[Wire], None], era: Era
) -> None:
    with serving(kubeconfig=cluster.kubeconfig, era=era) as server:
        server.open()
        server.ask("tools/list")
        way(server)
        assert server.end() == 0
        assert not server.stderr


@eras
@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_that_comes_with_a_message_ends_it_with_exit_code_0(cluster: Cluster, number: int, era: Era) -> None:
    with serving(kubeconfig=cluster.kubeconfig, era=era) as server:
        server.open()
        server.send(*(server.request("tools/list") for _ in range(5)))
        server.process.send_signal(number)
        assert server.end() == 0
        assert not server.stderr


@ways
@eras
def test_running_calls_are_cancelled_and_audited(cluster: Cluster, way: Callable[[Wire], None], era: Era) -> None:
    with serving(*ODD, kubeconfig=cluster.kubeconfig, variables=ODD_PATH, era=era) as server:
        server.open()
        server.send(*(server.request("tools/call", name="odd_wait", arguments={}) for _ in range(3)))
        server.until(lambda: server.stderr.count(b"waiting: ") == 3, "the calls' beginning")
        way(server)
        assert server.end() == 0
        assert [line["outcome"] for line in server.audit(3)] == ["cancelled"] * 3


@ways
def test_a_call_that_waits_for_a_silent_api_server_is_cancelled(
    tmp_path: Path, cluster: Cluster, way: Callable[[Wire], None]
) -> None:
    with silent_server() as visit:
        kubeconfig = contexts(tmp_path, cluster.kubeconfig, {"silent": visit.url}, "silent")
        with serving(kubeconfig=kubeconfig) as server:
            server.open()
            server.send(server.request("tools/call", name="k8s_list_resources", arguments={"resourceType": "pods"}))
            assert visit.came.wait(30)
            way(server)
            assert server.end() == 0
            assert [line["outcome"] for line in server.audit(1)] == ["cancelled"]
