"""What `make test` shows on a small scale, with as many users and sessions as a server has to take."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from bench.crowd import crowd, sessions
from bench.load import CALLS, SESSIONS, USERS, descriptors, flooded, names, shared_server, unheard
from bench.servers import mebibytes
from tests.http.server import http_server
from tests.stdio.wire import SECONDS

if TYPE_CHECKING:
    from tests.cluster import Cluster

pytestmark = pytest.mark.load

MEBIBYTES = 300
IDLE = 120
"""Seconds."""

SPREAD = 5
"""How many times longer than half of the calls may take one in a hundred."""


def test_many_users_are_all_answered_alike_and_leave_nothing_behind(cluster: Cluster) -> None:
    with shared_server(cluster.kubeconfig) as server:
        crowd(server.url, names(1), 2)
        before = descriptors(server)
        found = crowd(server.url, names(USERS), CALLS)
        held = mebibytes(server.wire)
        again = crowd(server.url, names(USERS), CALLS)
        assert found.errors == again.errors == 0
        assert found.p99 < SPREAD * found.p50
        assert mebibytes(server.wire) < MEBIBYTES
        assert mebibytes(server.wire) < 1.2 * held
        limit = time.monotonic() + SECONDS
        while descriptors(server) > before + 2 and time.monotonic() < limit:
            time.sleep(0.5)
        assert descriptors(server) <= before + 2  # connections to the API server are kept for a while


def test_a_flood_at_most_doubles_what_others_wait_for(cluster: Cluster) -> None:
    with shared_server(cluster.kubeconfig) as server:
        crowd(server.url, names(1), 50)
        ratios = [loud.p99 / calm.p99 for loud, calm in (flooded(server) for _ in range(5))]
        assert sorted(ratios)[2] < 2


def test_idle_sessions_beyond_the_limit_are_refused() -> None:
    with http_server() as server, unheard(server):
        statuses = sessions(server.url, SESSIONS)
        assert (statuses.count(200), statuses.count(503)) == (1_000, SESSIONS - 1_000)


@pytest.mark.timeout(900)
def test_idle_sessions_are_reaped_and_their_memory_serves_the_next() -> None:
    flags = ("--max-sessions", str(SESSIONS), "--session-idle-timeout", str(IDLE))
    with http_server(*flags) as server, unheard(server):
        assert sessions(server.url, SESSIONS) == [200] * SESSIONS
        full = mebibytes(server.wire)
        time.sleep(1.5 * IDLE)
        assert sessions(server.url, SESSIONS) == [200] * SESSIONS
        assert mebibytes(server.wire) < 1.2 * full
