"""Plugins' lifespans in an app: what one of them does costs neither the server nor the others."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest

from mcp_kubernetes import Effect, Text, Tool, ToolCall, hookimpl, tool
from mcp_kubernetes.errors import PluginError
from pytest_mcp_kubernetes.apps import text

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from contextlib import AbstractAsyncContextManager

    from mcp_kubernetes import App
    from pytest_mcp_kubernetes.apps import Apps


@tool(effect=Effect.READ, clustered=False)
async def hello(call: ToolCall) -> Text:  # noqa: ARG001
    """Say hello, after everybody else had a turn."""
    for _ in range(10):
        await asyncio.sleep(0)
    return Text("Hello.")


class Noted:
    """A plugin that notes what its lifespan does, and in which task."""

    def __init__(self, name: str, notes: list[str], *tools: Tool, fails: bool = False) -> None:
        self._name, self._notes, self._tools, self._fails = name, notes, tools, fails
        self.tasks: list[asyncio.Task[Any] | None] = []

    @hookimpl
    def register_tools(self) -> tuple[Tool, ...]:
        return self._tools

    @hookimpl
    def lifespan(self) -> AbstractAsyncContextManager[None]:
        return self._lifespan()

    @asynccontextmanager
    async def _lifespan(self) -> AsyncIterator[None]:
        self._note("starts")
        await asyncio.sleep(0)
        if self._fails:
            raise OSError("no disk")
        self._note("started")
        yield
        await asyncio.sleep(0)
        self._note("stopped")

    def _note(self, what: str) -> None:
        self._notes.append(f"{self._name} {what}")
        self.tasks.append(asyncio.current_task())


class Watching(Noted):
    """One whose lifespan has a task group, of which a child fails while a tool is called."""

    @asynccontextmanager
    async def _lifespan(self) -> AsyncIterator[None]:
        async with asyncio.TaskGroup() as group:
            group.create_task(self._fail())
            yield

    async def _fail(self) -> None:
        await asyncio.sleep(0)
        self._note("fails")
        raise OSError("no disk")


async def test_they_start_one_after_the_other_and_stop_in_reverse_each_in_one_task(app: Apps) -> None:
    notes: list[str] = []
    plugins = {name: Noted(name, notes) for name in ("a", "b")}
    async with app(plugins):
        assert notes == ["a starts", "a started", "b starts", "b started"]
    assert notes[4:] == ["b stopped", "a stopped"]
    assert all(len(set(plugin.tasks)) == 1 for plugin in plugins.values())


async def test_those_that_have_started_are_stopped_when_a_plugin_that_must_work_does_not(app: Apps) -> None:
    notes: list[str] = []
    made = app.make({"a": Noted("a", notes), "b": Noted("b", notes, fails=True), "c": Noted("c", notes)})
    with pytest.raises(
        PluginError, match=r"'b' \(given object\) cannot be used: its lifespan failed: OSError: no disk"
    ):
        await entered(made)
    assert notes == ["a starts", "a started", "b starts", "a stopped"]


async def test_a_start_that_is_cancelled_stops_those_that_have_started(app: Apps) -> None:
    """As when the user interrupts the server from the keyboard while a plugin takes its time."""
    notes: list[str] = []
    hanging = Waiting("b", notes)
    hanging.began = asyncio.Event()
    task = asyncio.create_task(entered(app.make({"a": Noted("a", notes), "b": hanging})))
    await hanging.began.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert notes[-2:] == ["b is cancelled", "a stopped"]


class Waiting(Noted):
    """One whose lifespan begins, and never starts."""

    began: asyncio.Event

    @asynccontextmanager
    async def _lifespan(self) -> AsyncIterator[None]:
        self.began.set()
        try:
            await asyncio.Event().wait()
        finally:
            self._note("is cancelled")
        yield


async def entered(made: App) -> None:
    async with made:
        raise AssertionError("It must not start.")


async def test_a_background_task_that_fails_costs_no_call(app: Apps, caplog: pytest.LogCaptureFixture) -> None:
    notes: list[str] = []
    async with app({"a": Watching("a", notes, hello)}) as client:
        assert text(await client.call_tool("hello", {})) == "Hello."
        assert notes == ["a fails"]
        assert text(await client.call_tool("hello", {})) == "Hello."
    (said,) = (record.getMessage() for record in caplog.records if record.name == "mcp_kubernetes.lifespans")
    assert said.startswith("The lifespan of the plugin 'a' ended before the server did: ExceptionGroup: ")
