"""Where the requests of a kubeconfig's cluster go, and by which authorities its server is recognised.

Apart from the rest because it is checked twice: when a cluster is found, and again when somebody signs in to
it. A file that changes in between must not send credentials to the old server.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from mcp_kubernetes.kube.cluster import ClusterEntry
from mcp_kubernetes.kube.kubeconfig.files import read_file
from mcp_kubernetes.kube.kubeconfig.stanza import Stanza

_SCHEMES = ("http", "https")
_PROXY_SCHEMES = ("http", "https")


class Target(NamedTuple):
    """What must not change between finding a cluster and signing in to it."""

    server: str
    tls_name: str | None
    proxy: str | None

    @classmethod
    def of(cls, cluster: Stanza) -> Target:
        """Where this cluster says that its server is. Raises UnknownCluster for what is no address."""
        return cls(_server(cluster), cluster.text("tls-server-name"), _proxy(cluster))

    def is_of(self, entry: ClusterEntry) -> bool:
        """Whether requests to `entry` go here."""
        return self == (entry.server, entry.tls_name, entry.proxy)


def authorities(cluster: Stanza) -> bytes | None:
    """The PEM authorities that sign the server's certificate; None for the system's. Raises UnknownCluster."""
    content = _authority(cluster)
    if content is not None and cluster.flag("insecure-skip-tls-verify"):
        raise cluster.refuse("has both a certificate-authority and insecure-skip-tls-verify; remove one")
    if content is not None and b"-----BEGIN CERTIFICATE-----" not in content:
        raise cluster.refuse("has a certificate-authority that is not PEM")
    return content


def _authority(cluster: Stanza) -> bytes | None:
    content = cluster.content("certificate-authority")
    try:
        return read_file(content) if isinstance(content, Path) else content
    except OSError as error:
        raise cluster.refuse(f"names a certificate-authority that cannot be read: {error.strerror}") from None


def _server(cluster: Stanza) -> str:
    server = cluster.text("server")
    if server is None:
        raise cluster.refuse("names no server")
    if not _is_address(server, _SCHEMES) or urlsplit(server).username is not None:
        raise cluster.refuse("has a server that is no http or https address, or one with a password in it")
    return server.rstrip("/")


def _proxy(cluster: Stanza) -> str | None:
    proxy = cluster.text("proxy-url")
    if proxy and not _is_address(proxy, _PROXY_SCHEMES):
        raise cluster.refuse("has a proxy-url that is no http or https address; this version knows no other proxies")
    return proxy


def _is_address(url: str, schemes: Sequence[str]) -> bool:
    # urlsplit drops line breaks and tabs without a word; the port is only parsed when asked for.
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return False
    plain = url.isascii() and url.isprintable() and " " not in url
    return plain and parts.scheme in schemes and bool(parts.hostname) and not (parts.query or parts.fragment)
