"""Invariant 6: one user's credentials, connections, sessions, caches and cursors never serve another."""

from __future__ import annotations

import asyncio
import base64
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from mcp_kubernetes import App, Identity
from mcp_kubernetes.kube.wire.pool import Pool
from mcp_kubernetes.spi import ClusterEntry, Credentials
from tests.invariants.probes import Toolbox, Witness
from tests.invariants.two_users import QUICK, PerUser, User, called, listing, said, who_am_i
from tests.kube.scripted import ScriptedServer, http

if TYPE_CHECKING:
    from tests.cluster import Cluster


async def test_calls_of_two_users_that_run_at_once_are_each_made_as_the_right_one(
    shared: App, users: tuple[User, User]
) -> None:
    order = [users[number % 2] for number in range(50)]
    answers = await asyncio.gather(*(called(shared, user, "who_am_i", {}) for user in order))
    assert [user.kubernetes_name in said(answer) for user, answer in zip(order, answers, strict=True)] == [True] * 50


async def test_the_server_sees_each_user_only_where_that_user_asked(
    shared: App, users: tuple[User, User], cluster: Cluster
) -> None:
    calls = [called(shared, users[n % 2], "k8s_list_resources", listing(users[n % 2].namespace)) for n in range(50)]
    answers = await asyncio.gather(*calls)
    assert not [said(answer) for answer in answers if answer.is_error]
    for user, other in (users, users[::-1]):
        uris = [request.uri for request in cluster.requests(user=user.kubernetes_name)]
        assert sum(f"/namespaces/{user.namespace}/configmaps" in uri for uri in uris) >= 25
        assert not [uri for uri in uris if other.namespace in uri]


async def test_what_one_user_may_not_see_is_not_served_from_what_another_saw(
    shared: App, users: tuple[User, User]
) -> None:
    alice, bob = users
    seen = await called(shared, alice, "k8s_list_resources", listing(alice.namespace))
    refused = await called(shared, bob, "k8s_list_resources", listing(alice.namespace))
    assert "of-alice-0" in said(seen)
    assert refused.is_error
    assert "403" in said(refused)
    assert "of-alice-0" not in said(refused)


async def test_each_user_discovers_the_cluster_with_credentials_of_his_own(
    shared: App, users: tuple[User, User], cluster: Cluster
) -> None:
    before = {user.subject: _discoveries(cluster, user) for user in users}
    for user in (*users, *users):
        await called(shared, user, "k8s_list_resources", listing(user.namespace))
    assert {user.subject: _discoveries(cluster, user) - before[user.subject] for user in users} == {
        "alice": 2,
        "bob": 2,
    }


def _discoveries(cluster: Cluster, user: User) -> int:
    return sum(request.uri in {"/api", "/apis"} for request in cluster.requests(user=user.kubernetes_name))


async def test_a_user_without_credentials_gets_an_error_and_nobody_s_connection(
    shared: App, users: tuple[User, User]
) -> None:
    await called(shared, users[0], "who_am_i", {})
    stranger = Identity(subject="mallory", issuer="https://issuer.example.com")
    outcome = await shared.call("who_am_i", {}, identity=stranger, session=users[0].session)
    assert outcome.is_error
    assert said(outcome).startswith("You have not signed in.")


async def test_users_of_tokens_share_a_connection_and_never_a_header() -> None:
    source_keys = {name: Credentials(token=f"token-of-{name}") for name in ("alice", "bob")}
    async with ScriptedServer([http(201, '{"status":{"userInfo":{"username":"x"}}}')]) as server:
        entry = ClusterEntry(name="one", source="shared", server=server.url)
        plugins = {"probe": Toolbox(who_am_i), "shared": PerUser([entry], source_keys)}
        async with App.of(QUICK, plugins=plugins) as made:
            for name in ("alice", "bob", "alice", "bob"):
                await made.call("who_am_i", {}, identity=Identity(subject=name), session=None)
    assert server.connections == 1
    sent = [request.headers["authorization"].removeprefix("Bearer token-of-") for request in server.received]
    assert sent == ["alice", "bob", "alice", "bob"]


async def test_users_of_certificates_share_no_connection(cluster: Cluster) -> None:
    entry = ClusterEntry(name="one", source="shared", server=cluster.server, ca=cluster.ca.read_bytes())
    keys = [_by_certificate_alone(cluster) for _ in range(2)]
    pool = Pool(qps=0, burst=1)
    first, second, again = [await pool.connection(entry, key) for key in (*keys, keys[0])]
    await pool.aclose()
    assert first is again
    assert first is not second


def _by_certificate_alone(cluster: Cluster) -> Credentials:
    user = yaml.safe_load(Witness.of(cluster).kubeconfig.read_text("utf-8"))["users"][0]["user"]
    certificate, key = (base64.b64decode(user[f"client-{part}-data"]) for part in ("certificate", "key"))
    return Credentials(certificate=certificate, key=key)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (Identity(subject="a"), Identity(subject="b")),
        (Identity(subject="a", issuer="x"), Identity(subject="a", issuer="y")),
        (Identity(subject="a", issuer="x"), Identity(subject="a")),
        (Identity(subject="b|c", issuer="a"), Identity(subject="c", issuer="a|b")),
        (Identity(subject="|a"), Identity(subject="a", issuer="|")),
    ],
)
def test_two_identities_have_two_keys(one: Identity, other: Identity) -> None:
    assert one != other
    assert one.key != other.key


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"token": "a"}, {"token": "b"}),
        ({"token": "a"}, {}),
        ({"certificate": b"a", "key": b"b"}, {"certificate": b"ab"}),
        ({"token": "a", "impersonate": (("Impersonate-User", "x"),)}, {"token": "a"}),
        ({"impersonate": (("Impersonate-User", "x"),)}, {"impersonate": (("Impersonate-User", "y"),)}),
        ({"impersonate": (("Impersonate-User", "a"),)}, {"token": "Impersonate-User:a"}),
    ],
)
def test_two_credentials_have_two_fingerprints_that_tell_nothing(one: dict[str, Any], other: dict[str, Any]) -> None:
    first, second = Credentials(**one), Credentials(**other)
    assert first.fingerprint != second.fingerprint
    assert len(first.fingerprint) == 64
    assert repr(first) == repr(second) == "Credentials()"
