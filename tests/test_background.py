"""What outlives its call in an app, whatever it does: it is nobody else's, it is bounded, and it ends with the app."""

from __future__ import annotations

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest

from mcp_kubernetes import App, Effect, Identity, Text, Tool, ToolCall, ToolError, hookimpl, tool
from mcp_kubernetes.identity import Identity as Somebody

if TYPE_CHECKING:
    from pytest_mcp_kubernetes.apps import Apps

ANN, BOB = Somebody(subject="ann"), Somebody(subject="bob")
CONNECTING: dict[str, dict[str, Any]] = {"safety": {"non_destructive": False}}


class Work:
    """Work that goes on until it is told to end, and notes what happens to it."""

    def __init__(self, error: BaseException | None = None, *, stubborn: bool = False) -> None:
        self.error, self.stubborn = error, stubborn
        self.began, self.told = asyncio.Event(), asyncio.Event()
        self.figures: Mapping[str, object] = {"bytes": 7}
        self.call: ToolCall | None = None

    async def run(self, call: ToolCall) -> str:
        self.call = call
        self.began.set()
        while True:
            try:
                await self.told.wait()
            except asyncio.CancelledError:
                if not self.stubborn:
                    raise
            if self.error:
                raise self.error
            if self.told.is_set():
                return "it was told to"


class Worker:
    """A plugin whose tools start work, list it and stop it. `ended` notes the end of its lifespan."""

    def __init__(self, *works: Work) -> None:
        self.works = list(works)
        self.notes: list[str] = []

    @hookimpl
    def register_tools(self) -> list[Tool]:
        connecting = tool(effect=Effect.CONNECT, clustered=False)
        return [connecting(each) for each in (self.begin, self.show, self.end)]

    @hookimpl
    @asynccontextmanager
    async def lifespan(self) -> AsyncIterator[None]:
        yield
        self.notes.append("the lifespan ended")

    async def begin(self, call: ToolCall) -> Text:
        """Start the next piece of work."""
        return Text("{handle}", handle=call.background.start(call, self.works.pop(0)))

    async def show(self, call: ToolCall) -> Text:
        """Show the caller's."""
        found = call.background.find(Work)
        return Text("{found}", found=json.dumps({handle: each.ended for handle, each in found.items()}))

    async def end(self, call: ToolCall, handle: str) -> Text:
        """Stop one."""
        return Text("{found}", found=await call.background.stop(Work, handle) is not None)


async def ask(app: App, name: str, identity: Identity = ANN, **arguments: Any) -> str:
    outcome = await app.call(name, arguments, identity=identity, session=None)
    assert not outcome.is_error, outcome.blocks
    return outcome.blocks[0]


async def shown(app: App, identity: Identity = ANN) -> dict[str, str]:
    found: dict[str, str] = json.loads(await ask(app, "show", identity))
    return found


def audit(caplog: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    lines = (record.getMessage() for record in caplog.records if record.name == "mcp_kubernetes.audit")
    return [line for line in map(json.loads, lines) if line["audit"] == "ended"]


async def test_it_goes_on_after_its_call_with_the_same_rights_and_no_deadline(app: Apps) -> None:
    work = Work()
    async with app.make({"worker": Worker(work)}, {**CONNECTING, "tools": {"timeout": 0.05}}) as made:
        handle = await ask(made, "begin")
        await work.began.wait()
        assert work.call is not None
        assert work.call.identity == ANN
        assert work.call.deadline > asyncio.get_running_loop().time() + 1e9
        assert work.call.approver is None
        assert await shown(made) == {handle: ""}


async def test_it_is_shown_to_and_stopped_by_its_owner_alone(app: Apps) -> None:
    async with app.make({"worker": Worker(Work(), Work())}, CONNECTING) as made:
        of_ann, of_bob = await ask(made, "begin"), await ask(made, "begin", BOB)
        assert await shown(made, BOB) == {of_bob: ""}
        assert await ask(made, "end", BOB, handle=of_ann) == "False"
        assert await shown(made) == {of_ann: ""}
        assert await ask(made, "end", handle=of_ann) == "True"
        assert await ask(made, "end", handle=of_ann) == "False"
        assert await shown(made) == {of_ann: "its owner stopped it"}
        assert await shown(made, BOB) == {of_bob: ""}


async def test_handles_cannot_be_guessed(app: Apps) -> None:
    async with app.make({"worker": Worker(*(Work() for _ in range(16)))}, CONNECTING) as made:
        handles = {await ask(made, "begin") for _ in range(16)}
    assert len(handles) == 16
    assert {len(handle) for handle in handles} == {16}  # 80 bits


async def test_one_identity_may_have_only_so_much_and_the_others_theirs(app: Apps) -> None:
    settings = {**CONNECTING, "tools": {"background": 2}}
    async with app.make({"worker": Worker(*(Work() for _ in range(4)))}, settings) as made:
        first = await ask(made, "begin")
        await ask(made, "begin")
        refused = await made.call("begin", {}, identity=ANN, session=None)
        assert refused.blocks == ("2 things go on already, which is the most (tools.background). Stop one.",)
        await ask(made, "begin", BOB)
        await ask(made, "end", handle=first)


@pytest.mark.parametrize(
    ("error", "outcome", "reason"),
    [
        (None, "ok", "it was told to"),
        (ToolError("The pod is gone."), "error", "The pod is gone."),
        (OSError("no disk"), "error", "The server failed at this call"),
        (SystemExit(3), "error", "The server failed at this call"),
    ],
)
async def test_however_it_ends_its_owner_and_the_audit_log_are_told_and_nothing_else_ends(
    app: Apps, caplog: pytest.LogCaptureFixture, error: BaseException | None, outcome: str, reason: str
) -> None:
    caplog.set_level(logging.INFO)
    ending, other = Work(error), Work()
    async with app.make({"worker": Worker(ending, other)}, CONNECTING) as made:
        handle, left = await ask(made, "begin"), await ask(made, "begin")
        await ending.began.wait()
        ending.told.set()
        while not (told := await shown(made))[handle]:  # noqa: ASYNC110 - it tells nobody that it has ended
            await asyncio.sleep(0)
        assert told[handle].startswith(reason)
        assert told[left] == ""
        (line,) = audit(caplog)
    assert (line["outcome"], line["handle"], line["bytes"], line["identity"]) == (outcome, handle, 7, "ann")
    assert line["reason"] == told[handle]


async def test_it_ends_before_the_plugins_do_when_the_app_stops(
    app: Apps, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    caplog.set_level(logging.INFO)
    plugin, work = Worker(Work()), None
    monkeypatch.setattr("mcp_kubernetes.audit._write", lambda line: plugin.notes.append(str(line.get("reason"))))
    async with app.make({"worker": plugin}, CONNECTING) as made:
        work = plugin.works[0]
        await ask(made, "begin")
        await work.began.wait()
        plugin.notes.clear()
    assert plugin.notes == ["the server stopped", "the lifespan ended"]


async def test_what_does_not_end_in_time_is_left_behind_and_the_app_stops_all_the_same(
    app: Apps, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("mcp_kubernetes.background._GRACE", 0.05)
    stubborn = Work(stubborn=True)
    async with app.make({"worker": Worker(stubborn)}, CONNECTING) as made:
        await ask(made, "begin")
        await stubborn.began.wait()
    assert "What begin started did not end within 0.05 s." in caplog.text
    stubborn.told.set()
    await asyncio.sleep(0)


async def test_nothing_is_started_any_more_once_the_app_stops(app: Apps) -> None:
    plugin = Worker(Work())
    async with app.make({"worker": plugin}, CONNECTING) as made:
        pass
    refused = await made.call("begin", {}, identity=ANN, session=None)
    assert refused.blocks == ("The server is about to stop, so nothing is started that would go on.",)


async def test_what_has_ended_is_remembered_for_a_while_only(app: Apps, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mcp_kubernetes.background._REMEMBERED", 2)
    async with app.make({"worker": Worker(*(Work() for _ in range(3)))}, CONNECTING) as made:
        handles = [await ask(made, "begin") for _ in range(3)]
        for handle in handles:
            await ask(made, "end", handle=handle)
        assert list(await shown(made)) == handles[1:]
