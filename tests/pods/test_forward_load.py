"""Port-forward under load: many requests, many bytes. Its smaller siblings are in test_forwarding."""

from __future__ import annotations

import asyncio

import pytest

from tests.pods.forwards import ECHO, Caller, Echo, echoed
from tests.pods.volume import MIB, there_and_back

pytestmark = [pytest.mark.load, pytest.mark.timeout(1_200)]  # seconds, for a machine that does much else

CONNECTIONS, REQUESTS = 50, 10_000


async def test_10_000_requests_over_50_connections_at_once_are_all_answered(caller: Caller, echo: Echo) -> None:
    found = await caller.forward(*echo, f"0:{ECHO}")
    asked = [[b"%d of %d" % (number, at) for number in range(REQUESTS // CONNECTIONS)] for at in range(CONNECTIONS)]
    assert await asyncio.gather(*(echoed(found.port, *lines) for lines in asked)) == asked
    assert (await caller.row(found.handle))["CONNECTIONS"].endswith(f"{CONNECTIONS} in all, 0 failed")


async def test_1_gib_comes_back_as_it_was_sent(caller: Caller, echo: Echo) -> None:
    found = await caller.forward(*echo, f"0:{ECHO}")
    sent, received = await there_and_back(found.port, 1_024 * MIB)
    assert received == sent
    row = await caller.row(found.handle)
    assert row["SENT"] == row["RECEIVED"] == str(1_024 * MIB)
