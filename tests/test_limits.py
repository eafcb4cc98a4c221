"""Who runs, who waits and who is refused: told by the order in which calls begin."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest

from mcp_kubernetes import App, Effect, Text, ToolCall, hookimpl, tool
from mcp_kubernetes.errors import Busy
from mcp_kubernetes.identity import Identity
from mcp_kubernetes.kube.connection import Request
from mcp_kubernetes.kube.wire.stream_budget import StreamBudget
from mcp_kubernetes.limits import Turns
from mcp_kubernetes.settings import LimitSettings

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from mcp_kubernetes.dispatch import Outcome

SHARED = {"server": {"transport": "streamable-http"}}
FOREVER = 0.000_001
"""Calls per second: the next one is due in eleven days."""


class Stage:
    """Calls that begin, and end when a test says so."""

    def __init__(self) -> None:
        self.begun: list[str] = []
        self._ends: dict[str, asyncio.Event] = {}

    def end(self, *names: str) -> None:
        for name in names:
            self._ends.setdefault(name, asyncio.Event()).set()

    @hookimpl
    def register_tools(self) -> list[Any]:
        @tool(effect=Effect.READ, clustered=False, timeout=60)
        async def perform(_: ToolCall, name: str) -> Text:
            """Begin, and end when told to."""
            self.begun.append(name)
            await self._ends.setdefault(name, asyncio.Event()).wait()
            return Text("Done.")

        @tool(effect=Effect.READ, clustered=False, timeout=0.05)
        async def hurry(_: ToolCall) -> Text:
            """Begin soon or not at all."""
            self.begun.append("hurry")
            return Text("Done.")

        return [perform, hurry]


class Theatre:
    """An app over which a stage is reached, by several users."""

    def __init__(self, app: App, stage: Stage) -> None:
        self.app = app
        self.stage = stage
        self.calls: dict[str, asyncio.Task[Outcome]] = {}

    async def call(self, *names: str, tool: str = "perform") -> None:
        """Make calls; the first letter of a name is the user."""
        for name in names:
            arguments = {"name": name} if tool == "perform" else {}
            identity = Identity(subject=name[0])
            self.calls[name] = asyncio.ensure_future(self.app.call(tool, arguments, identity=identity, session=None))
            await settled()

    async def end(self, *names: str) -> None:
        for name in names:
            self.stage.end(name)
            await self.calls[name]
            await settled()


async def settled() -> None:
    """Let everything run that can."""
    for _ in range(20):
        await asyncio.sleep(0)


@asynccontextmanager
async def theatre(**limits: float) -> AsyncIterator[Theatre]:
    stage = Stage()
    async with App.of({**SHARED, "limits": limits}, plugins={"stage": stage}) as app:
        yield Theatre(app, stage)


async def test_free_places_go_round_the_users_however_many_calls_one_of_them_makes() -> None:
    async with theatre(all_calls=1) as found:
        await found.call("a1", "a2", "a3", "a4", "b1", "c1", "b2")
        await found.end("a1", "a2", "b1", "c1", "a3", "b2", "a4")
        assert found.stage.begun == ["a1", "a2", "b1", "c1", "a3", "b2", "a4"]


async def test_a_user_at_the_limit_waits_and_nobody_else_does() -> None:
    async with theatre(calls=2) as found:
        await found.call("a1", "a2", "a3", "b1")
        assert found.stage.begun == ["a1", "a2", "b1"]
        await found.end("a2")
        assert found.stage.begun == ["a1", "a2", "b1", "a3"]
        await found.end("a1", "a3", "b1")


async def test_a_call_beyond_the_line_is_refused_with_a_sentence_and_recorded_as_that(
    caplog: pytest.LogCaptureFixture,
) -> None:
    async with theatre(calls=1, waiting=1) as found:
        await found.call("a1", "a2", "a3", "b1")
        refused = await found.calls["a3"]
        assert refused.is_error
        assert refused.blocks[0] == (
            "1 calls of yours run and 1 wait, the most that this server takes from one user. "
            "Wait for calls of yours to finish, and try again in 1 s."
        )
        assert '"outcome": "busy"' in caplog.text
        await found.end("a1", "a2", "b1")
        assert found.stage.begun == ["a1", "b1", "a2"]


async def test_calls_beyond_the_rate_wait_for_their_own_users_rate_alone() -> None:
    async with theatre(rate=FOREVER, burst=2) as found:
        await found.call("a1", "a2", "a3", "b1")
        assert found.stage.begun == ["a1", "a2", "b1"]
        await found.end("a1", "a2", "b1")
        assert found.stage.begun == ["a1", "a2", "b1"]
        found.calls["a3"].cancel()


async def test_those_who_wait_for_the_rate_begin_in_order_when_it_allows() -> None:
    async with theatre(rate=1_000, burst=1) as found:
        names = [f"a{number}" for number in range(20)]
        await found.call(*names)
        found.stage.end(*names)
        await asyncio.wait(found.calls.values())
        assert found.stage.begun == names


async def test_a_call_whose_time_is_up_in_line_is_not_begun_and_says_so() -> None:
    async with theatre(calls=1) as found:
        await found.call("a1")
        await found.call("a2", tool="hurry")
        refused = await found.calls["a2"]
        assert refused.is_error
        assert "waited 0.05 s for its turn and was not begun" in refused.blocks[0]
        await found.end("a1")
        assert found.stage.begun == ["a1"]


async def test_who_gives_up_in_line_leaves_the_place_to_the_next() -> None:
    async with theatre(calls=1, waiting=2) as found:
        await found.call("a1", "a2", "a3")
        found.calls["a2"].cancel()
        await settled()
        await found.call("a4")
        await found.end("a1", "a3", "a4")
        assert found.stage.begun == ["a1", "a3", "a4"]


@pytest.mark.parametrize("has_come", [True, False])
async def test_a_turn_that_comes_when_its_call_is_given_up_goes_to_the_next(*, has_come: bool) -> None:
    async with theatre(calls=1) as found:
        await found.call("a1", "a2", "a3")
        found.calls["a1"].cancel()
        if has_come:
            await asyncio.sleep(0)
        found.calls["a2"].cancel()
        await settled()
        await found.end("a3")
        assert found.stage.begun == ["a1", "a3"]


async def test_after_a_storm_there_is_as_much_room_as_before() -> None:
    """Calls of five users that end and are given up at random: never too many run, and none is forgotten."""
    chance = random.Random(5)  # noqa: S311 - a test that goes the same way each time
    async with theatre(calls=2, all_calls=5, waiting=30, rate=0) as found:
        names = [f"{user}{number}" for number in range(20) for user in "abcde"]
        await found.call(*names)
        while any(not call.done() for call in found.calls.values()):
            running = [name for name in found.stage.begun if not found.calls[name].done()]
            assert len(running) == min(5, sum(not call.done() for call in found.calls.values()))
            assert max(Counter(name[0] for name in running).values()) <= 2
            if chance.random() < 0.3:
                found.calls[chance.choice([name for name in names if not found.calls[name].done()])].cancel()
                await settled()
            else:
                await found.end(chance.choice(running))
        await found.call("a20", "a21", "b20", "b21", "c20")
        assert found.stage.begun[-5:] == ["a20", "a21", "b20", "b21", "c20"]
        await found.end("a20", "a21", "b20", "b21", "c20")


async def test_a_server_of_one_user_has_no_line() -> None:
    stage = Stage()
    async with App.of({}, plugins={"stage": stage}) as app:
        found = Theatre(app, stage)
        names = [f"a{number}" for number in range(2 * LimitSettings().calls)]
        await found.call(*names)
        assert stage.begun == names
        await found.end(*names)


def test_many_users_are_not_remembered_forever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mcp_kubernetes.limits._MOST_LINES", 10)
    turns = Turns(LimitSettings())
    for number in range(25):
        turns._line(str(number))
    assert len(turns._lines) <= 10


async def test_streams_beyond_the_budget_of_a_user_are_refused_until_one_ends() -> None:
    @asynccontextmanager
    async def open_(request: Request) -> AsyncIterator[str]:
        if request.path == "/fails":
            raise OSError
        yield request.path

    budget = StreamBudget(2)
    of_a, of_b = budget.counted(open_, "a"), budget.counted(open_, "b")
    for _ in range(3):
        with pytest.raises(OSError):  # noqa: PT011 - any
            await of_a(Request(method="GET", path="/fails")).__aenter__()
    asked = Request(method="GET", path="/log")
    async with of_a(asked), of_b(asked), of_b(asked):
        async with of_a(asked):
            with pytest.raises(Busy, match="You have 2 logs, commands and other streams open"):
                await of_a(asked).__aenter__()
        async with of_a(asked) as found:
            assert found == "/log"
    assert not budget._open
