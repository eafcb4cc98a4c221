"""What many users cost over HTTP, beside a bare endpoint that makes the same requests to the API server."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from bench.crowd import FLOODER, Times, crowd, sessions, token_file
from bench.measuring import Figure
from bench.servers import bare_http, mebibytes
from tests.http.server import HTTPServer, http_server

USERS, CALLS = 200, 50
FLOOD, VICTIMS_CALLS = 50, 300
SESSIONS = 10_000
_PEER = "bare Starlette endpoint"


@contextmanager
def shared_server(kubeconfig: Path, *flags: str) -> Iterator[HTTPServer]:
    """Our server for all users of a crowd, with the bucket of requests to the API server lifted."""
    with TemporaryDirectory() as folder:
        tokens = token_file(Path(folder), [*names(USERS), FLOODER])
        words = ("--token-file", str(tokens), "--qps-limit", "0", *flags)
        with http_server(*words, kubeconfig=kubeconfig) as server, unheard(server):
            yield server


@contextmanager
def unheard(server: HTTPServer) -> Iterator[None]:
    """Take and drop what the server logs: it would wait for a reader."""
    hearing = threading.Thread(target=server.wire.drop)
    hearing.start()
    try:
        yield
    finally:
        server.wire.process.kill()
        hearing.join()


def names(count: int) -> list[str]:
    """So many users."""
    return [f"user-{number:03}" for number in range(count)]


def descriptors(server: HTTPServer) -> int:
    """Open file descriptors of the server's process."""
    return len(list(Path(f"/proc/{server.wire.process.pid}/fd").iterdir()))


def flooded(server: HTTPServer) -> tuple[Times, Times]:
    """One user's calls while another floods the server, and when nobody else is there."""
    calm = crowd(server.url, names(1), VICTIMS_CALLS)
    return crowd(server.url, names(1), VICTIMS_CALLS, flood=FLOOD), calm


def figures(kubeconfig: Path, rounds: int) -> Iterator[Figure]:
    """All of it, in one run."""
    yield from _many_users(kubeconfig)
    yield _flood(kubeconfig, rounds)
    yield from _idle_sessions(kubeconfig)


def _many_users(kubeconfig: Path) -> Iterator[Figure]:
    with shared_server(kubeconfig) as server, bare_http(kubeconfig) as bare:
        for each in (server, bare):
            crowd(each.url, names(USERS), 2)
        mine, peers = crowd(server.url, names(USERS), CALLS), crowd(bare.url, names(USERS), CALLS)
        held = [(mebibytes(server.wire), mebibytes(bare.wire))]
        crowd(server.url, names(USERS), CALLS // 5)
        plateau = [(mebibytes(server.wire), held[0][0])]
    what = f"{USERS} users x {CALLS} calls ({mine.errors} and {peers.errors} errors)"
    yield Figure(what=f"{what}: p50", peer=_PEER, pairs=[(mine.p50, peers.p50)], unit="ms", scale=1e3)
    yield Figure(what=f"{what}: p99", peer=_PEER, pairs=[(mine.p99, peers.p99)], unit="ms", scale=1e3)
    yield Figure(what="p99 of ours", peer="its p50", pairs=[(mine.p99, mine.p50)], unit="ms", scale=1e3)
    rate = [(mine.took, peers.took)]
    yield Figure(what=what, peer=_PEER, pairs=rate, unit="calls/s", scale=USERS * CALLS, inverse=True)
    yield Figure(what="memory after that", peer=_PEER, pairs=held, unit="MiB")
    yield Figure(what="memory after a fifth as many again", peer="the same before", pairs=plateau, unit="MiB")


def _flood(kubeconfig: Path, rounds: int) -> Figure:
    with shared_server(kubeconfig) as server:
        crowd(server.url, names(1), 50)
        pairs = [(loud.p99, calm.p99) for loud, calm in (flooded(server) for _ in range(rounds))]
    what = f"p99 of one user while another floods from {FLOOD} connections"
    return Figure(what=what, peer="the same user alone", pairs=pairs, unit="ms", scale=1e3)


def _idle_sessions(kubeconfig: Path) -> Iterator[Figure]:
    with http_server("--max-sessions", str(SESSIONS), kubeconfig=kubeconfig) as server, unheard(server):
        sessions(server.url, 10)
        before = mebibytes(server.wire)
        statuses = sessions(server.url, SESSIONS)
        pairs = [(mebibytes(server.wire), before)]
    opened, refused = statuses.count(200), statuses.count(503)
    what = f"memory with {SESSIONS:,} idle sessions ({opened:,} more opened, {refused} refused)"
    yield Figure(what=what, peer="the same before", pairs=pairs, unit="MiB")
