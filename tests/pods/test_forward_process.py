"""Port-forward from a server that is a process of its own: it is up while the client is there, and gone with it."""

from __future__ import annotations

import signal
import socket
from typing import TYPE_CHECKING

import pytest

from tests.pods.forwards import ECHO, Echo, opened
from tests.stdio.wire import Wire, serving, text

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.cluster import Cluster


@pytest.mark.parametrize(
    ("event_loop", "way"),
    [("asyncio", Wire.close), ("uvloop", lambda server: server.process.send_signal(signal.SIGTERM))],
    ids=["asyncio, end of input", "uvloop, SIGTERM"],
)
def test_a_server_that_forwards_ends_with_exit_code_0_and_tells_what_went_through(
    cluster: Cluster, echo: Echo, event_loop: str, way: Callable[[Wire], None]
) -> None:
    variables = {"MCP_KUBERNETES_SERVER__EVENT_LOOP": event_loop}
    with serving("--non-destructive=false", kubeconfig=cluster.kubeconfig, variables=variables) as server:
        server.open()
        asked = {"namespace": echo.namespace, "podName": echo.name, "ports": [f"0:{ECHO}"]}
        found = opened(text(server.call("k8s_port_forward_pod", **asked)))
        with socket.create_connection(("127.0.0.1", found.port), timeout=30) as client:
            client.sendall(b"hello\n")
            assert client.recv(100) == b"hello\n"
            way(server)
            with pytest.raises(ConnectionResetError):
                client.recv(100)
        assert server.end() == 0
    (end,) = (line for line in server.audit() if line["audit"] == "ended")
    assert (end["reason"], end["sent"], end["received"]) == ("the server stopped", 6, 6)
    with pytest.raises(ConnectionRefusedError):
        socket.create_connection(("127.0.0.1", found.port), timeout=30)
