"""A call that asks the user: what it is told, when it may ask, and that a state is good for its own call alone."""

from __future__ import annotations

from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from mcp import Client, MCPError
from mcp import types as mcp
from pydantic import BaseModel

from mcp_kubernetes import App, Denied, Effect, Text, ToolCall, tool
from mcp_kubernetes.spi import mcp_server
from pytest_mcp_kubernetes.apps import text
from tests.invariants.probes import Toolbox

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

MODES: tuple[Any, ...] = ("auto", "legacy")
modes = pytest.mark.parametrize("mode", MODES)
OK, NO = mcp.ElicitResult(action="accept", content={"copies": 3}), mcp.ElicitResult(action="decline")
APPROVED = mcp.ElicitResult(action="accept", content={"approve": True})


class Copies(BaseModel):
    """How many of something."""

    copies: int


@tool(effect=Effect.READ, clustered=False)
async def copy(call: ToolCall, what: str = "it") -> Text:
    """Ask how often."""
    await call.progress(1, 1_000, "Before the question.")
    found = await call.elicit("copies", f"How many copies of {what}?", Copies)
    for done in range(2, 1_001):
        await call.progress(done, 1_000)
    return Text("{n} copies.", n=found.copies if found else "No")


@tool(effect=Effect.READ, clustered=False)
async def copy_anyway(call: ToolCall) -> Text:
    """Ask, and do without an answer."""
    try:
        found = await call.elicit("copies", "How many?", Copies)
    except Denied:
        return Text("One copy, unasked.")
    return Text("{n} copies.", n=found.copies if found else "No")


@tool(effect=Effect.WRITE, clustered=False)
async def copy_too_late(call: ToolCall) -> Text:
    """Change something, and ask then."""
    assert call.conversation
    call.conversation.sending()
    found = await call.elicit("copies", "How many?", Copies)
    return Text("{n} copies.", n=found)


@tool(effect=Effect.WRITE, clustered=False)
async def copy_at_once(call: ToolCall) -> Text:
    """Ask, and change something without waiting for the answer."""
    assert call.conversation
    with suppress(Denied):
        found = await call.elicit("copies", "How many?", Copies)
        call.conversation.sending()
        return Text("{n} copies.", n=found.copies if found else "No")
    call.conversation.sending()
    return Text("Too many copies.")


@tool(effect=Effect.WRITE, clustered=False)
async def destroy(call: ToolCall) -> Text:
    """Ask how often, and for approval of that."""
    found = await call.elicit("copies", "How many?", Copies)
    assert call.approver
    await call.approver.ask("Destroy them?", "destroy")
    return Text("Destroyed {n}.", n=found.copies if found else 0)


TOOLBOX = Toolbox(copy, copy_anyway, copy_at_once, copy_too_late, destroy)


@dataclass
class Person:
    """Who sits at the client: what they were asked, and what they say, the last for good."""

    says: list[mcp.ElicitResult]
    asked: list[str] = field(default_factory=list)

    async def __call__(self, context: Any, params: mcp.ElicitRequestParams) -> mcp.ElicitResult:
        del context
        self.asked.append(params.message)
        return self.says.pop(0) if len(self.says) > 1 else self.says[0]


@asynccontextmanager
async def client(mode: Any, person: Person | None, **safety: Any) -> AsyncIterator[Client]:
    settings = {"safety": {"non_destructive": False, **safety}}
    async with (
        App.of(settings, plugins={"toolbox": TOOLBOX}) as app,
        Client(mcp_server(app), mode=mode, elicitation_callback=person) as made,
    ):
        yield made


@modes
async def test_the_reply_reaches_the_handler(mode: Any) -> None:
    person = Person([OK])
    async with client(mode, person) as made:
        assert text(await made.call_tool("copy", {"what": "the page"})) == "3 copies."
    assert person.asked == ["How many copies of the page?"]


@modes
@pytest.mark.parametrize("action", ["decline", "cancel"])
async def test_who_would_rather_not_is_not_asked_again(mode: Any, action: Any) -> None:
    person = Person([mcp.ElicitResult(action=action)])
    async with client(mode, person) as made:
        assert text(await made.call_tool("copy", {})) == "No copies."
    assert len(person.asked) == 1


@modes
async def test_a_form_that_is_not_filled_in_properly_is_asked_for_again(mode: Any) -> None:
    person = Person([mcp.ElicitResult(action="accept", content={"copies": "many"}), OK])
    async with client(mode, person) as made:
        assert text(await made.call_tool("copy", {})) == "3 copies."
    assert len(person.asked) == 2


@modes
async def test_progress_neither_begins_anew_nor_floods_the_client(mode: Any) -> None:
    told: list[float] = []

    async def tell(progress: float, total: float | None, message: str | None) -> None:
        del total, message
        told.append(progress)

    async with client(mode, Person([OK])) as made:
        await made.call_tool("copy", {}, progress_callback=tell)
    # Since 2026-07-28 a call that is made again is another request.
    of_last = told[1:] if mode == "auto" else told
    assert (told[0], of_last[0], told[-1]) == (1, 1, 1_000)
    assert of_last == sorted({*of_last})
    assert len(told) < 500


@modes
async def test_a_handler_can_do_without_an_answer_where_nobody_can_be_asked(mode: Any) -> None:
    async with client(mode, None) as made:
        assert text(await made.call_tool("copy_anyway", {})) == "One copy, unasked."


async def test_that_a_client_cannot_ask_is_told_as_its_version_of_the_protocol_has_it() -> None:
    async with client("legacy", None) as made:
        refused = await made.call_tool("copy", {})
    assert refused.is_error
    async with client("auto", None) as made:
        with pytest.raises(MCPError) as lacking:
            await made.call_tool("copy", {})
    assert lacking.value.error.code == mcp.MISSING_REQUIRED_CLIENT_CAPABILITY
    assert lacking.value.error.data == {"requiredCapabilities": {"elicitation": {"form": {}}}}
    for said in (text(refused), lacking.value.error.message):
        assert "there is no way to" in said
        assert "How many copies of it?" in said


@modes
async def test_a_handler_that_goes_on_without_waiting_is_made_to_wait(mode: Any) -> None:
    async with client(mode, Person([OK])) as made:
        assert text(await made.call_tool("copy_anyway", {})) == "3 copies."


@modes
async def test_nothing_is_changed_before_there_is_a_reply(mode: Any) -> None:
    async with client(mode, Person([OK])) as made:
        assert text(await made.call_tool("copy_at_once", {})) == "3 copies."


@modes
async def test_nobody_is_asked_once_something_was_changed(mode: Any) -> None:
    person = Person([OK])
    async with client(mode, person) as made:
        assert "Something was changed already" in text(await made.call_tool("copy_too_late", {}))
    assert person.asked == []


@modes
async def test_a_call_may_ask_and_need_an_approval(mode: Any) -> None:
    person = Person([OK, APPROVED])
    async with client(mode, person, confirm="destructive") as made:
        assert text(await made.call_tool("destroy", {})) == "Destroyed 3."
    assert person.asked == ["How many?", "Destroy them?"]


@modes
async def test_a_reply_is_no_approval(mode: Any) -> None:
    person = Person([OK, NO])
    async with client(mode, person, confirm="destructive") as made:
        assert "declined" in text(await made.call_tool("destroy", {}))


@pytest.mark.parametrize(
    ("arguments", "changed"), [({}, "X"), ({"what": "another"}, "")], ids=["a changed state", "another call"]
)
async def test_a_state_is_good_for_its_own_call_alone(arguments: dict[str, Any], changed: str) -> None:
    async with client("auto", Person([OK])) as made:
        asked = await made.session.call_tool("copy", {}, allow_input_required=True)
        assert isinstance(asked, mcp.InputRequiredResult)
        state = f"{asked.request_state}{changed}"
        with pytest.raises(MCPError, match="of another call") as refused:
            await made.session.call_tool("copy", arguments, input_responses={"copies": OK}, request_state=state)
    assert refused.value.error.code == mcp.INVALID_PARAMS


async def test_work_that_outlives_its_call_asks_nobody() -> None:
    asked: list[Any] = []

    @tool(effect=Effect.READ, clustered=False)
    async def leave(call: ToolCall) -> Text:
        """Ask for nobody."""
        await call.detached().progress(1)
        try:
            asked.append(await call.detached().elicit("copies", "How many?", Copies))
        except Denied as error:
            return Text("{why}", why=error)
        return Text("Asked.")

    async with App.of({}, plugins={"toolbox": Toolbox(leave)}) as app, Client(mcp_server(app)) as made:
        assert "Nobody waits for this call any more" in text(await made.call_tool("leave", {}))
    assert asked == []
