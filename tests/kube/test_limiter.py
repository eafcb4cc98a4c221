from __future__ import annotations

import asyncio

import pytest

from mcp_kubernetes.kube.wire.limiter import TokenBucket
from tests.clock import Clock


async def test_a_burst_goes_out_at_once() -> None:
    bucket = TokenBucket(qps=1, burst=5, clock=Clock())
    assert [await bucket.acquire() for _ in range(5)] == [0.0] * 5
    assert bucket.free == 0


async def test_tokens_come_back_at_the_rate() -> None:
    clock = Clock()
    bucket = TokenBucket(qps=2, burst=4, clock=clock)
    for _ in range(4):
        await bucket.acquire()
    clock.now += 1
    assert bucket.free == pytest.approx(2)
    clock.now += 10
    assert bucket.free == pytest.approx(4)


async def test_a_request_beyond_the_burst_waits_for_its_token_and_tells_how_long() -> None:
    bucket = TokenBucket(qps=100, burst=1, clock=Clock())
    assert await bucket.acquire() == pytest.approx(0)
    assert await bucket.acquire() == pytest.approx(0.01)


async def test_those_who_wait_go_first_come_first_served() -> None:
    bucket = TokenBucket(qps=200, burst=1, clock=asyncio.get_running_loop().time)
    order: list[int] = []

    async def go(number: int) -> None:
        await bucket.acquire()
        order.append(number)

    await asyncio.gather(*(go(number) for number in range(6)))
    assert order == list(range(6))


async def test_without_a_rate_nothing_ever_waits() -> None:
    bucket = TokenBucket(qps=0, burst=1, clock=Clock())
    assert [await bucket.acquire() for _ in range(100)] == [0.0] * 100
    assert bucket.free == float("inf")
