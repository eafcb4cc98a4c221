"""Code that blocks the event loop is named while it does. Each plugin here blocks until the log has told of it."""

from __future__ import annotations

import asyncio
import ctypes
import logging
import re
import threading
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from mcp_kubernetes import Answer, Effect, Rows, Text, ToolCall, hookimpl, tool
from mcp_kubernetes.spi import Stage
from mcp_kubernetes.watchdog import Watchdog, Work
from pytest_mcp_kubernetes.apps import text

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable, Iterator, Sequence
    from contextlib import AbstractAsyncContextManager

    from mcp_kubernetes.spi import Proceed
    from pytest_mcp_kubernetes.apps import Apps

NAMED = re.compile(
    r"The plugin '(?P<plugin>\w+)' blocks the event loop, for (?P<seconds>[\d.]+) s so far, "
    r"at (?P<file>\S+):\d+ \((?P<function>\w+)\), in (?P<work>.*)\. Nothing else is served meanwhile\."
)
AFTER = re.compile(r"The event loop turns again: the plugin '(?P<plugin>\w+)' blocked it for (?P<seconds>[\d.]+) s\.")
LONGEST = 60
"""Seconds after which a block ends although nobody told of it."""


class Log(logging.Handler):
    """What the watchdog says; `heard` is set when it has named somebody."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[str] = []
        self.heard = threading.Event()

    def emit(self, record: logging.LogRecord) -> None:
        self.said.append(record.getMessage())
        self.heard.set()

    def named(self) -> re.Match[str]:
        """The one that was named, while it blocked, and once."""
        found = [match for line in self.said if (match := NAMED.fullmatch(line))]
        assert len(found) == 1, self.said
        return found[0]


@pytest.fixture
def log() -> Iterator[Log]:
    logger, handler = logging.getLogger("mcp_kubernetes.watchdog"), Log()
    logger.addHandler(handler)
    yield handler
    logger.removeHandler(handler)


@contextmanager
def heard() -> Iterator[threading.Event]:
    """The event of the log of this test."""
    (handler,) = (each for each in logging.getLogger("mcp_kubernetes.watchdog").handlers if isinstance(each, Log))
    yield handler.heard


def sleeping() -> None:
    with heard() as event:
        event.wait(LONGEST)


def computing() -> None:
    with heard() as event:
        while not event.is_set():
            pass


WAYS: dict[str, Callable[[], None]] = {"waiting": sleeping, "computing": computing}


@tool(effect=Effect.READ, clustered=False)
async def block(call: ToolCall, way: str = "waiting", *, goes_on: bool = False) -> Text:  # noqa: ARG001
    """Block."""
    WAYS[way]()
    if goes_on:
        await asyncio.Event().wait()
    return Text("Done.")


@tool(effect=Effect.READ, clustered=False)
async def wait_for_turn(call: ToolCall) -> Text:  # noqa: ARG001
    """Answer as soon as the loop turns."""
    await asyncio.sleep(0)
    return Text("It turned.")


@tool(effect=Effect.READ, clustered=False)
async def block_in_rows(call: ToolCall) -> Rows:  # noqa: ARG001
    """Block when the rows are read."""

    async def rows() -> AsyncIterator[Sequence[str]]:
        sleeping()
        yield ("a",)

    return Rows(("NAME",), rows())


@tool(effect=Effect.READ, clustered=False)
async def block_in_a_task(call: ToolCall) -> Text:  # noqa: ARG001
    """Block in a task that is not the call's own."""

    async def child() -> None:
        sleeping()

    await asyncio.create_task(child())
    return Text("Done.")


class Slow:
    """A plugin whose middleware, or lifespan, blocks."""

    def __init__(self, *tools: Any, middle: bool = False, start: bool = False) -> None:
        self._tools, self._middle, self._start = tools, middle, start

    stage = Stage.ADMIT

    async def __call__(self, call: ToolCall, proceed: Proceed) -> Answer:
        sleeping()
        return await proceed(call)

    @hookimpl
    def register_tools(self) -> Sequence[Any]:
        return self._tools

    @hookimpl
    def register_middleware(self) -> Sequence[Any]:
        return [self] if self._middle else []

    @hookimpl
    def lifespan(self) -> AbstractAsyncContextManager[None]:
        return self._lifespan()

    @asynccontextmanager
    async def _lifespan(self) -> AsyncIterator[None]:
        if self._start:
            sleeping()
        yield


@pytest.mark.parametrize("way", WAYS)
async def test_a_handler_that_blocks_is_named_while_it_does_and_once_more_when_the_loop_turns(
    app: Apps, log: Log, way: str
) -> None:
    async with app({"slow": Slow(block)}) as client:
        answer = await client.call_tool("block", {"way": way})
    found = log.named()
    assert (found["plugin"], Path(found["file"])) == ("slow", Path(__file__))
    assert found["function"] == WAYS[way].__name__
    assert re.fullmatch(r"the tool block \(call [0-9a-f]{12}\)", found["work"])
    after = AFTER.fullmatch(log.said[-1])
    assert after
    assert float(after["seconds"]) >= float(found["seconds"]) >= 1
    assert text(answer) == "Done."


@pytest.mark.parametrize("name", ["block_in_rows", "block_in_a_task"])
async def test_what_blocks_outside_of_the_handler_is_named_for_its_plugin(app: Apps, log: Log, name: str) -> None:
    async with app({"slow": Slow(block_in_rows, block_in_a_task)}) as client:
        await client.call_tool(name, {})
    assert log.named()["plugin"] == "slow"
    assert f"the tool {name} (call " in log.named()["work"]


async def test_a_middleware_and_a_lifespan_that_block_are_named(app: Apps, log: Log) -> None:
    async with app({"slow": Slow(wait_for_turn, start=True)}):
        assert log.named()["work"] == "the start of its lifespan"
    log.said.clear()
    log.heard.clear()
    async with app({"slow": Slow(wait_for_turn, middle=True)}) as client:
        await client.call_tool("wait_for_turn", {})
    assert log.named()["work"].startswith("the tool wait_for_turn (call ")


@pytest.mark.parametrize("names", [("block", "wait_for_turn"), ("wait_for_turn", "block")])
async def test_of_two_running_calls_the_one_that_blocks_is_named_and_both_are_answered(
    app: Apps, log: Log, names: tuple[str, str]
) -> None:
    async with app({"slow": Slow(block, wait_for_turn)}) as client:
        answers = await asyncio.gather(*(client.call_tool(name, {}) for name in names))
    assert log.named()["work"].startswith("the tool block (call ")
    assert sorted(text(answer) for answer in answers) == ["Done.", "It turned."]


@pytest.mark.parametrize(("goes_on", "said"), [(False, "Done."), (True, "The call took longer than 0.1 s")])
async def test_a_call_whose_time_was_up_when_it_let_go_of_the_loop_gives_the_result_that_it_has(
    app: Apps, log: Log, said: str, *, goes_on: bool
) -> None:
    """Work that is done is not thrown away; what would have gone on is stopped."""
    async with app({"slow": Slow(block, wait_for_turn)}, {"tools": {"timeout": 0.1}}) as client:
        answer = await client.call_tool("block", {"goesOn": goes_on})
        assert said in text(answer)
        assert text(await client.call_tool("wait_for_turn", {})) == "It turned."
    log.named()


async def test_what_keeps_the_interpreter_to_itself_is_named_when_it_lets_go(log: Log) -> None:
    async with watchdog(0.05) as dog:
        dog.begin(asyncio.current_task(), Work("slow", "its work"))
        keep_the_interpreter()
        sleeping()
    assert (log.named()["plugin"], log.named()["function"]) == ("slow", "keep_the_interpreter")


def keep_the_interpreter() -> None:
    """Sleep without letting any other thread run Python."""
    ctypes.PyDLL(None).usleep(300_000)


@asynccontextmanager
async def watchdog(limit: float) -> AsyncIterator[Watchdog]:
    found = Watchdog({"tests": ["slow"]}, limit)
    found.start()
    try:
        yield found
    finally:
        found.stop()


async def test_its_thread_ends_with_the_app(app: Apps) -> None:
    async with app({"slow": Slow(wait_for_turn)}) as client:
        await client.call_tool("wait_for_turn", {})
        assert "watchdog" in {thread.name for thread in threading.enumerate()}
    assert "watchdog" not in {thread.name for thread in threading.enumerate()}


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="only Linux tells how often a thread was woken")
async def test_its_thread_is_woken_only_while_there_is_work() -> None:
    async with watchdog(0.02) as dog:
        (thread,) = (each for each in threading.enumerate() if each.name == "watchdog")
        dog.begin(asyncio.current_task(), Work("slow", "its work"))
        assert await woken(thread) >= 5
        dog.end(asyncio.current_task())
        await woken(thread)
        assert await woken(thread) == 0


async def woken(thread: threading.Thread) -> int:
    """How often the thread woke up while the loop rested for a time in which it would have looked 40 times."""
    status = Path(f"/proc/self/task/{thread.native_id}/status")

    def count() -> int:
        found = re.search(r"^voluntary_ctxt_switches:\s*(\d+)", status.read_text("utf-8"), re.MULTILINE)
        return int(found[1]) if found else -1

    before = count()
    await asyncio.sleep(0.2)
    return count() - before
