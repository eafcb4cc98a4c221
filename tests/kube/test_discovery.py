from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest

from mcp_kubernetes.errors import ClusterUnreachable, Forbidden, UnknownKind
from mcp_kubernetes.kube.catalogue.discovery import Discovery
from mcp_kubernetes.kube.catalogue.resources import Wanted, readings
from mcp_kubernetes.kube.connection import Request, Response
from tests.clock import Clock

if TYPE_CHECKING:
    from collections.abc import Iterable


def _group(name: str, *versions: tuple[str, list[dict[str, Any]]], freshness: str = "Current") -> dict[str, Any]:
    found = [{"version": version, "resources": each, "freshness": freshness} for version, each in versions]
    return {"metadata": {"name": name}, "versions": found}


def _kind(plural: str, kind: str, *short: str, scope: str = "Namespaced") -> dict[str, Any]:
    return {
        "resource": plural,
        "responseKind": {"kind": kind},
        "scope": scope,
        "singularResource": kind.lower(),
        "verbs": ["get", "list"],
        "shortNames": list(short),
    }


CORE = [
    _group(
        "",
        (
            "v1",
            [
                _kind("pods", "Pod", "po"),
                _kind("events", "Event", "ev"),
                _kind("nodes", "Node", "no", scope="Cluster"),
                _kind("services", "Service", "svc"),
            ],
        ),
    )
]
NAMED = [
    _group("apps", ("v1", [_kind("deployments", "Deployment", "deploy")])),
    _group("events.k8s.io", ("v1", [_kind("events", "Event", "ev")])),
    _group(
        "cert-manager.io", ("v1", [_kind("certificates", "Certificate", "cert")]), ("v1beta1", [_kind("old", "Old")])
    ),
    _group("certificates.k8s.io", ("v1", [_kind("certificatesigningrequests", "CertificateSigningRequest", "csr")])),
    _group("serving.knative.dev", ("v1", [_kind("services", "Service", "ksvc")])),
    _group("metrics.k8s.io", ("v1beta1", [_kind("pods", "PodMetrics")])),
    _group("odd.example.com", ("v1", [_kind("po", "Po")])),
    _group("gone.example.com", ("v1", [_kind("ghosts", "Ghost")]), freshness="Stale"),
]


@dataclass
class Server:
    """Answers the two requests of aggregated discovery; recorded from no server, but in its form."""

    core: Any = field(default_factory=lambda: CORE)
    named: Any = field(default_factory=lambda: NAMED)
    broken: str = ""
    unlistable: tuple[str, ...] = ()
    asked: list[Request] = field(default_factory=list)

    async def send(self, request: Request) -> Response:
        self.asked.append(request)
        await asyncio.sleep(0)
        if request.method == "POST":
            return self._review(request)
        items = self.core if request.path == "/api" else self.named
        if request.path == self.broken:
            return Response(status=200, body=b"<html>")
        etag = f'"{hash(json.dumps(items))}"'
        if dict(request.headers).get("If-None-Match") == etag:
            return Response(status=304)
        body = json.dumps({"kind": "APIGroupDiscoveryList", "items": items}).encode()
        return Response(status=200, headers={"etag": etag}, body=body)

    def _review(self, request: Request) -> Response:
        resource = json.loads(request.body or b"")["spec"]["resourceAttributes"]["resource"]
        if "broken" in self.unlistable:
            raise ClusterUnreachable("The review is not answered.")
        allowed = json.dumps({"status": {"allowed": resource not in self.unlistable}})
        return Response(status=201, body=allowed.encode())

    @property
    def reviews(self) -> list[dict[str, Any]]:
        posts = (json.loads(request.body or b"") for request in self.asked if request.method == "POST")
        return [post["spec"]["resourceAttributes"] for post in posts]

    @property
    def roots(self) -> list[str]:
        return [request.path for request in self.asked]


@pytest.fixture
def server() -> Server:
    return Server()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def discovery(clock: Clock) -> Discovery:
    return Discovery(clock)


@pytest.mark.parametrize(
    ("typed", "group", "expected"),
    [
        ("pods", None, "pods"),
        ("pod", None, "pods"),
        ("Pod", None, "pods"),
        ("PODS", None, "pods"),
        (" pods ", None, "pods"),
        ("svc", None, "services"),
        ("services", None, "services"),
        ("ksvc", None, "services.serving.knative.dev"),
        ("services", "serving.knative.dev", "services.serving.knative.dev"),
        ("services.serving.knative.dev", None, "services.serving.knative.dev"),
        ("services.serving", None, "services.serving.knative.dev"),
        ("services.v1.serving.knative.dev", None, "services.serving.knative.dev"),
        ("serving.knative.dev/v1/Service", None, "services.serving.knative.dev"),
        ("deployments.apps", None, "deployments.apps"),
        ("deployments.v1.apps", None, "deployments.apps"),
        ("apps/v1/Deployment", None, "deployments.apps"),
        ("apps/deployments", None, "deployments.apps"),
        ("v1/Pod", None, "pods"),
        ("pods", "", "pods"),
        ("pods", "core", "pods"),
        ("pods", "v1", "pods"),
        ("pods", "metrics.k8s.io/v1beta1", "pods.metrics.k8s.io"),
        ("events", None, "events"),
        ("ev", "events.k8s.io", "events.events.k8s.io"),
        ("cert", None, "certificates.cert-manager.io"),
        ("po", None, "po.odd.example.com"),
        ("old", "cert-manager.io/v1beta1", "old.cert-manager.io"),
    ],
)
async def test_what_people_type_means_what_kubectl_takes_it_for(
    discovery: Discovery, server: Server, typed: str, group: str | None, expected: str
) -> None:
    assert (await discovery.resolve("key", server.send, typed, group)).full_name == expected


@pytest.mark.parametrize(
    ("typed", "group", "near"),
    [
        ("deploymnet", None, "deployments.apps"),
        ("certificate-signing-requests", None, "certificatesigningrequests.certificates.k8s.io"),
        ("pods", "apps", "pods"),
        ("pods.v2", None, "pods"),
    ],
)
async def test_an_unknown_type_is_answered_with_those_that_come_near(
    discovery: Discovery, server: Server, typed: str, group: str | None, near: str
) -> None:
    with pytest.raises(UnknownKind, match="Did you mean") as caught:
        await discovery.resolve("key", server.send, typed, group)
    assert near in str(caught.value)


async def test_only_what_the_caller_may_list_there_is_offered(discovery: Discovery, server: Server) -> None:
    server.unlistable = ("events",)
    with pytest.raises(UnknownKind, match="Did you mean services") as caught:
        await discovery.resolve("key", server.send, "servicevents", None, "team")
    assert "events" not in str(caught.value)
    assert {asked["verb"] for asked in server.reviews} == {"list"}
    assert {asked["namespace"] for asked in server.reviews} == {"team"}
    assert len(server.reviews) <= 5


async def test_what_has_no_namespace_is_reviewed_without_one(discovery: Discovery, server: Server) -> None:
    with pytest.raises(UnknownKind, match="Did you mean nodes"):
        await discovery.resolve("key", server.send, "nodez", None, "team")
    assert [asked.get("namespace") for asked in server.reviews if asked["resource"] == "nodes"] == [None]


@pytest.mark.parametrize("unlistable", [("broken",), ("deployments", "events", "pods", "nodes", "services")])
async def test_nothing_is_offered_where_nothing_may_be_listed_or_that_cannot_be_found_out(
    discovery: Discovery, server: Server, unlistable: tuple[str, ...]
) -> None:
    server.unlistable = unlistable
    with pytest.raises(UnknownKind, match="Name a kind, plural or short name that"):
        await discovery.resolve("key", server.send, "deploymnet")


async def test_a_known_type_costs_no_review(discovery: Discovery, server: Server) -> None:
    await discovery.resolve("key", server.send, "pods")
    assert server.reviews == []


async def test_an_unknown_type_tells_which_groups_could_not_be_discovered(discovery: Discovery, server: Server) -> None:
    with pytest.raises(UnknownKind, match=r"Discovery is incomplete for gone\.example\.com/v1\."):
        await discovery.resolve("key", server.send, "ghosts")


@pytest.mark.parametrize(
    ("typed", "group", "expected"),
    [
        ("pods", None, [("pods", None, None)]),
        ("Pods", "apps", [("pods", "apps", None)]),
        ("pods", "Apps/v1", [("pods", "apps", "v1")]),
        ("a.b", None, [("a.b", None, None), ("a", "b", None)]),
        ("a.v1.b.c", None, [("a.v1.b.c", None, None), ("a", "b.c", "v1"), ("a", "v1.b.c", None)]),
        ("g/v1/K", "other", [("k", "g", "v1")]),
        ("", None, [("", None, None)]),
    ],
)
def test_a_type_may_be_read_in_several_ways(
    typed: str, group: str | None, expected: Iterable[tuple[str, str | None, str | None]]
) -> None:
    assert readings(typed, group) == [Wanted(name=n, group=g, version=v) for n, g, v in expected]


async def test_two_requests_serve_ten_minutes(discovery: Discovery, server: Server, clock: Clock) -> None:
    for seconds in (0, 300, 299):
        clock.now += seconds
        await discovery.resolve("key", server.send, "pods")
    assert sorted(server.roots) == ["/api", "/apis"]


async def test_after_that_only_what_changed_is_sent_again(discovery: Discovery, server: Server, clock: Clock) -> None:
    first = await discovery.index("key", server.send)
    clock.now += 601
    assert await discovery.index("key", server.send) is first
    assert [dict(request.headers).get("If-None-Match") is not None for request in server.asked] == [False] * 2 + [
        True
    ] * 2


async def test_calls_at_once_share_one_discovery(discovery: Discovery, server: Server) -> None:
    await asyncio.gather(*(discovery.resolve("key", server.send, "pods") for _ in range(20)))
    assert sorted(server.roots) == ["/api", "/apis"]


async def test_a_new_type_is_found_at_once_when_the_index_is_not_quite_new(
    discovery: Discovery, server: Server, clock: Clock
) -> None:
    await discovery.index("key", server.send)
    server.named = [*NAMED, _group("new.example.com", ("v1", [_kind("widgets", "Widget")]))]
    with pytest.raises(UnknownKind):
        await discovery.resolve("key", server.send, "widgets")
    assert len(server.asked) == 2
    clock.now += 11
    assert (await discovery.resolve("key", server.send, "widgets")).kind == "Widget"


async def test_each_key_has_an_index_of_its_own(discovery: Discovery, server: Server) -> None:
    await discovery.index("alice", server.send)
    await discovery.index("bob", server.send)
    assert len(server.asked) == 4


async def test_a_refusal_is_not_remembered(discovery: Discovery, server: Server) -> None:
    async def refuse(_: Request) -> Response:
        raise Forbidden("No.", status=403)

    with pytest.raises(Forbidden):
        await discovery.index("key", refuse)
    assert (await discovery.resolve("key", server.send, "pods")).kind == "Pod"


async def test_a_refresh_that_breaks_halfway_is_made_up_for_by_the_next(
    discovery: Discovery, server: Server, clock: Clock
) -> None:
    await discovery.index("key", server.send)
    server.core = [_group("", ("v1", [_kind("pods", "Pod", "po"), _kind("fresh", "Fresh")]))]
    server.broken = "/apis"
    clock.now += 601
    with pytest.raises(ClusterUnreachable):
        await discovery.index("key", server.send)
    server.broken = ""
    assert (await discovery.resolve("key", server.send, "fresh")).kind == "Fresh"


async def test_namespaces_are_left_out_of_the_path_of_what_has_none(discovery: Discovery, server: Server) -> None:
    nodes = await discovery.resolve("key", server.send, "nodes")
    pods = await discovery.resolve("key", server.send, "pods")
    assert nodes.path("a", "n") == "/api/v1/nodes/n"
    assert pods.path("a", "p") == "/api/v1/namespaces/a/pods/p"


async def test_indexes_beyond_the_bound_are_forgotten_the_oldest_first(discovery: Discovery, server: Server) -> None:
    for number in range(257):
        await discovery.index(f"key-{number}", server.send)
    before = len(server.asked)
    await discovery.index("key-1", server.send)
    assert len(server.asked) == before
    await discovery.index("key-0", server.send)
    assert len(server.asked) == before + 2
