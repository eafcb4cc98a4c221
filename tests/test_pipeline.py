from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import pytest

from mcp_kubernetes import Answer, Denied, Effect, Text, ToolCall, hookimpl, tool
from mcp_kubernetes.pipeline import compose
from mcp_kubernetes.results import Rendered
from mcp_kubernetes.spi import Stage
from pytest_mcp_kubernetes.apps import text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mcp_kubernetes.spi import Middleware, Proceed
    from pytest_mcp_kubernetes.apps import Apps

SEEN: list[str] = []


@pytest.fixture(autouse=True)
def _nothing_seen() -> None:
    SEEN.clear()


@tool(effect=Effect.READ, clustered=False)
async def speak(_: ToolCall, word: str = "said") -> Text:
    """Answer."""
    SEEN.append("handler")
    return Text("{word}", word=word)


@dataclass
class Watching:
    """A middleware that tells when it runs and what it sees."""

    name: str
    stage: Stage
    refuses: bool = False
    rewrites: dict[str, Any] = field(default_factory=dict)

    async def __call__(self, call: ToolCall, proceed: Proceed) -> Answer:
        SEEN.append(f"> {self.name}")
        if self.refuses:
            raise Denied(f"Refused by {self.name}.")
        found = await proceed(replace(call, arguments={**call.arguments, **self.rewrites}))
        kinds = "+".join(sorted({type(part).__name__ for part in found.parts}))
        SEEN.append(f"< {self.name} {kinds}")
        return found


class Plugin:
    """Offers the middleware it is made with, and the tool."""

    def __init__(self, *middleware: Middleware, tools: Sequence[Any] = ()) -> None:
        self._middleware = middleware
        self._tools = tools

    @hookimpl
    def register_middleware(self) -> Sequence[Middleware]:
        return self._middleware

    @hookimpl
    def register_tools(self) -> Sequence[Any]:
        return self._tools


async def test_steps_run_from_the_first_to_the_handler_and_back() -> None:
    order: list[str] = []

    def step(name: str) -> Any:
        async def run(call: ToolCall, proceed: Proceed) -> Answer:
            order.append(name)
            found = await proceed(call)
            order.append(f"/{name}")
            return found

        return run

    async def handler(_: ToolCall) -> Answer:
        order.append("handler")
        return Answer()

    call: Any = None
    await compose([step("a"), step("b")], handler)(call)
    assert order == ["a", "b", "handler", "/b", "/a"]


async def test_a_step_may_answer_without_going_on() -> None:
    async def answers(_: ToolCall, __: Proceed) -> Answer:
        return Answer((Rendered("early"),))

    async def handler(_: ToolCall) -> Answer:
        raise AssertionError("not reached")

    call: Any = None
    assert (await compose([answers], handler)(call)).parts == (Rendered("early"),)


@pytest.mark.parametrize("swapped", [False, True])
async def test_the_stage_places_a_middleware_and_not_the_order_of_installation(app: Apps, *, swapped: bool) -> None:
    both = [Watching("observe", Stage.OBSERVE), Watching("admit", Stage.ADMIT)]
    async with app({"one": Plugin(*(both[::-1] if swapped else both), tools=[speak])}) as client:
        await client.call_tool("speak", {})
    assert SEEN == ["> observe", "> admit", "handler", "< admit Text", "< observe Rendered"]


async def test_those_who_observe_see_what_the_model_sees_and_those_who_admit_what_the_handler_said(
    app: Apps,
) -> None:
    async with app({"one": Plugin(Watching("o", Stage.OBSERVE), Watching("a", Stage.ADMIT), tools=[speak])}) as client:
        await client.call_tool("speak", {})
    assert [line for line in SEEN if line.startswith("<")] == ["< a Text", "< o Rendered"]


async def test_invalid_arguments_are_observed_and_reach_no_policy(app: Apps) -> None:
    plugin = Plugin(Watching("observe", Stage.OBSERVE), Watching("admit", Stage.ADMIT), tools=[speak])
    async with app({"one": plugin}) as client:
        answer = await client.call_tool("speak", {"word": 5})
    assert answer.is_error
    assert SEEN == ["> observe"]


async def test_a_policy_that_refuses_keeps_the_handler_from_running(
    app: Apps, caplog: pytest.LogCaptureFixture
) -> None:
    async with app({"one": Plugin(Watching("policy", Stage.ADMIT, refuses=True), tools=[speak])}) as client:
        answer = await client.call_tool("speak", {})
    assert answer.is_error
    assert text(answer) == "Refused by policy."
    assert SEEN == ["> policy"]
    assert '"decision": "denied", "reason": "Refused by policy."' in caplog.text


async def test_a_policy_may_change_what_the_handler_is_told(app: Apps) -> None:
    plugin = Plugin(Watching("policy", Stage.ADMIT, rewrites={"word": "changed"}), tools=[speak])
    async with app({"one": plugin}) as client:
        assert text(await client.call_tool("speak", {"word": "asked"})) == "changed"
