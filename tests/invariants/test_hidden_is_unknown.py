"""Invariant 2: what is not listed cannot be called; hidden equals unknown."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import pytest
from mcp import MCPError
from mcp.types import INVALID_PARAMS

from mcp_kubernetes import App, Effect, Identity, Text, ToolCall, tool
from mcp_kubernetes.dispatch import UnknownTool
from mcp_kubernetes.kube.connection import Request
from pytest_mcp_kubernetes.static import Static
from tests.invariants.probes import Toolbox, Witness

if TYPE_CHECKING:
    from pytest_mcp_kubernetes.apps import Apps
    from tests.cluster import Cluster

RAN: list[str] = []
ARGUMENTS: list[dict[str, Any]] = [{}, {"name": "default"}, {"name": 5, "unknown": "x"}]


@tool(effect=Effect.READ)
async def reads(call: ToolCall) -> Text:
    """Read the version."""
    await call.cluster._send(Request(method="GET", path="/version"))
    return Text("Read.")


@tool(effect=Effect.WRITE)
async def writes(call: ToolCall, name: str = "planted") -> Text:
    """Delete a namespace."""
    RAN.append(name)
    await call.cluster._send(Request(method="DELETE", path=f"/api/v1/namespaces/{name}"))
    return Text("Gone.")


@tool(effect=Effect.CONNECT)
async def connects(call: ToolCall, name: str = "planted") -> Text:
    """Run a command in a pod."""
    RAN.append(name)
    await call.cluster._send(Request(method="POST", path=f"/api/v1/namespaces/default/pods/{name}/exec"))
    return Text("Ran.")


@tool(effect=Effect.WRITE, clustered=False)
async def writes_elsewhere(_: ToolCall, name: str = "planted") -> Text:
    """Change something that is no cluster."""
    RAN.append(name)
    return Text("Changed.")


HIDDEN = ("writes", "connects", "writes_elsewhere")
TOOLS = (reads, writes, connects, writes_elsewhere)


@pytest.fixture
def witness(cluster: Cluster) -> Witness:
    RAN.clear()
    return Witness.of(cluster)


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_only_tools_that_read_are_listed(app: Apps, witness: Witness, mode: str) -> None:
    plugins = {"toolbox": Toolbox(*TOOLS), "static": Static(witness.kubeconfig)}
    async with app(plugins, mode=mode) as client:
        assert [found.name for found in (await client.list_tools()).tools] == ["reads"]
        assert not (await client.call_tool("reads")).is_error
    assert witness.asked() == [("get", "/version")]


@pytest.mark.parametrize("mode", ["auto", "legacy"])
@pytest.mark.parametrize("arguments", ARGUMENTS)
@pytest.mark.parametrize("name", HIDDEN)
async def test_a_hidden_tool_is_answered_exactly_like_one_that_does_not_exist(
    app: Apps, witness: Witness, name: str, arguments: dict[str, Any], mode: str
) -> None:
    plugins = {"toolbox": Toolbox(*TOOLS), "static": Static(witness.kubeconfig)}
    async with app(plugins, mode=mode) as client:
        errors = []
        for asked in (name, "nonsense"):
            with pytest.raises(MCPError) as caught:
                await client.call_tool(asked, arguments)
            errors.append((caught.value.code, caught.value.message.replace(asked, "?"), caught.value.data))
    assert errors[0] == errors[1]
    assert errors[0][0] == INVALID_PARAMS
    assert RAN == []
    assert witness.seen() == []


async def test_the_audit_tells_a_hidden_tool_from_no_other(
    app: Apps, witness: Witness, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="mcp_kubernetes.audit")
    async with app.make({"toolbox": Toolbox(*TOOLS), "static": Static(witness.kubeconfig)}) as made:
        for asked in ("writes", "nonsense"):
            await _refused(made, asked)
    lines = [record.getMessage() for record in caplog.records if record.name == "mcp_kubernetes.audit"]
    assert len(lines) == 2
    assert all('"outcome": "unknown"' in line and '"effect": ""' in line for line in lines)


@pytest.mark.parametrize("name", ["Reads", "reads ", "READS", "rea\u200bds", "reads\n", "tools.reads", "", "x" * 5_000])
async def test_a_name_that_is_only_nearly_right_is_unknown_and_not_repeated_at_length(
    app: Apps, witness: Witness, name: str
) -> None:
    async with app.make({"toolbox": Toolbox(*TOOLS), "static": Static(witness.kubeconfig)}) as made:
        said = await _refused(made, name)
    assert said.startswith("Unknown tool: ")
    assert len(said) < 150
    assert said.isprintable()


async def _refused(made: App, name: str) -> str:
    with pytest.raises(UnknownTool) as caught:
        await made.call(name, {}, identity=Identity.local(), session=None)
    return str(caught.value)
