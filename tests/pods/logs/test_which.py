"""Which containers are read on the real node: by pod, labels or owner; and what is said of those that have no log."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.cluster.node import BUSYBOX
from tests.pods.logs.reading import body, printing

if TYPE_CHECKING:
    from tests.cluster import Cluster
    from tests.cluster.node import Pods
    from tests.pods.logs.reading import Ask


def first(*command: str) -> dict[str, Any]:
    """An init container named prepare."""
    return {"initContainers": [{"name": "prepare", "image": BUSYBOX, "command": command}]}


async def test_the_default_container_is_read_and_the_others_are_named(pods: Pods, namespace: str, logs: Ask) -> None:
    pods.run(
        namespace,
        "web",
        {"proxy": printing("echo from proxy"), "app": printing("echo from app")},
        annotations={"kubectl.kubernetes.io/default-container": "app"},
        **first("echo", "before"),
    )
    answer = await logs(podName="web")
    assert body(answer) == ["from app"]
    assert "Container app was read, the default of prepare, proxy, app; containerName=* reads all." in answer
    assert body(await logs(podName="web", containerName="prepare")) == ["before"]
    everything = body(await logs(podName="web", containerName="*"))
    assert everything[0] == "prepare before"
    assert sorted(everything[1:]) == ["app from app", "proxy from proxy"]


async def test_pods_by_labels_are_merged_by_time_with_short_names(pods: Pods, namespace: str, logs: Ask) -> None:
    for name, script in {"web-7f-one": "echo 1; sleep 2; echo 3", "web-7f-two": "sleep 1; echo 2"}.items():
        pods.run(namespace, name, {"main": printing(script)}, labels={"app": "web"})
    pods.run(namespace, "other", {"main": printing("echo 0")}, labels={"app": "other"})
    await logs(labelSelector="app=web", followSeconds=3)
    answer = await logs(labelSelector="app=web", timestamps=True)
    lines = [line.split() for line in body(answer)]
    assert sorted((name, word) for name, _, word in lines) == [("one", "1"), ("one", "3"), ("two", "2")]
    assert [time for _, time, _ in lines] == sorted(time for _, time, _ in lines)
    assert "Lines begin with what follows web-7f- in the name of their pod." in answer


async def test_an_owner_means_the_pods_below_it_however_deep(
    cluster: Cluster, pods: Pods, namespace: str, logs: Ask
) -> None:
    spec = pods.spec({"main": printing("echo mine")})
    deployment = {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "web", "namespace": namespace},
        "spec": {
            "replicas": 2,
            "selector": {"matchLabels": {"app": "web"}},
            "template": {"metadata": {"labels": {"app": "web"}}, "spec": spec},
        },
    }
    cluster.kubectl("apply", "-f", "-", stdin=json.dumps(deployment))
    cluster.kubectl("rollout", "status", "deployment/web", "--namespace", namespace, "--timeout=60s")
    pods.run(namespace, "stranger", {"main": printing("echo not mine")}, labels={"app": "web-too"})
    lines = body(await logs(owner="deployment/web"))
    assert [line.split(" ", 1)[1] for line in lines] == ["mine", "mine"]
    replica_set = cluster.kubectl("get", "rs", "--namespace", namespace, "-o", "name").strip().split("/")[1]
    assert len(body(await logs(owner=f"rs/{replica_set}"))) == 2


async def test_a_container_that_has_not_started_is_named_and_the_others_are_read(
    pods: Pods, namespace: str, logs: Ask
) -> None:
    pods.run(namespace, "good", {"main": printing("echo fine")}, labels={"app": "web"})
    pods.make(namespace, "bad", {"main": ["true"]}, labels={"app": "web"}, **first("sleep", "2147483647"))
    pods.until(namespace, "bad", lambda pod: bool(pod["status"].get("initContainerStatuses")), "initialising")
    answer = await logs(labelSelector="app=web")
    assert body(answer) == ["good fine"]
    reason = 'container "main" in pod "bad" is waiting to start: PodInitializing'
    assert f"bad/main could not be read: The API server answered 400: {reason}." in answer


async def test_a_run_that_crashed_comes_along(pods: Pods, namespace: str, logs: Ask) -> None:
    pods.make(namespace, "web", {"main": ["sh", "-c", "echo doomed; sleep 4; exit 3"]})
    pods.until(
        namespace,
        "web",
        lambda pod: any(each["restartCount"] and each["ready"] for each in pod["status"].get("containerStatuses", ())),
        "restarted",
    )
    answer = await logs(podName="web")
    assert body(answer) == ["main(previous) doomed", "main doomed"]
    assert "web/main was restarted 1 times; the run before ended with exit code 3 (Error)" in answer
    assert body(await logs(podName="web", previous=True)) == ["doomed"]


async def test_an_empty_log_says_since_when_it_is(pods: Pods, namespace: str, logs: Ask) -> None:
    pods.run(namespace, "web")
    assert "The log is empty: nothing was printed since 20" in await logs(podName="web")
    assert "There is no such pod." in await logs(labelSelector="app=none")


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({}, "exactly one of podName, labelSelector and owner"),
        ({"podName": "a", "owner": "deployment/a"}, "exactly one of"),
        ({"owner": "web"}, "kind/name"),
        ({"podName": "a", "linesAround": 2}, "linesAround has no effect without grep"),
        ({"podName": "a", "previous": True, "followSeconds": 2}, "prints no more"),
        ({"podName": "a", "grep": "(?=a)"}, "grep is no regular expression that RE2 takes"),
        ({"podName": "a", "exclude": "(a?){1000}"}, "exclude is too large a pattern"),
        ({"podName": "a", "sinceTime": "2026-01-01T00:00:00Z", "sinceSeconds": 3}, "exclude each other"),
        ({"podName": "a", "continue": "made-up"}, "does not belong to this question"),
    ],
)
async def test_what_makes_no_sense_is_refused_with_a_sentence(
    refused: Ask, arguments: dict[str, object], words: str
) -> None:
    assert words in await refused(**arguments)
