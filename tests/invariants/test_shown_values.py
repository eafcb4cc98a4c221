"""The operator may let values of Secrets be shown: in the text of one that is asked for by name, and nowhere else."""

from __future__ import annotations

import json
import logging
from typing import TYPE_CHECKING, Any

import pytest

import mcp_kubernetes_resources
from mcp_kubernetes import Effect, Foreign, ToolCall, tool
from mcp_kubernetes.cli import main
from pytest_mcp_kubernetes.apps import text
from tests.invariants.planted import encoded, random_text
from tests.invariants.probes import Toolbox

if TYPE_CHECKING:
    from pytest_mcp_kubernetes.apps import Apps
    from pytest_mcp_kubernetes.static import Static
    from tests.cluster import Cluster

SHOWING = {"safety": {"show_secret_values": True}}


@pytest.fixture
def value(cluster: Cluster, namespace: str) -> str:
    """The value in the Secret `login`, as the API server gives it; it would be taken for a credential in any text."""
    plain = f"token: {random_text()}"
    made = {"apiVersion": "v1", "kind": "Secret", "metadata": {"name": "login"}, "stringData": {"token": plain}}
    cluster.kubectl("create", "-n", namespace, "-f", "-", stdin=json.dumps(made))
    return encoded(plain)


@tool(effect=Effect.READ, title="Look inside")
async def look_inside(call: ToolCall, namespace: str) -> Foreign:
    """Say what a handler gets to see of the Secret."""
    found = await call.cluster.get("secrets", "login", namespace)
    return Foreign(json.dumps([found.value, found.at(".data.token"), found.only([".data"]).value]))


@pytest.mark.parametrize(
    ("arguments", "shown"),
    [
        ({"name": "login"}, True),
        ({"name": "login", "output": "json"}, True),
        ({"name": "login", "full": True}, True),
        ({"name": "login", "fields": ".data.token"}, True),
        ({"name": "login", "fields": ".metadata.labels"}, False),
    ],
)
async def test_one_secret_is_shown_with_its_values(
    app: Apps, static: Static, namespace: str, value: str, arguments: dict[str, Any], *, shown: bool
) -> None:
    async with app({"resources": mcp_kubernetes_resources, "static": static}, SHOWING) as client:
        said = text(
            await client.call_tool("k8s_get_resource", {"resourceType": "secrets", "namespace": namespace, **arguments})
        )
    assert (value in said) is shown
    assert "--show-secret-values" in said


@pytest.mark.parametrize(
    "arguments",
    [
        {"output": "yaml"},
        {"output": "json"},
        {"columns": "NAME:.metadata.name,IT:.data.token"},
        {"countBy": ".data.token"},
        {"where": "object.data.token.startsWith('<masked')", "output": "json"},
    ],
)
async def test_lists_and_expressions_get_masks_all_the_same(
    app: Apps, static: Static, namespace: str, value: str, arguments: dict[str, Any]
) -> None:
    question = {"resourceType": "secrets", "namespace": namespace, **arguments}
    async with app({"resources": mcp_kubernetes_resources, "static": static}, SHOWING) as client:
        said = text(await client.call_tool("k8s_list_resources", question))
    assert value not in said
    assert "<masked: " in said


async def test_an_expression_cannot_probe_the_value(app: Apps, static: Static, namespace: str, value: str) -> None:
    question = {"resourceType": "secrets", "namespace": namespace, "where": f"object.data.token == '{value}'"}
    async with app({"resources": mcp_kubernetes_resources, "static": static}, SHOWING) as client:
        said = text(await client.call_tool("k8s_list_resources", question))
    assert "0 of the 1 objects" in said


async def test_a_handler_that_looks_inside_sees_masks(app: Apps, static: Static, namespace: str, value: str) -> None:
    async with app({"looks": Toolbox(look_inside), "static": static}, SHOWING) as client:
        said = text(await client.call_tool("look_inside", {"namespace": namespace}))
    assert value not in said
    assert said.count("<masked: ") >= 3


async def test_the_audit_record_says_so(
    app: Apps, static: Static, namespace: str, value: str, caplog: pytest.LogCaptureFixture
) -> None:
    plugins = {"resources": mcp_kubernetes_resources, "static": static}
    with caplog.at_level(logging.INFO):
        async with app(plugins, SHOWING) as client:
            for kind, name in (("secrets", "login"), ("cm", "kube-root-ca.crt")):
                await client.call_tool("k8s_get_resource", {"resourceType": kind, "namespace": namespace, "name": name})
    lines = [json.loads(r.message) for r in caplog.records if r.message.startswith('{"audit": "call"')]
    assert [line.get("secret_values") for line in lines] == ["shown", None]
    assert value not in caplog.text


def test_the_list_of_tools_says_so(capsys: pytest.CaptureFixture[str]) -> None:
    main(["tools"])
    assert "--show-secret-values" not in capsys.readouterr().out
    main(["tools", "--show-secret-values"])
    assert "--show-secret-values" in capsys.readouterr().out
