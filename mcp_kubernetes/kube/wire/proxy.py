"""Which proxy stands before a server, where the environment says so and its kubeconfig does not.

kubectl reads HTTPS_PROXY, HTTP_PROXY and NO_PROXY as Go does, and whoever sits behind a corporate proxy has set
them for it. The standard library cannot stand in: its NO_PROXY knows no networks, and it sends loopback
addresses to the proxy. https://pkg.go.dev/golang.org/x/net/http/httpproxy
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from urllib.parse import SplitResult, urlsplit

from mcp_kubernetes.errors import UnknownCluster

PROXY_SCHEMES = ("http", "https", "socks5", "socks5h")
"""What a proxy may speak. Both forms of socks5 leave the resolving of names to the proxy, as in Go."""

_PORTS = {"http": 80, "https": 443}

_Address = IPv4Address | IPv6Address | None


def environment_proxy(server: str, environ: Mapping[str, str] = os.environ) -> str | None:
    """The proxy that the environment names for `server`, an http or https address; None for a direct way.

    Raises UnknownCluster for a variable that holds no address: going around a proxy because of a slip in its
    name would be a surprise.
    """
    parts = urlsplit(server)
    variable = f"{parts.scheme.upper()}_PROXY"
    value = _value(variable, environ)
    if not value or _is_direct(parts, _value("NO_PROXY", environ)):
        return None
    proxy = value if "://" in value else f"http://{value}"
    if not is_address(proxy, PROXY_SCHEMES):
        raise UnknownCluster(
            f"The environment variable {variable} holds no http, https or socks5 address.",
            hint="Correct it, or name the host of this cluster in NO_PROXY.",
        )
    return proxy


def is_address(url: str, schemes: Sequence[str]) -> bool:
    """Whether `url` is a plain address with one of these schemes: a host, perhaps a port, no query."""
    # urlsplit drops line breaks and tabs without a word; the port is only parsed when asked for.
    try:
        parts = urlsplit(url)
        _ = parts.port
    except ValueError:
        return False
    plain = url.isascii() and url.isprintable() and " " not in url
    return plain and parts.scheme in schemes and bool(parts.hostname) and not (parts.query or parts.fragment)


def _value(variable: str, environ: Mapping[str, str]) -> str:
    return environ.get(variable) or environ.get(variable.lower()) or ""


def _is_direct(server: SplitResult, no_proxy: str) -> bool:
    """Whether NO_PROXY covers the server. What runs on this machine is never asked through a proxy."""
    host = server.hostname or ""
    address = _address(host)
    if host == "localhost" or (address is not None and address.is_loopback):
        return True
    port = server.port or _PORTS[server.scheme]
    return any(_covers(entry.strip().lower(), host, port, address) for entry in no_proxy.split(","))


def _covers(entry: str, host: str, port: int, address: _Address) -> bool:
    if entry == "*":
        return True
    if "/" in entry:
        return address is not None and _is_within(address, entry)
    name, wanted = _split_port(entry)
    if not name or wanted not in {"", str(port)}:
        return False
    known = _address(name)
    return known == address if known else _is_name_of(host, name)


def _is_within(address: IPv4Address | IPv6Address, network: str) -> bool:
    try:
        return address in ip_network(network, strict=False)
    except ValueError:
        return False


def _split_port(entry: str) -> tuple[str, str]:
    """Host and port of `host`, `host:6443`, `fd00::1`, `[fd00::1]:6443`; a port that is missing is empty."""
    if _address(entry) or ":" not in entry:
        return entry, ""
    host, _, port = entry.rpartition(":")
    return host.strip("[]"), port


def _is_name_of(host: str, name: str) -> bool:
    """`example.com` means itself and all below it; `.example.com` and `*.example.com` only what is below."""
    name = name.removeprefix("*") if name.startswith("*.") else name
    return host.endswith(name) if name.startswith(".") else host == name or host.endswith(f".{name}")


def _address(host: str) -> _Address:
    try:
        return ip_address(host)
    except ValueError:
        return None
