"""TLS that does not come about: each way says what is wrong with whom, and what to do next."""

from __future__ import annotations

import socket
import ssl
import threading
from contextlib import contextmanager, suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from mcp_kubernetes.errors import ClusterUnreachable
from mcp_kubernetes.kube.cluster import ClusterEntry, Credentials
from mcp_kubernetes.kube.wire import network as network_module
from tests.kube.authorities import DAY, Authority
from tests.kube.scripted import ScriptedServer, http
from tests.kube.test_network import GET, MIB, opened, real

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.cluster import Cluster

PLANTED = "planted-token"


@pytest.fixture
def authority(tmp_path: Path) -> Authority:
    return Authority(tmp_path)


async def refusal(entry: ClusterEntry, credentials: Credentials | None = None) -> str:
    async with opened(entry, credentials or Credentials(token=PLANTED)) as network:
        with pytest.raises(ClusterUnreachable) as caught:
            await network.request(GET, MIB)
    assert len(str(caught.value)) < 300
    return str(caught.value)


async def met(server: ScriptedServer, authority: Authority, **more: Any) -> str:
    async with server:
        return await refusal(replace(server.entry, ca=authority.certificate, **more))


async def test_a_certificate_that_has_expired(authority: Authority) -> None:
    server = ScriptedServer([http(200)], tls=authority.context(-2 * DAY, -DAY))
    assert await met(server, authority) == (
        "The certificate of scripted has expired. Have it renewed, and check the clock of this machine."
    )


async def test_a_certificate_that_is_not_valid_yet(authority: Authority) -> None:
    server = ScriptedServer([http(200)], tls=authority.context(DAY, 2 * DAY))
    assert await met(server, authority) == (
        "The certificate of scripted is not valid yet. Have it renewed, and check the clock of this machine."
    )


@pytest.mark.parametrize("name", ["other.example.com", "127.0.0.2"])
async def test_a_certificate_for_another_name(authority: Authority, name: str) -> None:
    server = ScriptedServer([http(200)], tls=authority.context())
    sentence = await met(server, authority, tls_name=name)
    assert sentence.startswith("The certificate of scripted is for another host name. If it is the right server, set ")
    assert "tls-server-name" in sentence


async def test_an_authority_that_is_not_known(authority: Authority, tmp_path: Path) -> None:
    server = ScriptedServer([http(200)], tls=authority.context())
    sentence = await met(server, Authority(tmp_path, name="other"))
    assert sentence.startswith("The certificate of scripted is not trusted: ")
    assert "Check certificate-authority" in sentence


async def test_an_authority_without_the_newer_extensions_is_trusted_as_by_kubectl(
    authority: Authority, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Python 3.13 and newer set the strict flag by themselves; here it is set by hand."""
    make = ssl.create_default_context

    def strict(*arguments: Any, **options: Any) -> ssl.SSLContext:
        context = make(*arguments, **options)
        context.verify_flags |= ssl.VERIFY_X509_STRICT
        return context

    monkeypatch.setattr(ssl, "create_default_context", strict)
    async with ScriptedServer([http(200)], tls=authority.context()) as server:
        async with opened(replace(server.entry, ca=authority.certificate)) as network:
            assert (await network.request(GET, MIB)).status == 200
        with pytest.raises(ssl.SSLCertVerificationError):
            shake_hands(server, strict(cadata=authority.certificate.decode()))


def shake_hands(server: ScriptedServer, context: ssl.SSLContext) -> None:
    """The same handshake with a context that is left strict."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = context.wrap_bio(incoming, outgoing, server_hostname="127.0.0.1")
    assert server.tls
    to_client, to_server = ssl.MemoryBIO(), ssl.MemoryBIO()
    peer = server.tls.wrap_bio(to_server, to_client, server_side=True)
    for _ in range(4):
        for side in (client, peer):
            with suppress(ssl.SSLWantReadError):
                side.do_handshake()
        to_server.write(outgoing.read())
        incoming.write(to_client.read())


async def test_a_plain_server_at_an_https_address() -> None:
    with listening(lambda peer: peer.sendall(http(400))) as port:
        sentence = await refusal(ClusterEntry(name="plain", source="s", server=f"https://127.0.0.1:{port}"))
    assert sentence.startswith("What answers at the address of plain speaks no TLS. Check scheme, host and port ")


async def test_a_server_that_never_answers_the_handshake(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(network_module, "CONNECT_SECONDS", 0.05)
    with listening(listen_only) as port:
        sentence = await refusal(ClusterEntry(name="silent", source="s", server=f"https://127.0.0.1:{port}"))
    assert sentence.startswith("The API server of silent cannot be reached: no connection within 10 seconds. Check ")


async def test_an_https_server_at_a_plain_address_names_the_address(cluster: Cluster) -> None:
    entry = replace(real(cluster), server=cluster.server.replace("https", "http"))
    async with opened(entry) as network:
        response = await network.request(GET, MIB)
    assert response.status == 400
    assert response.body.startswith(b"Client sent an HTTP request to an HTTPS server")


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
@pytest.mark.parametrize("has_one", [False, True])
async def test_a_client_certificate_that_is_demanded_and_not_there_or_not_known(
    authority: Authority, tmp_path: Path, version: ssl.TLSVersion, has_one: bool
) -> None:
    certificate, key = Authority(tmp_path, name="other").issue()
    context = authority.context()
    context.maximum_version = version
    context.verify_mode = ssl.CERT_REQUIRED
    context.load_verify_locations(cadata=authority.certificate.decode())
    mine = Credentials(certificate=certificate, key=key) if has_one else Credentials(token=PLANTED)
    with listening(lambda peer: answer(peer, context)) as port:
        entry = ClusterEntry(name="a", source="s", server=f"https://127.0.0.1:{port}", ca=authority.certificate)
        sentence = await refusal(entry, mine)
    assert sentence.startswith("The server of a refuses our client certificate, or its lack. Check client-certificate ")


def answer(peer: socket.socket, context: ssl.SSLContext) -> None:
    """Fail with an alert that arrives: asyncio's server sends none, and closing at once would outrun it."""
    with peer.dup() as still_open, suppress(ssl.SSLError):
        try:
            with context.wrap_socket(peer, server_side=True) as wrapped:
                wrapped.recv(1)
        finally:
            listen_only(still_open)


def listen_only(peer: socket.socket) -> None:
    while peer.recv(1 << 16):
        pass


@contextmanager
def listening(serve: Any) -> Iterator[int]:
    """A port at which `serve` meets whoever comes, in a thread that ends with the last of them."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def meet() -> None:
            with suppress(OSError):
                while True:
                    peer, _ = listener.accept()
                    with peer, suppress(OSError):
                        serve(peer)
                        peer.recv(1 << 16)

        thread = threading.Thread(target=meet, daemon=True)
        thread.start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)
    thread.join(10)
