"""`--allowed-commands`: it holds for what is sent, so for every tool, and for every way to a process."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from mcp_kubernetes import Effect, Foreign, ToolCall, tool
from mcp_kubernetes.errors import Denied
from mcp_kubernetes.kube.connection import Request
from mcp_kubernetes.kube.guard import check
from mcp_kubernetes.safety import SafetyPolicy
from pytest_mcp_kubernetes.apps import text
from pytest_mcp_kubernetes.static import Static
from tests.invariants.probes import Toolbox, Witness
from tests.pods.conftest import NAMESPACE

if TYPE_CHECKING:
    from pytest_mcp_kubernetes.apps import Apps
    from tests.calling import Serving
    from tests.cluster import Cluster

ALLOWED = ("ls", "cat /etc/passwd", "sh -c true")
POLICY = SafetyPolicy(non_destructive=False, allowed_commands=frozenset(ALLOWED))
POD = "/api/v1/namespaces/default/pods/p"
UPGRADE = ("v5.channel.k8s.io",)


@tool(effect=Effect.CONNECT)
async def run_anything(call: ToolCall, command: list[str], pod: str) -> Foreign:
    """Run what somebody says, without a limit of its own."""
    return Foreign((await call.cluster.execute(pod, command, NAMESPACE)).stdout.excerpt(1_000).text)


def exec_of(*words: str) -> Request:
    query = tuple(("command", word) for word in words)
    return Request(method="GET", path=f"{POD}/exec", query=query, upgrade=UPGRADE)


@pytest.mark.parametrize("words", [["ls"], ["ls", "-l", "/"], ["cat", "/etc/passwd"], ["sh", "-c", "true"]])
def test_a_command_passes_that_begins_with_the_words_of_an_entry(words: list[str]) -> None:
    assert check(exec_of(*words), Effect.CONNECT, POLICY.decide).command == tuple(words)


@pytest.mark.parametrize(
    "words",
    [
        [],
        [""],
        ["lsof"],
        ["/bin/ls"],
        ["ls -l"],
        ["cat"],
        ["cat", "/etc/shadow"],
        ["cat /etc/passwd"],
        ["sh", "-c", "true; id"],
        ["env", "ls"],
    ],
)
def test_no_other_command_passes(words: list[str]) -> None:
    with pytest.raises(Denied, match="only runs what --allowed-commands names: cat /etc/passwd, ls, sh -c true"):
        check(exec_of(*words), Effect.CONNECT, POLICY.decide)


@pytest.mark.parametrize(
    "request_",
    [
        Request(method="GET", path=f"{POD}/attach", upgrade=UPGRADE),
        Request(method="POST", path=f"{POD}/attach"),
        Request(method="PATCH", path=f"{POD}/ephemeralcontainers", body=b"{}"),
        Request(method="GET", path="/api/v1/nodes/n/proxy/exec/default/p/main", query=(("command", "ls"),)),
        Request(method="POST", path="/api/v1/nodes/n:10250/proxy/run/default/p/main", query=(("cmd", "ls"),)),
        Request(method="GET", path="/apis/x.example/v1/namespaces/default/machines/m/console", upgrade=UPGRADE),
    ],
    ids=["attach", "attach by POST", "a new container", "a kubelet's exec", "a kubelet's run", "a console"],
)
def test_nor_does_another_way_to_a_process(request_: Request) -> None:
    with pytest.raises(Denied, match="--allowed-commands"):
        check(request_, Effect.CONNECT, POLICY.decide)
    check(request_, Effect.CONNECT, SafetyPolicy(non_destructive=False).decide)


def test_a_port_is_no_command() -> None:
    check(Request(method="GET", path=f"{POD}/portforward", upgrade=UPGRADE), Effect.CONNECT, POLICY.decide)


async def test_a_command_that_is_not_allowed_does_not_reach_the_cluster(
    serving: Serving, cluster: Cluster, pod: str
) -> None:
    where = {"namespace": NAMESPACE, "podName": pod, "containerName": "main"}
    witness = Witness.of(cluster)
    async with serving(Static(witness.kubeconfig), allowed_commands=ALLOWED) as call:
        assert "root:x:0:0" in text(await call("k8s_exec_pod", **where, command=["cat", "/etc/passwd"]))
        refused = await call("k8s_exec_pod", **where, command=["touch", "never"])
    assert refused.is_error
    assert "This server only runs what --allowed-commands names" in text(refused)
    assert len({request.uri for request in witness.seen() if "/exec?" in request.uri}) == 1


async def test_a_tool_that_knows_no_limits_is_held_to_them(app: Apps, static: Static, pod: str) -> None:
    settings = {"safety": {"non_destructive": False, "allowed_commands": ["ls"]}}
    async with app({"anything": Toolbox(run_anything), "static": static}, settings) as client:
        allowed = await client.call_tool("run_anything", {"command": ["ls", "/etc"], "pod": pod})
        assert "passwd" in text(allowed)
        refused = await client.call_tool("run_anything", {"command": ["id"], "pod": pod})
    assert refused.is_error
    assert "--allowed-commands" in text(refused)


async def test_a_server_that_only_reads_or_only_tries_offers_no_commands(serving: Serving, pod: str) -> None:
    for limits in ({"non_destructive": True}, {"dry_run": True}, {"denied_operations": ["exec"]}):
        async with serving(**limits) as call:
            with pytest.raises(Exception, match="Unknown tool"):
                await call("k8s_exec_pod", namespace=NAMESPACE, podName=pod, command=["true"])
