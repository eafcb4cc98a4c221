"""Where the requests of a kubeconfig's cluster go, and by which authorities its server is recognised.

Apart from the rest because it is checked twice: when a cluster is found, and again when somebody signs in to
it. A file that changes in between must not send credentials to the old server.
"""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

from mcp_kubernetes.files import read_file
from mcp_kubernetes.kube.cluster import ClusterEntry
from mcp_kubernetes.kube.kubeconfig.stanza import Stanza
from mcp_kubernetes.kube.wire.proxy import PROXY_SCHEMES, environment_proxy, is_address

_SCHEMES = ("http", "https")


class Target(NamedTuple):
    """What must not change between finding a cluster and signing in to it."""

    server: str
    tls_name: str | None
    proxy: str | None

    @classmethod
    def of(cls, cluster: Stanza) -> Target:
        """Where this cluster says that its server is, and through which proxy it is reached.

        Raises UnknownCluster for what is no address.
        """
        server = _server(cluster)
        return cls(server, cluster.text("tls-server-name"), _proxy(cluster) or environment_proxy(server))

    def is_of(self, entry: ClusterEntry) -> bool:
        """Whether requests to `entry` go here."""
        return self == (entry.server, entry.tls_name, entry.proxy)


def authorities(stanza: Stanza, key: str = "certificate-authority") -> bytes | None:
    """The PEM authorities that sign a server's certificate; None for the system's. Raises as `stanza.refuse` does."""
    content = _authority(stanza, key)
    if content is not None and stanza.flag("insecure-skip-tls-verify"):
        raise stanza.refuse(f"has both {key} and insecure-skip-tls-verify; remove one")
    if content is not None and b"-----BEGIN CERTIFICATE-----" not in content:
        raise stanza.refuse(f"has a value for {key} that is not PEM")
    return content


def _authority(stanza: Stanza, key: str) -> bytes | None:
    content = stanza.content(key)
    try:
        return read_file(content) if isinstance(content, Path) else content
    except OSError as error:
        raise stanza.refuse(f"names a file for {key} that cannot be read: {error.strerror}") from None


def _server(cluster: Stanza) -> str:
    server = cluster.text("server")
    if server is None:
        raise cluster.refuse("names no server")
    if not is_address(server, _SCHEMES) or urlsplit(server).username is not None:
        raise cluster.refuse("has a server that is no http or https address, or one with a password in it")
    return server.rstrip("/")


def _proxy(cluster: Stanza) -> str | None:
    proxy = cluster.text("proxy-url")
    if proxy and not is_address(proxy, PROXY_SCHEMES):
        raise cluster.refuse("has a proxy-url that is no http, https or socks5 address")
    return proxy
