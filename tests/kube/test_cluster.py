from __future__ import annotations

import pytest

from mcp_kubernetes.kube.cluster import ClusterEntry

PLANTED = "planted-password-19d0aa"


def entry(server: str = "https://a:6443", **fields: str) -> ClusterEntry:
    return ClusterEntry(name="a", source="kubeconfig", server=server, **fields)  # type: ignore[arg-type] # texts only


def test_a_proxys_password_is_not_in_the_repr() -> None:
    assert PLANTED not in repr(entry(proxy=f"http://me:{PLANTED}@proxy:3128"))


def test_entries_with_different_proxies_are_different() -> None:
    assert entry(proxy="http://one:3128") != entry(proxy="http://two:3128")


@pytest.mark.parametrize(
    ("server", "local"),
    [
        ("http://localhost:8001", True),
        ("http://127.0.0.1:8001", True),
        ("https://127.8.9.1", True),
        ("https://[::1]:6443", True),
        ("https://10.0.0.1:6443", False),
        ("https://localhost.example.org", False),
        ("https://127.0.0.1.example.org", False),
        ("https://[fe80::1]:6443", False),
        ("", False),
    ],
)
def test_only_a_server_on_this_machine_is_local(server: str, *, local: bool) -> None:
    assert entry(server).is_local is local


def test_through_a_proxy_no_server_is_local() -> None:
    assert not entry("http://localhost:8001", proxy="socks5://bastion.example.com").is_local
