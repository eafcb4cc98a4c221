"""Through real proxies to the real API server: each test reads in the proxy's own record what went through it."""

from __future__ import annotations

import asyncio
import base64
import re
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from mcp_kubernetes.errors import ClusterUnreachable, CredentialsError
from mcp_kubernetes.kube.cluster import ClusterEntry, Credentials
from tests.kube.forward_proxy import KNOWN
from tests.kube.scripted import ScriptedServer, http
from tests.kube.test_network import GET, MIB, administrator, opened, real
from tests.stdio.wire import serving, text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.cluster import Cluster

ROOT = Path(__file__).parents[2]
USER, PLANTED = "me", "planted-password"
SIGN_IN = f"#{USER}:{PLANTED}"
KINDS = pytest.mark.parametrize("scheme", ["http", "socks5", "socks5h"])
WRONG = f"{USER}:wrong-{PLANTED}@"


@dataclass
class ForwardProxy:
    """A proxy that runs. `record` is complete once it has ended."""

    process: subprocess.Popen[str]
    port: int
    record: list[str] = field(default_factory=list)

    def url(self, scheme: str, sign_in: str = "") -> str:
        return f"{scheme}://{sign_in}127.0.0.1:{self.port}"

    @property
    def connections(self) -> list[tuple[str, str]]:
        """Protocol and destination of each connection that it made."""
        found = (re.fullmatch(r"(\w+) \S+ -> (\S+)", line) for line in self.record)
        return [(match[1], match[2]) for match in found if match]


@contextmanager
def forward_proxy(sign_in: str = "", *tls: Path) -> Iterator[ForwardProxy]:
    uri = f"http+socks5://127.0.0.1:0{sign_in}"
    command = [sys.executable, "-m", "tests.kube.forward_proxy", uri, *map(str, tls)]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, encoding="utf-8"
    ) as process:
        assert process.stdin
        assert process.stdout
        try:
            proxy = ForwardProxy(process, int(process.stdout.readline()))
            yield proxy
            process.stdin.close()
            proxy.record += process.stdout.read().splitlines()
        finally:
            process.kill()


def elsewhere(cluster: Cluster) -> ClusterEntry:
    """The real API server, under a name that only the proxy can resolve."""
    return replace(real(cluster), server=f"https://{KNOWN}:{port_of(cluster)}")


def port_of(cluster: Cluster) -> int:
    return int(cluster.server.rpartition(":")[2])


@KINDS
@pytest.mark.parametrize("sign_in", ["", SIGN_IN])
async def test_the_api_server_is_reached_through_the_proxy_which_resolves_its_name(
    cluster: Cluster, scheme: str, sign_in: str
) -> None:
    shown = sign_in[1:] + "@" if sign_in else ""
    with forward_proxy(sign_in) as proxy:
        entry = replace(elsewhere(cluster), proxy=proxy.url(scheme, shown))
        async with opened(entry, administrator(cluster)) as network:
            for _ in range(3):
                assert (await network.request(GET, MIB)).status == 200
    assert proxy.connections == [(scheme.rstrip("h"), f"{KNOWN}:{port_of(cluster)}")]


@KINDS
async def test_tls_is_checked_against_the_name_that_the_context_gives(cluster: Cluster, scheme: str) -> None:
    with forward_proxy() as proxy:
        entry = replace(real(cluster), proxy=proxy.url(scheme))
        async with opened(replace(entry, tls_name="kubernetes"), administrator(cluster)) as network:
            assert (await network.request(GET, MIB)).status == 200
        async with opened(replace(entry, tls_name="other.example.com"), administrator(cluster)) as network:
            with pytest.raises(ClusterUnreachable, match=r"The certificate of real is for another host name\."):
                await network.request(GET, MIB)
        async with opened(replace(entry, ca=None), administrator(cluster)) as network:
            with pytest.raises(ClusterUnreachable, match="The certificate of real is not trusted"):
                await network.request(GET, MIB)
    assert len(proxy.connections) == 3


async def test_a_proxy_may_be_spoken_to_over_tls_that_the_cluster_s_authority_vouches_for(cluster: Cluster) -> None:
    tls = cluster.ca.parent / "kube-apiserver.crt", cluster.ca.parent / "kube-apiserver.key"
    with forward_proxy(SIGN_IN, *tls) as proxy:
        entry = replace(elsewhere(cluster), proxy=proxy.url("https", f"{USER}:{PLANTED}@"))
        async with opened(entry, administrator(cluster)) as network:
            assert (await network.request(GET, MIB)).status == 200
        async with opened(replace(entry, ca=None), administrator(cluster)) as network:
            with pytest.raises(ClusterUnreachable, match="The proxy of real cannot be reached: ") as caught:
                await network.request(GET, MIB)
    assert proxy.connections == [("http", f"{KNOWN}:{port_of(cluster)}")]
    assert PLANTED not in str(caught.value)


@KINDS
async def test_a_plain_server_is_reached_through_the_proxy_too(scheme: str) -> None:
    async with ScriptedServer([http(200)]) as server:
        port = server.url.rpartition(":")[2]
        with forward_proxy(SIGN_IN) as proxy:
            entry = replace(
                server.entry, server=f"http://{KNOWN}:{port}", proxy=proxy.url(scheme, f"{USER}:{PLANTED}@")
            )
            async with opened(entry) as network:
                assert (await network.request(GET, MIB)).status == 200
    assert proxy.connections == [(scheme.rstrip("h"), f"{KNOWN}:{port}")]
    assert PLANTED not in repr(server.received)


@pytest.mark.parametrize(
    ("scheme", "sign_in", "sentence"),
    [
        ("http", "", "The proxy of real asks for a user name and a password, or refuses those that it was given"),
        ("http", WRONG, "The proxy of real asks for a user name and a password, or refuses those that it was given"),
        ("socks5", "", "The proxy of real makes no connection: "),
        ("socks5", WRONG, "The proxy of real makes no connection: "),
    ],
)
async def test_a_proxy_that_wants_another_sign_in_is_named_as_the_one_who_refuses(
    cluster: Cluster, scheme: str, sign_in: str, sentence: str
) -> None:
    with forward_proxy(SIGN_IN) as proxy:
        entry = replace(real(cluster), proxy=proxy.url(scheme, sign_in))
        assert sentence in await refusal(entry)
    assert proxy.connections == []


@pytest.mark.parametrize("scheme", ["http", "https", "socks5"])
async def test_a_proxy_that_is_down_is_told_from_an_api_server_that_is(cluster: Cluster, scheme: str) -> None:
    with forward_proxy() as proxy:
        pass
    sentence = await refusal(replace(real(cluster), proxy=proxy.url(scheme, f"{USER}:{PLANTED}@")))
    assert sentence.startswith("The proxy of real cannot be reached: connection refused. Check proxy-url ")


@pytest.mark.parametrize("scheme", ["http", "socks5"])
async def test_a_proxy_whose_name_is_unknown_is_told_too(cluster: Cluster, scheme: str) -> None:
    sentence = await refusal(replace(real(cluster), proxy=f"{scheme}://{USER}:{PLANTED}@proxy.invalid:3128"))
    assert sentence.startswith("The proxy of real cannot be reached: ")


@pytest.mark.parametrize("scheme", ["http", "socks5"])
async def test_an_api_server_that_the_proxy_cannot_reach_is_told_as_such(scheme: str) -> None:
    with forward_proxy() as proxy:
        entry = ClusterEntry(name="real", source="test", server="https://nowhere.invalid", proxy=proxy.url(scheme))
        sentence = await refusal(entry)
    assert "prox" in sentence
    assert "HTTPS_PROXY and NO_PROXY" in sentence or "through a proxy" in sentence


HTML = http(403, f"<html>{PLANTED}</html>", content_type="text/html")


@pytest.mark.parametrize(
    ("scheme", "answer", "sentence"),
    [
        ("http", HTML, "The proxy of real makes no connection to the API server (HTTP 403)."),
        ("http", http(502, "<html>", content_type="text/html"), "makes no connection to the API server (HTTP 502)."),
        ("http", http(200, "<html>hello</html>", content_type="text/html"), "(through a proxy)"),
        ("http", b"SSH-2.0-OpenSSH\r\n\r\n", "What answers as the proxy of real is no HTTP proxy."),
        ("socks5", HTML, "The proxy of real makes no connection: unexpected socks version number"),
    ],
)
async def test_what_answers_in_place_of_a_proxy_is_not_taken_for_the_api_server(
    cluster: Cluster, scheme: str, answer: bytes, sentence: str
) -> None:
    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read(3)
        writer.write(answer)
        await writer.drain()
        writer.close()

    async with await asyncio.start_server(serve, "127.0.0.1", 0) as server:
        host, port = server.sockets[0].getsockname()
        assert sentence in await refusal(replace(real(cluster), proxy=f"{scheme}://{USER}:{PLANTED}@{host}:{port}"))


async def test_a_password_travels_in_utf_8_as_go_sends_it(cluster: Cluster) -> None:
    async with ScriptedServer([http(407)]) as proxy:
        sign_in = "m%C3%A9:p%C3%A4ss%3A%E2%82%AC@"
        await refusal(replace(real(cluster), proxy=proxy.url.replace("//", f"//{sign_in}")))
    proof = base64.b64encode("mé:päss:€".encode()).decode()
    assert proxy.received[0].headers["proxy-authorization"] == f"Basic {proof}"


@pytest.mark.parametrize("sign_in", ["m%C3%A9:p", f"m:{'p' * 256}"])
async def test_a_sign_in_that_socks_cannot_carry_is_refused(cluster: Cluster, sign_in: str) -> None:
    with pytest.raises(CredentialsError, match="not ASCII, or longer"):
        async with opened(replace(real(cluster), proxy=f"socks5://{sign_in}@127.0.0.1:1")):
            pass


async def refusal(entry: ClusterEntry) -> str:
    """What the model would read; never with the proxy's password or address in it."""
    async with opened(entry, Credentials(token=PLANTED)) as network:
        with pytest.raises(ClusterUnreachable) as caught:
            await network.request(replace(GET, timeout=15.0), MIB)
    sentence = str(caught.value)
    assert PLANTED not in sentence
    assert PLANTED not in repr(network)
    assert len(sentence) < 300
    return sentence


def test_our_part_of_socks_is_loaded_for_such_a_proxy_and_no_other() -> None:
    code = "import sys, mcp_kubernetes.kube.wire.network; print('mcp_kubernetes.kube.wire.socks' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, encoding="utf-8")
    assert done.stdout.strip() == "False"


@pytest.mark.parametrize("scheme", ["http", "socks5"])
@pytest.mark.parametrize("variable", ["HTTPS_PROXY", "https_proxy"])
def test_the_program_takes_the_proxy_of_the_environment_as_kubectl_does(
    cluster: Cluster, tmp_path: Path, scheme: str, variable: str
) -> None:
    kubeconfig = moved(cluster, tmp_path, f"https://{KNOWN}:{port_of(cluster)}")
    with forward_proxy(SIGN_IN) as proxy:
        variables = {variable: proxy.url(scheme, f"{USER}:{PLANTED}@"), "NO_PROXY": "10.0.0.0/8,.example.com"}
        with serving(kubeconfig=kubeconfig, variables=variables) as server:
            server.open()
            assert "kube-system" in text(server.call("k8s_list_resources", resourceType="namespaces"))
            log = server.stderr.decode() + server.stdout.decode()
    assert set(proxy.connections) == {(scheme, f"{KNOWN}:{port_of(cluster)}")}
    assert PLANTED not in log


def test_a_proxy_of_the_kubeconfig_goes_before_the_environment_s(cluster: Cluster, tmp_path: Path) -> None:
    with forward_proxy(SIGN_IN) as proxy:
        mine = {"proxy-url": proxy.url("socks5", f"{USER}:{PLANTED}@")}
        kubeconfig = moved(cluster, tmp_path, f"https://{KNOWN}:{port_of(cluster)}", **mine)
        variables = {"HTTPS_PROXY": "http://127.0.0.1:1", "NO_PROXY": "*"}
        with serving(kubeconfig=kubeconfig, variables=variables) as server:
            server.open()
            assert "kube-system" in text(server.call("k8s_list_resources", resourceType="namespaces"))
    assert set(proxy.connections) == {("socks5", f"{KNOWN}:{port_of(cluster)}")}


def moved(cluster: Cluster, folder: Path, server: str, **more: Any) -> Path:
    """The administrator's kubeconfig with another address of the server."""
    content = yaml.safe_load(cluster.kubeconfig.read_text("utf-8"))
    content["clusters"][0]["cluster"] |= {"server": server, **more}
    path = folder / "kubeconfig"
    path.touch(mode=0o600)
    path.write_text(yaml.safe_dump(content), "utf-8")
    return path
