"""The kinds that are served, as the kubectl of the same version tells them, and what is said where some are unknown."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.cluster import own
from tests.invariants.probes import Witness

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.cluster import Cluster
    from tests.knowing.conftest import Ask, Asking

RESOURCES = "k8s_get_api_resources"
USUAL = "create,delete,deletecollection,get,list,patch,update,watch"
_LOOKS = 400
_SCHEMA = {"openAPIV3Schema": {"type": "object", "x-kubernetes-preserve-unknown-fields": True}}


def crd(plural: str, kind: str, scope: str, *versions: str, **names: Any) -> dict[str, Any]:
    """The first of the versions is stored; all of them are served."""
    served = [
        {"name": version, "served": True, "storage": version == versions[0], "schema": _SCHEMA,
         "subresources": {"status": {}, "scale": {"specReplicasPath": ".spec.n", "statusReplicasPath": ".status.n"}}}
        for version in versions
    ]  # fmt: skip
    spec = {"group": "knowing.example", "scope": scope, "names": {"plural": plural, "kind": kind, **names}}
    return {"metadata": {"name": f"{plural}.knowing.example"}, "spec": {**spec, "versions": served}}


CRDS = [
    crd("widgets", "Widget", "Namespaced", "v1beta1", "v1", "v2alpha1", shortNames=["wd", "wdg"], categories=["all"]),
    crd("gadgets", "Gadget", "Cluster", "v1alpha1"),
]
DOWN = {
    "metadata": {"name": "v1.down.example"},
    "spec": {
        "group": "down.example",
        "version": "v1",
        "groupPriorityMinimum": 100,
        "versionPriority": 10,
        "insecureSkipTLSVerify": True,
        "service": {"name": "nowhere", "namespace": "default"},
    },
}


@pytest.fixture(scope="module")
def extended(cluster: Cluster) -> Iterator[Cluster]:
    """An API server with CRDs of several versions, and with an aggregated API that is down."""
    with own(cluster) as made:
        for each in CRDS:
            made.api.ensure("/apis/apiextensions.k8s.io/v1/customresourcedefinitions", each)
            made.kubectl("wait", "--for=condition=Established", f"crd/{each['metadata']['name']}", "--timeout=30s")
        made.api.ensure("/apis/apiregistration.k8s.io/v1/apiservices", DOWN)
        for _ in range(_LOOKS):
            groups = {group["name"] for group in made.api.get("/apis")["groups"]}
            if {"down.example", "knowing.example"} <= groups:
                break
        yield made


def rows(answer: str) -> list[list[str]]:
    """The cells of each row, without the subresources; what "usual" stands for is written out."""
    header, *lines = answer.partition("\nnote:")[0].splitlines()
    assert header == "NAME\tSHORT\tAPIVERSION\tNAMESPACED\tKIND\tVERBS\tCATEGORIES\tSUBRESOURCES"
    return [line.replace("\tusual\t", f"\t{USUAL}\t").split("\t")[:7] for line in lines]


def kubectls(cluster: Cluster, *arguments: str) -> list[list[str]]:
    """The same from kubectl, by the places of its columns."""
    header, *lines = cluster.kubectl("api-resources", "-o", "wide", *arguments).splitlines()
    names = ("NAME", "SHORTNAMES", "APIVERSION", "NAMESPACED", "KIND", "VERBS", "CATEGORIES")
    starts = [header.index(name) for name in names]
    ends = [*starts[1:], None]
    found = [[line[start:end].strip() for start, end in zip(starts, ends, strict=True)] for line in lines]
    return [[*row[:5], ",".join(sorted(row[5].split(","))), row[6]] for row in found]


@pytest.mark.parametrize(
    ("arguments", "flags"),
    [
        ({}, []),
        ({"apiGroup": "apps"}, ["--api-group=apps"]),
        ({"apiGroup": "knowing.example"}, ["--api-group=knowing.example"]),
        ({"apiGroup": "core"}, ["--api-group="]),
        ({"namespaced": True}, ["--namespaced=true"]),
        ({"namespaced": False}, ["--namespaced=false"]),
        ({"verbs": "list,watch"}, ["--verbs=list,watch"]),
        ({"verbs": "create", "namespaced": False}, ["--verbs=create", "--namespaced=false"]),
    ],
)
async def test_they_are_those_of_kubectl(
    asking: Asking, extended: Cluster, arguments: dict[str, Any], flags: list[str]
) -> None:
    async with asking(extended.kubeconfig) as ask:
        answer = await ask(RESOURCES, **arguments)
    ours, theirs = rows(answer), kubectls(extended, *flags)
    assert len(ours) > 1
    assert sorted(ours) == sorted(theirs)


async def test_an_api_that_is_down_is_said_and_hides_no_other(asking: Asking, extended: Cluster) -> None:
    async with asking(extended.kubeconfig) as ask:
        answer = await ask(RESOURCES, search="widget")
    assert "note: Discovery is incomplete: the servers behind down.example/v1 do not answer." in answer
    assert [row[0] for row in rows(answer)] == ["widgets"]


@pytest.mark.parametrize(
    ("search", "expected"),
    [
        ("wdg", ["widgets"]),
        ("gadget", ["gadgets"]),
        ("knowing.example", ["gadgets", "widgets"]),
        ("DeploY", ["deployments"]),
        ("no-such-thing", []),
    ],
)
async def test_a_search_looks_at_names_kinds_groups_and_categories(
    asking: Asking, extended: Cluster, search: str, expected: list[str]
) -> None:
    async with asking(extended.kubeconfig) as ask:
        answer = await ask(RESOURCES, search=search)
    if not expected:
        assert "kinds that are served is like that." in answer
    else:
        assert [row[0] for row in rows(answer)] == expected


async def test_subresources_that_say_something_are_told(asking: Asking, extended: Cluster) -> None:
    async with asking(extended.kubeconfig) as ask:
        answer = await ask(RESOURCES, search="widgets")
        pods = await ask(RESOURCES, search="podtemplates") + await ask(RESOURCES, search="pod", apiGroup="v1")
    assert "\tscale\n" in answer
    assert "exec,log,portforward" in pods


async def test_each_answer_is_confirmed_by_the_api_server_for_this_very_caller(
    asking: Asking, extended: Cluster
) -> None:
    witness = Witness.of(extended)
    async with asking(witness.kubeconfig) as ask:
        first = await ask(RESOURCES, search="widgets")
        before = len(witness.seen())
        assert await ask(RESOURCES, search="widgets") == first
    asked = [request.uri for request in witness.seen()[before:]]
    assert sorted(asked) == ["/api", "/apis"]


async def until_refused(ask: Ask) -> None:
    for _ in range(_LOOKS):
        await ask(RESOURCES, search="widgets")


async def test_what_may_not_be_discovered_any_more_is_not_told_from_memory(asking: Asking, extended: Cluster) -> None:
    binding = "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings/system:discovery"
    kept = extended.api.get(binding)
    async with asking(extended.user("leaving")) as ask:
        assert "widgets" in await ask(RESOURCES, search="widgets")
        extended.kubectl("delete", "clusterrolebinding", "system:discovery")
        try:
            with pytest.raises(AssertionError, match='User "leaving" cannot get path'):
                await until_refused(ask)
        finally:
            kept["metadata"] = {"name": kept["metadata"]["name"]}
            extended.kubectl("create", "-f", "-", stdin=json.dumps(kept))
