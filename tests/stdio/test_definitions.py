"""What a client pays for before its first call: the definitions and the instructions, as they are on the wire."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.stdio.kubeconfigs import contexts
from tests.stdio.wire import ERAS, Era, serving

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.cluster import Cluster

MOST_DEFINITIONS = 11_500
READING = {"k8s_list_resources", "k8s_list_events", "k8s_get_resource", "k8s_describe_resource"}
MOST_READING = 4_500
MOST_INSTRUCTIONS = 600


@pytest.fixture(scope="module", params=ERAS)
def said(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, cluster: Cluster) -> dict[str, Any]:
    """What a server with a choice of contexts says before any call: its most talkative form."""
    era: Era = request.param
    kubeconfig = contexts(tmp_path_factory.mktemp("contexts"), cluster.kubeconfig, {"here": "", "there": ""}, "here")
    with serving(kubeconfig=kubeconfig, era=era) as server:
        return {**server.open(), **server.ask("tools/list")}


def keys(value: Any) -> Iterator[str]:
    """All keys that describe something; names of parameters are not among them."""
    if isinstance(value, list):
        for each in value:
            yield from keys(each)
    if isinstance(value, dict):
        for key, each in value.items():
            yield key
            yield from keys(list(each.values()) if key == "properties" else each)


def test_the_definitions_are_small(said: dict[str, Any]) -> None:
    compact = json.dumps(said["tools"], separators=(",", ":"), ensure_ascii=False)
    assert len(compact.encode()) < MOST_DEFINITIONS


def test_the_definitions_of_the_reading_tools_are_smaller_still(said: dict[str, Any]) -> None:
    compact = [json.dumps(t, separators=(",", ":"), ensure_ascii=False) for t in said["tools"] if t["name"] in READING]
    assert len(compact) == len(READING)
    assert sum(len(each.encode()) for each in compact) < MOST_READING


def test_the_instructions_are_small_and_speak_of_the_choice_of_clusters(said: dict[str, Any]) -> None:
    assert len(said["instructions"].encode()) < MOST_INSTRUCTIONS
    assert "kubeContext" in said["instructions"]


def test_reading_tools_say_that_they_read_and_whether_they_leave_this_machine(said: dict[str, Any]) -> None:
    annotations = {tool["name"]: tool["annotations"] for tool in said["tools"]}
    contexts_only = {"k8s_list_contexts", "k8s_get_current_context", "k8s_switch_context"}
    assert annotations == {
        name: {"readOnlyHint": True, "openWorldHint": name not in contexts_only} for name in annotations
    }


def test_nothing_in_a_definition_has_a_title(said: dict[str, Any]) -> None:
    assert "title" not in set(keys(said["tools"]))


def test_every_tool_and_parameter_is_described_and_nothing_else_is_accepted(said: dict[str, Any]) -> None:
    for tool in said["tools"]:
        assert tool["description"]
        assert tool["inputSchema"]["additionalProperties"] is False
        assert all(p.get("description") for p in tool["inputSchema"]["properties"].values())


def test_tools_come_sorted_by_name(said: dict[str, Any]) -> None:
    names = [tool["name"] for tool in said["tools"]]
    assert names == sorted(names)
