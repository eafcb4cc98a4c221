"""Where port-forward is offered: all four tools or none, and where none, the operator and the model are told why."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

import mcp_kubernetes_pods
from mcp_kubernetes import Identity
from mcp_kubernetes.dispatch import UnknownTool

if TYPE_CHECKING:
    from pytest_mcp_kubernetes.apps import Apps

TOOLS = {"k8s_port_forward_pod", "k8s_port_forward_service", "k8s_list_port_forwards", "k8s_stop_port_forward"}
MAY: dict[str, Any] = {"safety": {"non_destructive": False}}
IN_POD = "It opens something on the machine of this server, which is a pod."
BY_HTTP = "It opens something on the machine of this server, and its users are elsewhere (--transport http)."


def served(apps: Apps, settings: dict[str, Any]) -> set[str]:
    return {tool.name for tool in apps.make({"pods": mcp_kubernetes_pods}, settings).visible_tools} & TOOLS


def test_it_is_offered_to_a_user_at_this_machine(app: Apps) -> None:
    assert served(app, MAY) == TOOLS


@pytest.mark.parametrize(
    "safety",
    [
        {},
        {"non_destructive": True},
        {"non_destructive": False, "dry_run": True},
        {"dry_run": True},
        {"non_destructive": False, "denied_operations": ["port-forward"]},
        {"non_destructive": False, "allowed_operations": ["get", "list", "exec"]},
    ],
)
async def test_where_it_may_not_be_it_is_hidden_and_unknown(app: Apps, safety: dict[str, Any]) -> None:
    assert served(app, {"safety": safety}) == set()
    async with app.make({"pods": mcp_kubernetes_pods}, {"safety": safety}) as made:
        for name in TOOLS:
            with pytest.raises(UnknownTool):
                await made.call(name, {}, identity=Identity.local(), session=None)


@pytest.mark.parametrize(
    ("in_pod", "transport", "reason"), [(True, "stdio", IN_POD), (False, "http", BY_HTTP), (True, "http", IN_POD)]
)
def test_it_is_not_offered_where_its_ports_would_not_be_at_the_user_s_machine_and_that_is_said(
    app: Apps, monkeypatch: pytest.MonkeyPatch, in_pod: bool, transport: str, reason: str
) -> None:
    if in_pod:
        monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "10.96.0.1")
    settings = {**MAY, "server": {"transport": transport}}
    made = app.make({"pods": mcp_kubernetes_pods}, settings)
    hidden = {found.tool.name: found.hidden for found in made.tools if found.hidden}
    assert hidden == dict.fromkeys(TOOLS, reason)
    assert f"are not offered: {reason}" in made.instructions
    assert len(made.instructions.encode()) < 600
    assert served(app, {**settings, "pods": {"port_forward": "always"}}) == TOOLS


def test_where_it_is_hidden_anyhow_the_instructions_say_nothing_of_the_machine(
    app: Apps, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("KUBERNETES_SERVICE_HOST", "10.96.0.1")
    assert "machine" not in app.make({"pods": mcp_kubernetes_pods}).instructions
