from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from mcp_kubernetes.identity import Identity
from mcp_kubernetes.kube.cluster import ClusterEntry, Credentials
from mcp_kubernetes.kube.wire.pool import Pool, connection_key
from tests.clock import Clock

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

ENTRY = ClusterEntry(name="a", source="s", server="http://127.0.0.1:1")
NOBODY = Credentials()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
async def pool(clock: Clock) -> AsyncIterator[Pool]:
    made = Pool(qps=1, burst=2, clock=clock)
    yield made
    await made.aclose()


@pytest.mark.parametrize(
    "changed",
    [
        {"server": "http://127.0.0.1:2"},
        {"ca": b"x"},
        {"tls_name": "x"},
        {"proxy": "http://127.0.0.1:3"},
        {"insecure": True},
    ],
)
def test_whatever_decides_about_tls_makes_another_connection(changed: dict[str, Any]) -> None:
    assert connection_key(ENTRY, NOBODY) != connection_key(replace(ENTRY, **changed), NOBODY)


@pytest.mark.parametrize("changed", [{"name": "b"}, {"namespace": "x"}, {"details": {"a": "b"}}])
def test_what_a_context_only_calls_it_does_not(changed: dict[str, Any]) -> None:
    assert connection_key(ENTRY, NOBODY) == connection_key(replace(ENTRY, **changed), NOBODY)


@pytest.mark.parametrize(
    ("given", "shared"),
    [
        ({"token": "x"}, True),
        ({"impersonate": (("Impersonate-User", "x"),)}, True),
        ({"certificate": b"x"}, False),
        ({"key": b"x"}, False),
    ],
)
def test_a_client_certificate_is_never_shared_and_a_connection_for_tokens_is(
    given: dict[str, Any], *, shared: bool
) -> None:
    assert (connection_key(ENTRY, NOBODY) == connection_key(ENTRY, Credentials(**given))) is shared


async def test_callers_at_once_get_one_connection(pool: Pool) -> None:
    found = await asyncio.gather(*(pool.connection(ENTRY, NOBODY) for _ in range(10)))
    assert len({id(connection) for connection in found}) == 1


async def test_a_connection_that_nobody_asked_for_in_ten_minutes_is_closed(pool: Pool, clock: Clock) -> None:
    idle: Any = await pool.connection(ENTRY, NOBODY)
    clock.now += 599
    used: Any = await pool.connection(replace(ENTRY, server="http://127.0.0.1:2"), NOBODY)
    assert not idle.session.closed
    clock.now += 2
    again: Any = await pool.connection(replace(ENTRY, server="http://127.0.0.1:2"), NOBODY)
    assert again is used
    assert idle.session.closed
    assert not used.session.closed
    assert await pool.connection(ENTRY, NOBODY) is not idle


async def test_closing_the_pool_closes_every_connection() -> None:
    pool = Pool(qps=0, burst=1)
    found: list[Any] = [
        await pool.connection(replace(ENTRY, server=f"http://127.0.0.1:{port}"), NOBODY) for port in (1, 2, 3)
    ]
    await pool.aclose()
    assert [connection.session.closed for connection in found] == [True] * 3


async def test_each_identity_has_a_rate_of_its_own_at_each_cluster(pool: Pool) -> None:
    alice, bob = Identity(subject="alice"), Identity(subject="bob")
    elsewhere = replace(ENTRY, name="b")
    await pool.limiter(ENTRY, alice).acquire()
    await pool.limiter(ENTRY, alice).acquire()
    free = [pool.limiter(entry, who).free for entry, who in ((ENTRY, alice), (ENTRY, bob), (elsewhere, alice))]
    assert free == pytest.approx([0, 2, 2])


async def test_one_person_signed_in_twice_has_one_rate(pool: Pool) -> None:
    first = Identity(subject="alice", issuer="x", username="alice")
    again = Identity(subject="alice", issuer="x", username="Alice")
    assert pool.limiter(ENTRY, first) is pool.limiter(ENTRY, again)
