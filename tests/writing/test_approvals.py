"""An approval is bound to the very call that was asked about, and good once, whatever a client makes of it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mcp import MCPError
from mcp import types as mcp

import mcp_kubernetes_resources
from pytest_mcp_kubernetes.apps import text
from pytest_mcp_kubernetes.static import Static
from tests.writing.asking import YES, Asking, Person
from tests.writing.kinds import KINDS

if TYPE_CHECKING:
    from mcp import Client

    from pytest_mcp_kubernetes.apps import Apps

_MAP = KINDS["ConfigMap"]


@dataclass
class Slip:
    """A question of the newer era, with the call that it belongs to."""

    client: Client
    tool: str
    arguments: dict[str, Any]
    state: str

    async def redeem(self, **other: Any) -> str:
        """Make the call with a yes to the question, or another one with it. What came of it."""
        said = {"tool": self.tool, "arguments": self.arguments, "state": self.state, **other}
        try:
            result = await self.client.session.call_tool(
                said["tool"], said["arguments"], input_responses={"approve": YES}, request_state=said["state"],
                allow_input_required=True,
            )  # fmt: skip
        except MCPError as error:
            return str(error)
        return "asked again" if isinstance(result, mcp.InputRequiredResult) else text(result)


async def _slip(client: Client, tool: str, arguments: dict[str, Any]) -> Slip:
    result = await client.session.call_tool(tool, arguments, allow_input_required=True)
    assert isinstance(result, mcp.InputRequiredResult)
    assert result.request_state
    return Slip(client, tool, arguments, result.request_state)


async def test_an_approval_is_good_once(asking: Asking) -> None:
    asking.make("o")
    async with asking.client("auto", Person(YES)) as client:
        slip = await _slip(client, "k8s_delete_resource", asking.which(name="o"))
        assert "deleted" in await slip.redeem()
        asking.make("o")
        assert "This approval was used already" in await slip.redeem()
    assert asking.names() == {"o"}


async def test_an_approval_is_good_for_its_own_call_alone(asking: Asking) -> None:
    for name in ("o", "other"):
        asking.make(name)
    async with asking.client("auto", Person(YES)) as client:
        slip = await _slip(client, "k8s_delete_resource", asking.which(name="o"))
        other: dict[str, dict[str, Any]] = {
            "another object": {"arguments": asking.which(name="other")},
            "another option": {"arguments": asking.which(name="o", gracePeriodSeconds=0)},
            "another namespace": {"arguments": {**asking.which(name="o"), "namespace": "default"}},
            "another tool": {
                "tool": "k8s_apply_resource",
                "arguments": {"manifest": _MAP.manifest("o"), "namespace": asking.namespace, "force": True},
            },
            "a changed state": {"state": slip.state[:-4] + "AAAA"},
            "a made-up state": {"state": "approved"},
        }
        for what, changed in other.items():
            assert "This requestState is of another call" in await slip.redeem(**changed), what
        assert asking.sent() == []
        assert "deleted" in await slip.redeem()
    assert asking.names() == {"other"}


async def test_an_answer_to_nothing_that_was_asked_is_none(asking: Asking) -> None:
    """A client that says yes of itself is asked all the same."""
    asking.make("o")
    async with asking.client("auto", Person(YES)) as client:
        result = await client.session.call_tool(
            "k8s_delete_resource", asking.which(name="o"), input_responses={"approve": YES}, allow_input_required=True
        )
        assert isinstance(result, mcp.InputRequiredResult)
    assert asking.sent() == []


async def test_an_approval_of_another_server_is_none(asking: Asking, app: Apps) -> None:
    asking.make("o")
    plugins = {"resources": mcp_kubernetes_resources, "static": Static(asking.witness.kubeconfig)}
    safety = {"non_destructive": False, "confirm": "destructive"}
    async with asking.client("auto", Person(YES)) as client, app.make(plugins, {"safety": safety}) as second:
        slip = await _slip(client, "k8s_delete_resource", asking.which(name="o"))
        elsewhere = Asking(second, asking.cluster, asking.witness, asking.namespace)
        async with elsewhere.client("auto", Person(YES)) as other:
            said = await Slip(other, slip.tool, slip.arguments, slip.state).redeem()
    assert "before the server was restarted; nothing was changed" in said
    assert asking.sent() == []
