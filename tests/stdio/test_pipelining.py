"""Many calls on one connection, written at once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.stdio.wire import ERAS, Era, serving, text

if TYPE_CHECKING:
    from tests.cluster import Cluster

CALLS = 200


@pytest.mark.parametrize("era", ERAS)
def test_two_hundred_calls_written_at_once_are_each_answered_once(cluster: Cluster, namespace: str, era: Era) -> None:
    with serving("--qps-limit", "0", kubeconfig=cluster.kubeconfig, era=era) as server:
        server.open()
        asked = {"name": "k8s_get_resource", "arguments": {"resourceType": "namespace", "name": namespace}}
        requests = [server.request("tools/call", **asked) for _ in range(CALLS)]
        server.send(*requests)
        answers = [server.message() for _ in requests]
    assert sorted(answer["id"] for answer in answers) == [request["id"] for request in requests]
    assert not [answer for answer in answers if answer["result"]["isError"]]
    assert all(f'"name":"{namespace}"' in text(answer["result"]) for answer in answers)


def test_answers_come_as_they_are_ready_and_not_in_the_order_of_the_questions(cluster: Cluster) -> None:
    with serving(kubeconfig=cluster.kubeconfig) as server:
        server.open()
        slow = server.request("tools/call", name="k8s_list_resources", arguments={"resourceType": "namespaces"})
        quick = server.request("tools/call", name="k8s_get_current_context", arguments={})
        server.send(slow, quick)
        assert [server.message()["id"] for _ in range(2)] == [quick["id"], slow["id"]]


def test_the_rate_limit_slows_calls_down_and_says_so_in_the_notes(cluster: Cluster) -> None:
    limits = ("--qps-limit", "2", "--burst-limit", "1")
    with serving(*limits, kubeconfig=cluster.kubeconfig) as server:
        server.open()
        asked = {"name": "k8s_get_resource", "arguments": {"resourceType": "namespace", "name": "default"}}
        requests = [server.request("tools/call", **asked) for _ in range(4)]
        server.send(*requests)
        answers = [text(server.message()["result"]) for _ in requests]
    assert all('"name":"default"' in answer for answer in answers)
    assert any("note: The rate limit of this server (--qps-limit) held requests back" in a for a in answers)
