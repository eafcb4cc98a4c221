"""Logs that are followed: all that the API server has sent is in the answer, however the waiting ends.

That so much has been sent and no more can be said of no real API server, so a scripted one stands in for it.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import pytest

from mcp_kubernetes.conversation import Person
from tests.kube.scripted import Cut
from tests.pods.logs.reading import body
from tests.pods.logs.speaking import Speaking, ask, asked_by, stamped, unfinished

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from mcp_kubernetes import App

TEXTS = [f"line {number}" for number in range(2_000)]


@pytest.fixture
async def speaking() -> AsyncIterator[Speaking]:
    async with Speaking([b""], log=unfinished("\n".join(stamped(TEXTS)).encode())) as server:
        yield server


@pytest.fixture
async def following(speaking: Speaking, tmp_path: Path) -> AsyncIterator[App]:
    async with asked_by(speaking, tmp_path) as app:
        yield app


async def test_what_was_sent_is_in_the_answer_when_time_is_up(following: App) -> None:
    answer = await ask(following, maxBytes=200_000, followSeconds=1)
    assert body(answer) == TEXTS


async def test_who_waits_is_told_how_far_it_is(following: App) -> None:
    told: list[tuple[float, float | None, str]] = []

    async def report(done: float, total: float | None, message: str) -> None:
        told.append((done, total, message))

    await ask(following, Person(report=report), maxBytes=200_000, followSeconds=2)
    assert len(told) >= 2
    assert [done for done, *_ in told] == sorted(done for done, *_ in told)
    assert told[-1] == (2, 2, "1,999 lines so far."), "the last one has no end yet"


async def test_what_was_sent_is_in_the_answer_when_the_call_is_cancelled(following: App, speaking: Speaking) -> None:
    asking = asyncio.create_task(ask(following, maxBytes=200_000, followSeconds=60))
    await speaking.was_asked.wait()
    for _ in range(1_000):  # turns of the loop, in which what was sent arrives
        await asyncio.sleep(0)
    asking.cancel()
    assert body(await asking) == TEXTS


async def test_what_was_sent_is_in_the_answer_when_the_log_takes_longer_than_the_call_may(
    following: App, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mcp_kubernetes_pods.asking._RESERVE", 54.0)
    answer = await ask(following, maxBytes=200_000)
    assert body(answer) == TEXTS
    assert "Reading stopped because time is up: 1 of 1 logs were not read to their end." in answer


async def test_what_was_sent_is_in_the_answer_when_the_connection_breaks(following: App, speaking: Speaking) -> None:
    speaking.log = Cut(speaking.log)
    answer = await ask(following, maxBytes=200_000, followSeconds=60)
    assert body(answer) == TEXTS
    assert "web/main could not be read" in answer
