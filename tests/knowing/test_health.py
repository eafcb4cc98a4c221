"""The verdict on a cluster in trouble: right for each trouble by itself, and never Healthy by not looking."""

from __future__ import annotations

import json
import os
import re
import signal
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from mcp_kubernetes import Finding, FindingRule, Severity, Surroundings, hookimpl
from tests.cluster import own
from tests.invariants.probes import wait_until_allowed
from tests.knowing.troubles import HOME, TROUBLES, Trouble, cordon, pod, waiting

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.cluster import Cluster
    from tests.knowing.conftest import Ask, Asking

HEALTH = "k8s_get_cluster_health"
LOOKED_AT = (
    *("nodes", "pods", "deployments", "statefulsets", "daemonsets", "jobs", "persistentvolumeclaims"),
    *("storageclasses", "apiservices", "validatingwebhookconfigurations", "mutatingwebhookconfigurations"),
    *("customresourcedefinitions", "endpointslices", "leases", "events"),
)
_LOOKS = 400
_SEVERITIES = ("critical", "warning", "info")


@pytest.fixture(scope="module")
def world(cluster: Cluster) -> Iterator[Cluster]:
    """A cluster of its own with three nodes and all controllers, where nothing else goes on."""
    with own(cluster, controllers=True, kwok=True) as made:
        made.nodes(3)
        made.kubectl("create", "namespace", HOME)
        made.api.ensure(f"/api/v1/namespaces/{HOME}/serviceaccounts", {"metadata": {"name": "default"}})
        yield made


def found(answer: str) -> dict[str, tuple[str, str]]:
    """Severity and evidence of each cause."""
    rows = [line.split("\t") for line in answer.splitlines()]
    return {row[1]: (row[0], row[4]) for row in rows if row[0] in _SEVERITIES}


async def until(ask: Ask, verdict: str, causes: set[str]) -> str:
    """The first answer with this verdict and exactly these causes; else the last one."""
    answer = ""
    for _ in range(_LOOKS):
        answer = await ask(HEALTH)
        if answer.startswith(verdict) and set(found(answer)) == causes:
            break
    return answer


@contextmanager
def made(world: Cluster, trouble: Trouble) -> Iterator[None]:
    """The trouble, and as it was before."""
    text = json.dumps({"apiVersion": "v1", "kind": "List", "items": list(trouble.objects)})
    if trouble.removed:
        world.kubectl("delete", "node", *trouble.removed)
    if trouble.objects:
        world.kubectl("create", "-f", "-", stdin=text)
    if trouble.make:
        trouble.make(world)
    yield
    if trouble.objects:
        world.kubectl("delete", "-f", "-", "--now", "--ignore-not-found", stdin=text)
    if trouble.make is cordon:
        world.kubectl("uncordon", "kwok-001")
    world.nodes(3)


@pytest.mark.parametrize("which", TROUBLES)
async def test_each_trouble_has_its_verdict_its_cause_and_its_evidence(
    asking: Asking, world: Cluster, which: str
) -> None:
    trouble = TROUBLES[which]
    async with asking(world.kubeconfig) as ask:
        before = await until(ask, "Healthy.", set())
        assert before.startswith("Healthy. API server v1.")
        with made(world, trouble):
            answer = await until(ask, trouble.verdict, set(trouble.found))
    assert answer.startswith(trouble.verdict), answer
    told = found(answer)
    assert set(told) == set(trouble.found), answer
    for cause, (severity, evidence) in trouble.found.items():
        assert told[cause][0] == severity, answer
        assert evidence in told[cause][1], answer


def test_every_trouble_of_the_table_is_another(world: Cluster) -> None:
    assert len({repr(trouble) for trouble in TROUBLES.values()}) == len(TROUBLES)
    assert world.nodes(3)


def reader(cluster: Cluster, name: str, *, without: str) -> Path:
    """A user who may list everything that the verdict looks at, but one kind."""
    listed = json.loads(cluster.kubectl("get", "--raw", "/apis"))
    groups = {group["name"] for group in listed["groups"]} | {""}
    role = {
        "metadata": {"name": name},
        "rules": [
            {
                "apiGroups": sorted(groups),
                "resources": [kind for kind in LOOKED_AT if kind != without],
                "verbs": ["list"],
            }
        ],
    }
    subject = {"kind": "User", "name": name, "apiGroup": "rbac.authorization.k8s.io"}
    reference = {"kind": "ClusterRole", "name": name, "apiGroup": "rbac.authorization.k8s.io"}
    rbac = "/apis/rbac.authorization.k8s.io/v1"
    cluster.api.ensure(f"{rbac}/clusterroles", role)
    cluster.api.ensure(
        f"{rbac}/clusterrolebindings", {"metadata": {"name": name}, "subjects": [subject], "roleRef": reference}
    )
    wait_until_allowed(cluster, name, "list", "events")
    return cluster.user(name)


async def test_without_the_right_to_list_nodes_nothing_is_called_healthy(asking: Asking, world: Cluster) -> None:
    async with asking(reader(world, "nodeless", without="nodes")) as ask:
        answer = await until(ask, "Unknown: ", set())
        assert answer.startswith("Unknown: what could be read is well, but not everything could be.")
        assert "this user may not list them in the whole cluster (403)\tv1/Node\n" in answer
        with made(world, Trouble(verdict="", objects=[pod("web", nodeName="kwok-000")], make=waiting("ErrImagePull"))):
            worse = await until(ask, "Degraded, or worse: not everything could be read.", {"ErrImagePull"})
    assert worse.startswith("Degraded, or worse: not everything could be read.")


async def test_without_a_right_that_is_not_essential_it_may_be_called_healthy(asking: Asking, world: Cluster) -> None:
    async with asking(reader(world, "jobless", without="jobs")) as ask:
        answer = await until(ask, "Healthy.", set())
    assert answer.startswith("Healthy.")
    assert "(403)\tbatch/v1/Job" in answer


async def test_somebody_without_any_right_learns_that_nothing_is_known(asking: Asking, world: Cluster) -> None:
    async with asking(world.user("nobody-at-all")) as ask:
        answer = await ask(HEALTH)
    assert answer.startswith("Unknown: ")
    assert all(kind in answer for kind in ("v1/Node", "v1/Pod", "APIService", "events"))


@pytest.mark.parametrize("limit", ["allowed_namespaces", "restricted_namespaces"])
async def test_what_the_operator_hides_is_not_called_healthy(asking: Asking, world: Cluster, limit: str) -> None:
    async with asking(world.kubeconfig, safety={limit: ["default"]}) as ask:
        answer = await until(ask, "Unknown: ", set())
    assert answer.startswith("Unknown: ")
    assert "the operator lets this server look at some namespaces only\tobjects in other namespaces" in answer


async def test_what_there_was_no_time_for_is_not_called_healthy(asking: Asking, world: Cluster) -> None:
    async with asking(world.kubeconfig, tools={"timeout": 3.001}) as ask:
        answer = await ask(HEALTH)
    assert answer.startswith("Unknown: ")
    assert re.search("the time of the call was up before their end\t.*v1/Node", answer)


async def test_an_api_server_that_is_not_ready_makes_the_cluster_unhealthy(asking: Asking, cluster: Cluster) -> None:
    with own(cluster, extra_args=["--shutdown-delay-duration=60s"]) as leaving:
        async with asking(leaving.kubeconfig) as ask:
            assert (await ask(HEALTH)).startswith("Healthy.")
            os.kill(_pid(leaving), signal.SIGTERM)
            answer = await until(ask, "Unhealthy.", {"APIServerNotReady"})
    assert answer.startswith("Unhealthy.")
    assert "critical\tAPIServerNotReady\tAPI server /readyz\t1\tshutdown failed" in answer


def _pid(cluster: Cluster) -> int:
    """Of the API server: the one process that listens on its port."""
    port = f"--secure-port={cluster.server.rpartition(':')[2]}"
    for process in Path("/proc").iterdir():
        words = _command(process) if process.name.isdecimal() else []
        if port in words and words[0].endswith("kube-apiserver"):
            return int(process.name)
    raise AssertionError(f"nobody runs with {port}")


def _command(process: Path) -> list[str]:
    try:
        return (process / "cmdline").read_text("utf-8").split("\0")
    except OSError:
        return []


class Rules:
    """A plugin with rules of its own."""

    def __init__(self, *rules: FindingRule) -> None:
        self._rules = rules

    @hookimpl
    def register_findings(self) -> list[FindingRule]:
        return list(self._rules)


def _rule(name: str, judge: Any, **more: Any) -> FindingRule:
    return FindingRule(name=name, kind="v1/Namespace", paths={"name": ".metadata.name"}, judge=judge, **more)


def default_is_there(row: Any, seen: Surroundings) -> Iterator[Finding]:
    if row.name == "default":
        yield Finding(severity=Severity.INFO, evidence=f"seen by {seen.version[:3]}")


def broken(_: Any, __: Surroundings) -> Iterator[Finding]:
    raise RuntimeError("hunter2")


@pytest.mark.parametrize(("essential", "verdict"), [(False, "Healthy."), (True, "Unknown: ")])
async def test_rules_of_other_plugins_count_and_one_that_fails_costs_only_itself(
    asking: Asking, world: Cluster, essential: bool, verdict: str
) -> None:
    mine = Rules(_rule("Here", default_is_there), _rule("Broken", broken, essential=essential))
    async with asking(world.kubeconfig, {"mine": mine}) as ask:
        answer = await until(ask, verdict, {"Here"})
    assert answer.startswith(verdict), answer
    assert "info\tHere\tnamespace/default\t1\tseen by v1." in answer
    assert "it failed; this server's log tells how\tthe rule Broken" in answer
    assert "hunter2" not in answer


async def test_a_rule_for_a_kind_that_nobody_serves_finds_nothing_and_says_nothing(
    asking: Asking, world: Cluster
) -> None:
    absent = FindingRule(name="Absent", kind="absent.example/v1/Thing", paths={}, judge=broken)
    async with asking(world.kubeconfig, {"mine": Rules(absent)}) as ask:
        answer = await until(ask, "Healthy.", set())
    assert answer.startswith("Healthy.")
    assert "absent.example" not in answer
