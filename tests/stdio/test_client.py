"""The Python SDK's client, in both eras of the protocol, against the console script and a real API server."""

from __future__ import annotations

from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any

import pytest
from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client

from tests.stdio.kubeconfigs import NOWHERE, contexts
from tests.stdio.offered import CLUSTER_TOOLS, CONTEXT_TOOLS, TOOLS
from tests.stdio.wire import LATEST, PROGRAM, environment

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from mcp.types import CallToolResult

    from tests.cluster import Cluster

pytestmark = pytest.mark.parametrize("mode", ["auto", "legacy"])


@asynccontextmanager
async def connected(folder: Path, kubeconfig: Path, mode: Any, *arguments: str) -> AsyncIterator[Client]:
    """A client that started its server itself; the server's standard error goes to a file."""
    parameters = StdioServerParameters(command=str(PROGRAM), args=list(arguments), env=environment(kubeconfig))
    with (folder / "stderr").open("w", encoding="utf-8") as errors:
        async with Client(stdio_client(parameters, errlog=errors), mode=mode) as client:
            yield client


def text(result: CallToolResult) -> str:
    assert not result.is_error, result.content
    return "\n".join(block.text for block in result.content if block.type == "text")


async def test_a_client_calls_the_tools_that_read(tmp_path: Path, cluster: Cluster, namespace: str, mode: str) -> None:
    cluster.kubectl("create", "configmap", "colours", "--from-literal=sky=blue", "-n", namespace)
    where = {"resourceType": "configmap", "namespace": namespace}
    calls = {
        "k8s_list_contexts": ({}, "CURRENT\tNAME\t"),
        "k8s_get_current_context": ({}, cluster.server),
        "k8s_list_resources": (where, "colours\t1\t"),
        "k8s_list_events": ({"namespace": namespace}, "There are none."),
        "k8s_get_resource": ({**where, "name": "colours"}, '"sky":"blue"'),
        "k8s_get_api_resources": ({"search": "configmap"}, "configmaps"),
        "k8s_get_cluster_health": ({}, "API server v"),
        "k8s_check_access": ({}, "system:masters"),
        "k8s_describe_resource": ({**where, "name": "colours"}, "There are no events about it."),
    }
    async with connected(tmp_path, cluster.kubeconfig, mode) as client:
        assert [tool.name for tool in (await client.list_tools()).tools] == TOOLS
        for name, (arguments, said) in calls.items():
            assert said in text(await client.call_tool(name, arguments))
        (current,) = text(await client.call_tool("k8s_get_current_context", {})).splitlines()[1:]
        switched = await client.call_tool("k8s_switch_context", {"contextName": current.split("\t")[0]})
    assert current.split("\t")[0] in text(switched)


@pytest.mark.parametrize("count", [1, 2])
async def test_a_context_can_be_named_only_where_there_is_a_choice(
    tmp_path: Path, cluster: Cluster, mode: str, count: int
) -> None:
    kubeconfig = contexts(tmp_path, cluster.kubeconfig, {f"here-{n}": "" for n in range(count)}, "here-0")
    async with connected(tmp_path, kubeconfig, mode) as client:
        schemas = {tool.name: tool.input_schema["properties"] for tool in (await client.list_tools()).tools}
    assert [name for name in CLUSTER_TOOLS if "kubeContext" in schemas[name]] == (CLUSTER_TOOLS if count > 1 else [])
    assert not [name for name in CONTEXT_TOOLS if "kubeContext" in schemas[name]]


async def test_a_switch_changes_where_later_calls_go(tmp_path: Path, cluster: Cluster, mode: str) -> None:
    kubeconfig = contexts(tmp_path, cluster.kubeconfig, {"here": "", "nowhere": NOWHERE}, "nowhere")
    asked = ("k8s_list_resources", {"resourceType": "namespaces"})
    async with connected(tmp_path, kubeconfig, mode) as client:
        before = await client.call_tool(*asked)
        named = await client.call_tool(asked[0], {**asked[1], "kubeContext": "here"})
        still = await client.call_tool(*asked)
        await client.call_tool("k8s_switch_context", {"contextName": "here"})
        after = await client.call_tool(*asked)
        current = await client.call_tool("k8s_get_current_context", {})
    assert before.is_error
    assert "kube-system" in text(named)
    assert still.is_error
    assert "kube-system" in text(after)
    assert "\nhere\t" in text(current)


async def test_what_a_client_learns_about_the_server_is_short(tmp_path: Path, cluster: Cluster, mode: str) -> None:
    async with connected(tmp_path, cluster.kubeconfig, mode) as client:
        assert (client.protocol_version == LATEST) == (mode == "auto")
        assert client.server_info is not None
        assert client.server_info.name == "mcp-kubernetes"
        assert 0 < len((client.instructions or "").encode()) < 600
        assert client.server_capabilities.tools is not None
