"""By TLS the plugin valkey speaks to the server that it means, or to nobody."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import SecretStr

from mcp_kubernetes_valkey.settings import ValkeySettings
from mcp_kubernetes_valkey.store import ValkeyStore
from pytest_mcp_kubernetes.valkey import PASSWORD, serving
from tests.cluster.pki import Pki

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def free_port() -> int:
    with socket.socket() as found:
        found.bind(("127.0.0.1", 0))
        return int(found.getsockname()[1])


@pytest.fixture(scope="module")
def pki(tmp_path_factory: pytest.TempPathFactory) -> Pki:
    return Pki.create(tmp_path_factory.mktemp("valkey") / "pki")


@pytest.fixture(scope="module")
def port(pki: Pki) -> Iterator[int]:
    """Of a server whose certificate is for 127.0.0.1 and localhost."""
    found, parts = free_port(), pki.folder
    pki.keep("valkey", *pki.issue("valkey", server=True))
    files = {
        "tls_cert_file": str(parts / "valkey.crt"),
        "tls_key_file": str(parts / "valkey.key"),
        "tls_ca_cert_file": str(pki.ca),
    }
    with serving(parts.parent, tls_port=str(found), bind="127.0.0.1 127.0.0.2", tls_auth_clients="no", **files):
        yield found


async def kept(**settings: Any) -> bytes | None:
    """What comes back from a store with these settings."""
    store = ValkeyStore(ValkeySettings(password=SecretStr(PASSWORD), tls=True, **settings))
    try:
        await store.put("f/a", b"one", ttl=60)
        return await store.get("f/a")
    finally:
        await store.aclose()


async def test_a_server_that_is_vouched_for_is_used(pki: Pki, port: int) -> None:
    assert await kept(url=f"localhost:{port}", ca_file=pki.ca) == b"one"


async def test_one_that_nobody_here_vouches_for_is_not(port: int, tmp_path: Path) -> None:
    strange = Pki.create(tmp_path / "strange").ca
    for authorities in ({}, {"ca_file": strange}):
        with pytest.raises(Exception, match="certificate verify failed"):
            await kept(url=f"localhost:{port}", **authorities)


async def test_nor_is_one_with_a_certificate_for_another_name(pki: Pki, port: int) -> None:
    with pytest.raises(Exception, match=r"certificate is not valid for '127\.0\.0\.2'"):
        await kept(url=f"127.0.0.2:{port}", ca_file=pki.ca)
