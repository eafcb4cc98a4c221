"""Events of both APIs, each once, the same ones as one, the newest first."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

import mcp_kubernetes_resources
from pytest_mcp_kubernetes.apps import text

if TYPE_CHECKING:
    from pytest_mcp_kubernetes.apps import Apps
    from pytest_mcp_kubernetes.static import Static
    from tests.cluster import Cluster

Ask = Callable[..., Awaitable[str]]


def ago(seconds: int) -> str:
    return (datetime.now(UTC) - timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ")


def core(name: str, seconds: int, *, count: int = 1, about: str = "Pod/web", **more: Any) -> dict[str, Any]:
    """An event as older components write it."""
    kind, _, of = about.partition("/")
    return {
        "apiVersion": "v1",
        "kind": "Event",
        "metadata": {"name": name},
        "involvedObject": {"kind": kind, "name": of, "namespace": more.pop("namespace", "")},
        "type": "Warning",
        "reason": "BackOff",
        "message": "Back-off restarting",
        "count": count,
        "firstTimestamp": ago(seconds + 60),
        "lastTimestamp": ago(seconds),
        **more,
    }


def newer(name: str, seconds: int, namespace: str, **more: Any) -> dict[str, Any]:
    """An event as newer components write it."""
    return {
        "apiVersion": "events.k8s.io/v1",
        "kind": "Event",
        "metadata": {"name": name},
        "regarding": {"kind": "Pod", "name": "web", "namespace": namespace},
        "type": "Normal",
        "reason": "Scheduled",
        "note": "Assigned",
        "action": "Binding",
        "reportingController": "acme.example/scheduler",
        "reportingInstance": "one",
        "eventTime": ago(seconds).replace("Z", ".000000Z"),
        **more,
    }


def make(cluster: Cluster, namespace: str, *events: dict[str, Any]) -> None:
    for event in events:
        if "involvedObject" in event:
            event["involvedObject"]["namespace"] = namespace
        cluster.kubectl("create", "-n", namespace, "-f", "-", stdin=json.dumps(event))


def rows(said: str) -> list[list[str]]:
    header, *lines = said.partition("note: ")[0].strip().splitlines()
    assert header.split("\t")[-6:] == ["LAST SEEN", "TYPE", "REASON", "OBJECT", "COUNT", "MESSAGE"]
    return [line.split("\t") for line in lines]


async def test_events_of_both_apis_appear_once_and_the_newest_first(
    answer: Ask, cluster: Cluster, namespace: str
) -> None:
    make(cluster, namespace, core("old", 7_200), newer("new", 600, namespace))
    assert [row[1:] for row in rows(await answer("k8s_list_events", namespace=namespace))] == [
        ["Normal", "Scheduled", "Pod/web", "1", "Assigned"],
        ["Warning", "BackOff", "Pod/web", "1", "Back-off restarting"],
    ]


async def test_what_tells_the_same_is_counted_as_one_with_its_newest_time(
    answer: Ask, cluster: Cluster, namespace: str
) -> None:
    series = {"count": 5, "lastObservedTime": ago(120).replace("Z", ".000000Z")}
    make(
        cluster,
        namespace,
        core("first", 7_200, count=3),
        core("later", 3_600, count=4),
        core("other", 5_400, about="Pod/db"),
        newer("series", 9_000, namespace, series=series),
    )
    found = rows(await answer("k8s_list_events", namespace=namespace))
    assert [(row[3], row[4]) for row in found] == [("Pod/web", "5"), ("Pod/web", "7"), ("Pod/db", "1")]
    assert found[0][0].startswith("2m")
    assert found[1][0].startswith("1h")


async def test_events_are_told_apart_by_object_type_and_time(answer: Ask, cluster: Cluster, namespace: str) -> None:
    make(
        cluster,
        namespace,
        core("warned", 7_200),
        core("deployed", 60, about="Deployment/web", type="Normal", reason="Scaled"),
        core("other", 60, about="Pod/db", type="Normal", reason="Pulled"),
    )

    async def reasons(**arguments: Any) -> list[str]:
        return [row[2] for row in rows(await answer("k8s_list_events", namespace=namespace, **arguments))]

    assert await reasons(object="po/web") == ["BackOff"]
    assert await reasons(object="apps/v1/Deployment/web") == ["Scaled"]
    assert sorted(await reasons(object="web")) == ["BackOff", "Scaled"]
    assert await reasons(types="Warning") == ["BackOff"]
    assert sorted(await reasons(since="30m")) == ["Pulled", "Scaled"]
    assert len(await reasons(since="1d")) == 3


async def test_an_empty_answer_says_why_it_is_empty(answer: Ask, cluster: Cluster, namespace: str) -> None:
    assert "note: There are none." in await answer("k8s_list_events", namespace=namespace)
    make(cluster, namespace, core("old", 7_200))
    assert "1 older events were passed over" in await answer("k8s_list_events", namespace=namespace, since="5m")
    assert "There are no such events." in await answer("k8s_list_events", namespace=namespace, object="pod/none")
    assert "There is no namespace" in await answer("k8s_list_events", namespace="none")


async def test_no_more_than_the_limit_are_shown_and_that_is_said(answer: Ask, cluster: Cluster, namespace: str) -> None:
    make(cluster, namespace, *(core(f"e{n}", n * 60, about=f"Pod/p{n}") for n in range(4)))
    said = await answer("k8s_list_events", namespace=namespace, limit=2)
    assert [row[3] for row in rows(said)] == ["Pod/p0", "Pod/p1"]
    assert "note: The newest 2 of 4 different events are shown." in said


async def test_over_all_namespaces_each_row_tells_its_own(answer: Ask, cluster: Cluster, namespace: str) -> None:
    make(cluster, namespace, core("here", 0, about="Pod/only-here"))
    (row,) = rows(await answer("k8s_list_events", allNamespaces=True, object="pod/only-here"))
    assert row[0] == namespace


async def test_events_about_what_has_no_namespace_are_found_wherever_they_are(answer: Ask, cluster: Cluster) -> None:
    event = core("node-of-events-test.1", 0, about="Node/node-of-events-test")
    cluster.kubectl("create", "-n", "default", "-f", "-", stdin=json.dumps(event))
    (row,) = rows(await answer("k8s_list_events", object="node/node-of-events-test"))
    assert row[0] == "default"


@pytest.mark.parametrize("since", ["", "5", "-5m", "5m2d", "5 minutes", "m"])
async def test_a_time_span_that_is_none_is_refused(app: Apps, static: Static, since: str) -> None:
    async with app({"resources": mcp_kubernetes_resources, "static": static}) as client:
        result = await client.call_tool("k8s_list_events", {"since": since})
    assert result.is_error
    assert "since is no time span. Write it as 10m, 2h30m or 1d." in text(result)
