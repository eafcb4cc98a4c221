"""Invariant 10: whatever was cut, skipped or forbidden is said, with the way to the rest."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING, Any

import pytest

import mcp_kubernetes_resources
from pytest_mcp_kubernetes.apps import text
from pytest_mcp_kubernetes.static import Static
from tests.invariants.probes import Witness, wait_until_allowed

if TYPE_CHECKING:
    from pytest_mcp_kubernetes.apps import Apps
    from tests.cluster import Cluster

from tests.invariants.lists import CURSOR


async def test_an_event_list_that_is_forbidden_costs_only_the_events(app: Apps, filled: Cluster) -> None:
    witness = Witness.of(filled, groups=())
    filled.kubectl("create", "role", "reads", "--verb=get", "--resource=configmaps", "-n", "z")
    filled.kubectl("create", "rolebinding", "reads", "--role=reads", f"--user={witness.name}", "-n", "z")
    wait_until_allowed(filled, witness.name, "get", "configmaps", "z")
    plugins = {"resources": mcp_kubernetes_resources, "static": Static(witness.kubeconfig)}
    async with app(plugins) as client:
        asked = {"resourceType": "configmaps", "namespace": "z", "name": "cm-01y"}
        answer = await client.call_tool("k8s_describe_resource", asked)
    assert not answer.is_error
    assert '"name":"cm-01y"' in text(answer)
    assert "note: Its events could not be read: " in text(answer)
    assert "403" in text(answer)


# Cuts


async def test_what_the_budget_left_out_is_said_with_the_way_to_it(app: Apps, filled: Cluster) -> None:
    answer = await _ask(app, filled, "k8s_list_resources", namespace="b", maxBytes=1_024)
    assert re.search(
        r"note: \d+ rows are shown, there are more: the answer's budget of 1024 bytes is spent; "
        r"to go on, pass continue=\S+",
        answer,
    )


async def test_what_the_limit_left_out_is_said_with_the_way_to_it(app: Apps, filled: Cluster) -> None:
    answer = await _ask(app, filled, "k8s_list_resources", namespace="b", limit=3)
    assert "note: 3 rows are shown, there are more: the limit of 3 is reached; to go on, pass continue=" in answer


async def test_a_limit_that_leaves_nothing_out_claims_no_more(app: Apps, filled: Cluster) -> None:
    answer = await _ask(app, filled, "k8s_list_resources", namespace="b", limit=60)
    assert answer.count("\ncm-") == 60
    assert "more" not in answer.partition("note:")[2]


@pytest.mark.parametrize("output", ["yaml", "json"])
async def test_a_cut_object_says_so(app: Apps, filled: Cluster, output: str) -> None:
    largest = max(filled.api.get("/api/v1/namespaces/b/configmaps")["items"], key=lambda i: len(json.dumps(i["data"])))
    name = largest["metadata"]["name"]
    asked = {"namespace": "b", "name": name, "output": output, "maxBytes": 1_024}
    answer = await _ask(app, filled, "k8s_get_resource", full=True, **asked)
    assert re.search(r"note: The object \([\d,]+ bytes\) was cut in \d+ places?, .* maxBytes", answer)


@pytest.mark.parametrize(
    ("question", "why"),
    [
        ({"namespace": "ab"}, "There are none."),
        ({"namespace": "b", "labelSelector": "parity=neither"}, "Nothing matches the selector there."),
    ],
)
async def test_an_empty_answer_says_why_it_is_empty(
    app: Apps, filled: Cluster, question: dict[str, Any], why: str
) -> None:
    assert f"note: {why}" in await _ask(app, filled, "k8s_list_resources", **question)


async def test_a_row_larger_than_the_budget_does_not_hold_up_the_list(app: Apps, filled: Cluster) -> None:
    event = {"involvedObject": {"kind": "Pod", "namespace": "z"}, "reason": "R", "type": "Normal"}
    for number in range(3):
        named = {"metadata": {"name": f"long-{number}"}, "message": "m" * 1_000}
        filled.api.ensure("/api/v1/namespaces/z/events", event | named)
    seen, answer = 0, ""
    asked: dict[str, Any] = {"resourceType": "events", "namespace": "z", "maxBytes": 1_024}
    async with app({"resources": mcp_kubernetes_resources, "static": Static(filled.kubeconfig)}) as client:
        for _ in range(6):
            answer = text(await client.call_tool("k8s_list_resources", asked))
            seen += len(re.findall(r"(?m)\tR\t", answer))
            if not (cursor := CURSOR.search(answer)):
                break
            asked["continue"] = cursor[1]
    assert "continue=" not in answer
    assert seen == 3


async def _ask(app: Apps, cluster: Cluster, tool_name: str, /, **arguments: Any) -> str:
    async with app({"resources": mcp_kubernetes_resources, "static": Static(cluster.kubeconfig)}) as client:
        answer = await client.call_tool(tool_name, {"resourceType": "configmaps", **arguments})
    assert not answer.is_error, text(answer)
    return text(answer)
