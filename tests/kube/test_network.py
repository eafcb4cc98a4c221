from __future__ import annotations

import asyncio
import base64
import gzip
from contextlib import asynccontextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

from mcp_kubernetes.errors import AnswerTooLarge, ClusterUnreachable, CredentialsError, Disconnected, TimedOut
from mcp_kubernetes.kube.cluster import ClusterEntry, Credentials
from mcp_kubernetes.kube.connection import Request
from mcp_kubernetes.kube.wire.network import Network
from tests.kube.scripted import Cut, ScriptedServer, http

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from tests.cluster import Cluster

GET = Request(method="GET", path="/api/v1/pods")
MIB = 1 << 20


@asynccontextmanager
async def opened(entry: ClusterEntry, credentials: Credentials | None = None) -> AsyncIterator[Network]:
    network = await Network.open(entry, credentials or Credentials())
    try:
        yield network
    finally:
        await network.aclose()


def real(cluster: Cluster) -> ClusterEntry:
    return ClusterEntry(name="real", source="test", server=cluster.server, ca=cluster.ca.read_bytes())


def administrator(cluster: Cluster) -> Credentials:
    user = yaml.safe_load(cluster.kubeconfig.read_text("utf-8"))["users"][0]["user"]
    certificate, key = (base64.b64decode(user[f"client-{part}-data"]) for part in ("certificate", "key"))
    return Credentials(certificate=certificate, key=key)


async def test_a_client_certificate_opens_the_real_server(cluster: Cluster) -> None:
    async with opened(real(cluster), administrator(cluster)) as network:
        assert (await network.request(GET, MIB)).status == 200


async def test_a_server_whose_authority_is_not_known_is_not_spoken_to(cluster: Cluster) -> None:
    async with opened(replace(real(cluster), ca=None), administrator(cluster)) as network:
        with pytest.raises(
            ClusterUnreachable, match=r"The certificate of real is not trusted: .*\. Check certificate-"
        ):
            await network.request(GET, MIB)


async def test_a_server_of_another_name_is_not_spoken_to(cluster: Cluster) -> None:
    async with opened(replace(real(cluster), tls_name="other.example.com"), administrator(cluster)) as network:
        with pytest.raises(ClusterUnreachable, match="is for another host name"):
            await network.request(GET, MIB)


async def test_a_server_is_known_by_the_name_that_the_context_gives(cluster: Cluster) -> None:
    entry = replace(real(cluster), tls_name="kubernetes.default.svc")
    async with opened(entry, administrator(cluster)) as network:
        assert (await network.request(GET, MIB)).status == 200


async def test_an_insecure_context_checks_nothing(cluster: Cluster) -> None:
    entry = replace(real(cluster), ca=None, insecure=True)
    async with opened(entry, administrator(cluster)) as network:
        assert (await network.request(GET, MIB)).status == 200


@pytest.mark.parametrize(
    "credentials",
    [
        Credentials(certificate=b"no certificate", key=b"no key"),
        Credentials(certificate=b"-----BEGIN CERTIFICATE-----\nplanted\n-----END CERTIFICATE-----\n", key=b"planted"),
    ],
)
async def test_a_certificate_that_is_none_is_an_error_that_shows_nothing_of_it(
    cluster: Cluster, credentials: Credentials
) -> None:
    with pytest.raises(CredentialsError, match="The certificates for real cannot be used") as caught:
        await Network.open(real(cluster), credentials)
    assert "planted" not in str(caught.value)


async def test_a_server_that_is_not_there_cannot_be_reached() -> None:
    async with ScriptedServer([http(200)]) as server:
        entry = server.entry
    async with opened(entry) as network:
        with pytest.raises(ClusterUnreachable, match=r"The API server of scripted cannot be reached: .*\. Check that"):
            await network.request(GET, MIB)


async def test_a_host_that_has_no_address_cannot_be_reached() -> None:
    async with opened(ClusterEntry(name="a", source="s", server="http://nowhere.invalid")) as network:
        with pytest.raises(ClusterUnreachable, match="its host name cannot be resolved"):
            await network.request(GET, MIB)


async def test_a_server_that_does_not_answer_is_waited_for_no_longer_than_asked() -> None:
    async def silent(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()
        writer.close()

    async with await asyncio.start_server(silent, "127.0.0.1", 0) as server:
        host, port = server.sockets[0].getsockname()
        async with opened(ClusterEntry(name="a", source="s", server=f"http://{host}:{port}")) as network:
            with pytest.raises(TimedOut, match="The API server of a did not answer in time"):
                await network.request(replace(GET, timeout=0.05), MIB)
        await asyncio.sleep(0)


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (Cut(), Disconnected),
        (Cut(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\n{"), ClusterUnreachable),
        (Cut(b"SSH-2.0-OpenSSH\r\n\r\n"), ClusterUnreachable),
        (http(200, "x" * (MIB + 1)), AnswerTooLarge),
    ],
)
async def test_what_goes_wrong_on_the_way_is_an_error_of_ours(answer: bytes, error: type[Exception]) -> None:
    async with ScriptedServer([answer]) as server, opened(server.entry) as network:
        with pytest.raises(error):
            await network.request(GET, MIB)


async def test_the_cap_counts_what_was_unpacked() -> None:
    packed = gzip.compress(b"x" * (2 * MIB))
    answer = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(packed) + packed
    async with ScriptedServer([answer]) as server, opened(server.entry) as network:
        with pytest.raises(AnswerTooLarge):
            await network.request(GET, MIB)


@pytest.mark.parametrize(
    ("query", "target"),
    [
        ((), "/api/v1/pods"),
        ((("a", "b c&d=e#f+g/%"),), "/api/v1/pods?a=b+c%26d%3De%23f%2Bg/%25"),
        ((("labelSelector", "x=y\r\nEvil: 1"),), "/api/v1/pods?labelSelector=x%3Dy%0D%0AEvil:+1"),
        ((("a", "1"), ("a", "2")), "/api/v1/pods?a=1&a=2"),
        ((("verbose", ""),), "/api/v1/pods?verbose="),
    ],
)
async def test_a_query_is_escaped_whatever_it_holds(query: tuple[tuple[str, str], ...], target: str) -> None:
    async with ScriptedServer([http(200)]) as server, opened(server.entry) as network:
        await network.request(replace(GET, query=query), MIB)
    assert server.received[0].target == target


@pytest.mark.parametrize("value", ["a\r\nImpersonate-User: admin", "a\nb", "a\x00b"])
async def test_a_header_cannot_begin_another(value: str) -> None:
    async with ScriptedServer([http(200)]) as server, opened(server.entry) as network:
        with pytest.raises(ValueError, match="headers"):
            await network.request(replace(GET, headers=(("Accept", value),)), MIB)
    assert server.received == []


async def test_a_server_below_a_path_is_asked_below_it() -> None:
    async with ScriptedServer([http(200)]) as server:
        below = replace(server.entry, server=f"{server.url}/k8s/clusters/c-1/")
        async with opened(below) as network:
            await network.request(GET, MIB)
    assert server.received[0].target == "/k8s/clusters/c-1/api/v1/pods"


async def test_neither_netrc_nor_cookies_are_used_and_no_proxy_but_the_entry_s_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / ".netrc").write_text("machine 127.0.0.1 login planted password planted\n", "utf-8")
    (tmp_path / ".netrc").chmod(0o600)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("NETRC", str(tmp_path / ".netrc"))
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    answer = http(200, Set_Cookie="planted=1; Path=/")
    async with ScriptedServer([answer]) as server, opened(server.entry) as network:
        for _ in range(2):
            await network.request(GET, MIB)
    for received in server.received:
        assert "authorization" not in received.headers
        assert "cookie" not in received.headers


async def test_requests_follow_one_another_over_one_connection() -> None:
    async with ScriptedServer([http(200)]) as server, opened(server.entry) as network:
        for _ in range(5):
            await network.request(GET, MIB)
    assert server.connections == 1


async def test_a_proxy_that_the_context_names_is_used() -> None:
    async with ScriptedServer([http(200)]) as proxy:
        entry = ClusterEntry(name="a", source="s", server="http://api.invalid", proxy=proxy.url)
        async with opened(entry) as network:
            assert (await network.request(GET, MIB)).status == 200
    assert proxy.received[0].target == "http://api.invalid/api/v1/pods"
