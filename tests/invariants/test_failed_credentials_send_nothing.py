"""Invariant 7: whoever cannot sign in sends nothing, not even anonymously. The API server's own audit log says so."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

import mcp_kubernetes_resources
from mcp_kubernetes.kube.connection import Request as Sent
from mcp_kubernetes.kube.wire.pool import Pool
from mcp_kubernetes.spi import CredentialsError
from pytest_mcp_kubernetes.apps import text
from tests.cluster import own
from tests.invariants.broken_users import BROKEN_USERS, PLANTED, BrokenUser, by_exec, saying
from tests.invariants.two_contexts import ASKED, Bench, reached, works
from tests.kube.pod import Pod
from tests.kube.scripted import Keys, ScriptedServer, exchange, http, methods

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from mcp_kubernetes.spi import Access, ClusterEntry, Credentials
    from pytest_mcp_kubernetes.apps import Apps
    from tests.cluster import Cluster, Request


@pytest.fixture(scope="module")
def watched(cluster: Cluster) -> Iterator[Cluster]:
    """An API server of which nobody else asks anything."""
    with own(cluster) as mine:
        yield mine


@pytest.fixture
def bench(watched: Cluster, tmp_path: Path, caplog: pytest.LogCaptureFixture) -> Bench:
    caplog.set_level("DEBUG")
    return Bench(cluster=watched, folder=tmp_path, log=caplog)


# That what is not sent would have been seen


async def test_a_request_that_is_anonymous_or_refused_is_seen(app: Apps, bench: Bench) -> None:
    before = len(reached(bench.cluster))
    bench.write(BrokenUser(user={}, says="", context={"user": ""}))
    async with bench.client(app) as client:
        assert "system:anonymous" in text(await client.call_tool("k8s_list_resources", ASKED))
    anonymous = reached(bench.cluster)[before:]
    assert {(request.user, request.code) for request in anonymous} == {("system:anonymous", 403)}
    bench.write(BrokenUser(user={"token": "nobody-s"}, says=""))
    async with bench.client(app) as client:
        assert "401" in text(await client.call_tool("k8s_list_resources", ASKED))
    refused = reached(bench.cluster)[before + len(anonymous) :]
    assert {(request.user, request.code) for request in refused} == {("", 401)}


# Signing in fails before the first request


@pytest.mark.parametrize("broken", BROKEN_USERS.values(), ids=BROKEN_USERS)
async def test_nothing_is_sent_for(app: Apps, bench: Bench, broken: BrokenUser) -> None:
    bench.write(broken)
    before = reached(bench.cluster)
    async with bench.client(app, broken.settings) as client:
        assert broken.says in await bench.refusal(client)
        assert broken.says in await bench.refusal(client, kubeContext="broken")
        assert reached(bench.cluster) == before
        assert await works(client, kubeContext="healthy")
    assert len(reached(bench.cluster)) > len(before)


async def test_nothing_is_sent_when_an_issuer_takes_the_refresh_token_no_more(app: Apps, bench: Bench) -> None:
    async with ScriptedServer([]) as issuer:
        metadata = json.dumps({"issuer": issuer.url, "token_endpoint": f"{issuer.url}/token"})
        issuer.script += [http(200, metadata), http(400, '{"error": "invalid_grant"}')]
        config = {"idp-issuer-url": issuer.url, "client-id": "me", "refresh-token": PLANTED}
        bench.write(BrokenUser(user={"auth-provider": {"name": "oidc", "config": config}}, says=""))
        before = reached(bench.cluster)
        async with bench.client(app) as client:
            assert "does not accept the refresh-token any more" in await bench.refusal(client)
            assert reached(bench.cluster) == before
            assert await works(client, kubeContext="healthy")
    assert [request.method for request in issuer.received] == ["GET", "POST"]


# Signing in worked before: what is remembered of the cluster does not serve on


async def test_nothing_is_sent_once_signing_in_works_no_more(app: Apps, bench: Bench) -> None:
    pair = [part.decode() for part in bench.cluster.pki.issue("late", ["system:masters"])]
    status = dict(zip(("clientCertificateData", "clientKeyData"), pair, strict=True))
    status["expirationTimestamp"] = "2020-01-01T00:00:00Z"
    script = f"#!/bin/sh\n{saying(json.dumps(status))}\n"
    bench.write(BrokenUser(user=by_exec(), says="", files={"plugin": script}))
    async with bench.client(app) as client:
        assert await works(client)
        before = reached(bench.cluster)
        (bench.folder / "plugin").write_text("#!/bin/sh\nexit 1\n", encoding="utf-8")
        assert "ended with exit code 1" in await bench.refusal(client)
        assert reached(bench.cluster) == before
        assert await works(client, kubeContext="healthy")


# The server refuses, and what should replace the credentials cannot be had


@pytest.mark.parametrize(
    ("script", "says"),
    [
        ("exit 1", "ended with exit code 1"),
        ("sleep 600", "gave no answer within 0.5 seconds"),
        ("echo nonsense", "is no ExecCredential"),
        (saying("{}"), "neither a token nor a client certificate"),
    ],
)
async def test_a_refused_request_is_not_sent_again_when_the_plugin_gives_no_other_token(
    app: Apps, bench: Bench, script: str, says: str
) -> None:
    first = saying(f'{{"token": "{PLANTED}"}}')
    once = f"#!/bin/sh\nif mkdir '{bench.folder}/ran' 2>/dev/null; then {first}; else {script}; fi\n"
    bench.write(BrokenUser(user=by_exec(), says="", files={"plugin": once}))
    before = len(reached(bench.cluster))
    async with bench.client(app, {"exec_timeout": 0.5}) as client:
        assert says in await bench.refusal(client)
        _each_was_refused_once(reached(bench.cluster)[before:])
        assert await works(client, kubeContext="healthy")


async def test_a_refused_request_is_not_sent_again_when_the_token_file_is_gone(app: Apps, bench: Bench) -> None:
    bench.write(BrokenUser(user={"tokenFile": "token"}, says="", files={"token": PLANTED}))
    async with bench.client(app) as client:
        assert "401" in await bench.refusal(client)
        (bench.folder / "token").unlink()
        before = len(reached(bench.cluster))
        assert "cannot be read: No such file" in await bench.refusal(client)
        _each_was_refused_once(reached(bench.cluster)[before:])
        assert "cannot be read: No such file" in await bench.refusal(client)
        # The other half of the question before may arrive only now; a token that was kept would be refused once more.
        _each_was_refused_once(reached(bench.cluster)[before:])
        assert await works(client, kubeContext="healthy")


def _each_was_refused_once(requests: Sequence[Request]) -> None:
    assert {(request.user, request.code) for request in requests} == {("", 401)}
    uris = [request.uri for request in requests]
    assert len(uris) == len(set(uris))


class Once(Keys):
    """A provider that has credentials until they are refused."""

    async def credentials(self, access: Access, entry: ClusterEntry, refused: Credentials | None = None) -> Credentials:
        if refused is not None:
            raise CredentialsError("There are no others.")
        return await super().credentials(access, entry)


@pytest.mark.parametrize("method", ["GET", "PATCH"])
async def test_no_request_of_any_kind_is_sent_again_without_credentials(method: str) -> None:
    pool = Pool(qps=0, burst=1)
    async with ScriptedServer([http(401), http(200)]) as server:
        with pytest.raises(CredentialsError):
            await exchange(server.entry, provider=Once(), pool=pool).send(Sent(method=method, path="/api/v1/pods"))
        await pool.aclose()
    assert methods(server.received) == [method]


# In a pod


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("token", None, "token, which cannot be read: No such file"),
        ("token", "", "token, which is empty"),
        ("token", f"{PLANTED} {PLANTED}", "token, which holds something that is no token"),
        ("ca.crt", None, "ca.crt cannot be read: No such file"),
        ("ca.crt", "\n", "ca.crt is empty"),
        ("namespace", None, "namespace cannot be read: No such file"),
        ("namespace", "", "namespace is empty"),
    ],
)
async def test_nothing_is_sent_by_a_pod_whose_service_account_lacks(
    app: Apps, bench: Bench, name: str, content: str | None, says: str
) -> None:
    token = bench.cluster.service_account_token("default", "pod")
    mounted = {"token": token, "ca.crt": bench.cluster.ca.read_text("utf-8"), "namespace": "default"}
    for file, sound in mounted.items():
        (bench.folder / file).write_text(sound, encoding="utf-8")
    if content is None:
        (bench.folder / name).unlink()
    else:
        (bench.folder / name).write_text(content, encoding="utf-8")
    before = reached(bench.cluster)
    async with app({"resources": mcp_kubernetes_resources, "pod": Pod(bench.folder, bench.cluster)}) as client:
        assert says in await bench.refusal(client)
        assert reached(bench.cluster) == before
        (bench.folder / name).write_text(mounted[name], encoding="utf-8")
        assert "system:serviceaccount:default:pod" in await bench.refusal(client), "who may not list namespaces"
    assert token not in bench.log.text
