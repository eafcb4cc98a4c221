"""The fixtures, used as a plugin's author uses them."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

import pytest

from mcp_kubernetes import Effect, Operation, Text, Tool, ToolCall, hookimpl, tool
from pytest_mcp_kubernetes.apps import text

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from pytest_mcp_kubernetes.apps import Apps
    from pytest_mcp_kubernetes.files import Files
    from pytest_mcp_kubernetes.static import Static


@tool(effect=Effect.READ)
async def which_cluster(call: ToolCall) -> Text:
    """Say which cluster this is."""
    return Text("{server} in {namespace}", server=call.cluster.entry.server, namespace=call.cluster.entry.namespace)


class Plugin:
    """A plugin under test; it notes what its lifespan saw."""

    def __init__(self) -> None:
        self.seen: list[str] = []

    @hookimpl
    def register_tools(self) -> list[Tool]:
        return [which_cluster]

    @hookimpl
    @asynccontextmanager
    async def lifespan(self) -> AsyncIterator[None]:
        self.seen.append("started")
        yield
        self.seen.append("stopped")


async def test_an_app_has_the_plugins_that_the_test_names_and_no_others(app: Apps, static: Static) -> None:
    async with app({"mine": Plugin(), "static": static}) as client:
        assert [tool.name for tool in (await client.list_tools()).tools] == ["which_cluster"]
        answer = await client.call_tool("which_cluster", {})
    assert text(answer).startswith("https://")


@pytest.fixture
def test_manifests(tmp_path: Path) -> Path:
    (tmp_path / "map.yaml").write_text("apiVersion: v1\nkind: ConfigMap\nmetadata: {name: settings}\n", "utf-8")
    return tmp_path


@tool(effect=Effect.WRITE, operations=[Operation.DELETE])
async def remove_settings(call: ToolCall) -> Text:
    """Delete the settings."""
    await call.cluster.delete("configmap", "settings")
    return Text("gone")


class Removing:
    """A plugin that changes something."""

    @hookimpl
    def register_tools(self) -> list[Tool]:
        return [remove_settings, count_settings]


@tool(effect=Effect.READ)
async def count_settings(call: ToolCall) -> Text:
    """Count the settings."""
    return Text("{count}", count=len([row async for row in call.cluster.rows("configmaps", name=".metadata.name")]))


async def test_each_app_changes_a_cluster_of_files_for_itself(app: Apps, files: Files) -> None:
    for _ in range(2):
        async with app({"mine": Removing(), "files": files}, {"safety": {"non_destructive": False}}) as client:
            assert text(await client.call_tool("count_settings", {})).startswith("1\n")
            await client.call_tool("remove_settings", {})
            assert text(await client.call_tool("count_settings", {})).startswith("0\n")


async def test_lifespans_start_before_the_first_call_and_stop_after_the_last(app: Apps, static: Static) -> None:
    plugin = Plugin()
    async with app({"mine": plugin, "static": static}):
        assert plugin.seen == ["started"]
    assert plugin.seen == ["started", "stopped"]


async def test_a_plugin_that_is_broken_fails_the_test_that_names_it(app: Apps) -> None:
    with pytest.raises(Exception, match="implements no hook"):
        app.make({"mine": object()})
