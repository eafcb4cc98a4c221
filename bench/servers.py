"""The two servers that are compared, as processes: ours, and the SDK's with nothing around it."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path

from bench.measuring import memory
from mcp_kubernetes.settings import EventLoop
from tests.http.server import HTTPServer
from tests.http.server import started as listening
from tests.stdio.wire import PROGRAM, Wire, serving

_UNLIMITED = ("--qps-limit", "0")
CHANGING = "--non-destructive=false"
_BARE_HTTP = (sys.executable, "-m", "bench.bare_http")
_BARE = (sys.executable, Path(__file__).with_name("bare.py"))


def ours(kubeconfig: Path, event_loop: EventLoop = "asyncio", *flags: str) -> AbstractContextManager[Wire]:
    """Our server, with the rate limit lifted, and further flags."""
    variables = {"MCP_KUBERNETES_SERVER__EVENT_LOOP": event_loop}
    return serving(*_UNLIMITED, *flags, kubeconfig=kubeconfig, variables=variables, program=(PROGRAM,))


def bare() -> AbstractContextManager[Wire]:
    """The SDK's low-level server with one tool."""
    return serving(program=_BARE)


@contextmanager
def bare_http(kubeconfig: Path) -> Iterator[HTTPServer]:
    """A bare endpoint over HTTP that makes one request to the API server for each call."""
    with serving(str(kubeconfig), program=_BARE_HTTP) as wire:
        yield listening(wire)


def started(server: AbstractContextManager[Wire]) -> None:
    """Start a server, wait for its first answer, and end it."""
    with server as wire:
        wire.open()


def mebibytes(wire: Wire) -> float:
    """The memory that a server's process holds (VmRSS)."""
    return memory(wire.process.pid, "VmRSS")
