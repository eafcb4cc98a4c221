"""Real clients at one endpoint, in both eras of the protocol and in each mode of the server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from mcp import Client

from tests.http.server import http_server
from tests.stdio.kubeconfigs import NOWHERE, contexts
from tests.stdio.offered import TOOLS
from tests.stdio.test_client import text
from tests.stdio.wire import LATEST

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cluster import Cluster

MODES: dict[str, tuple[str, ...]] = {
    "streams": (),
    "json": ("--disable-streaming",),
    "stateless": ("--stateless",),
    "stateless-json": ("--stateless", "--disable-streaming"),
}
modes = pytest.mark.parametrize("arguments", MODES.values(), ids=MODES)


@modes
async def test_clients_of_both_eras_list_and_call_at_one_endpoint(cluster: Cluster, arguments: tuple[str, ...]) -> None:
    eras: tuple[Any, ...] = ("auto", "legacy")
    with http_server("--http-endpoint", "/other/mcp", *arguments, kubeconfig=cluster.kubeconfig) as server:
        assert server.url.endswith("/other/mcp")
        for era in eras:
            async with Client(server.url, mode=era) as client:
                assert (client.protocol_version == LATEST) == (era == "auto")
                assert {*TOOLS} <= {tool.name for tool in (await client.list_tools()).tools}
                found = await client.call_tool("k8s_list_resources", {"resourceType": "namespaces"})
            assert "kube-system" in text(found)


@pytest.mark.parametrize(
    ("era", "arguments", "kept"),
    [
        ("legacy", (), True),
        ("auto", (), False),
        ("legacy", ("--stateless",), False),
    ],
)
async def test_a_switched_context_holds_in_a_session_and_nowhere_else(
    tmp_path: Path, cluster: Cluster, era: Any, arguments: tuple[str, ...], kept: bool
) -> None:
    kubeconfig = contexts(tmp_path, cluster.kubeconfig, {"here": "", "nowhere": NOWHERE}, "nowhere")
    with http_server(*arguments, kubeconfig=kubeconfig) as server:
        async with Client(server.url, mode=era) as client, Client(server.url, mode=era) as other:
            switched = await client.call_tool("k8s_switch_context", {"contextName": "here"})
            after = await client.call_tool("k8s_get_current_context", {})
            of_other = await other.call_tool("k8s_get_current_context", {})
    assert bool(switched.is_error) != kept
    assert ("\nhere\t" in text(after)) == kept
    assert "\nnowhere\t" in text(of_other)
    if not kept:
        assert "kubeContext" in str(switched.content)
