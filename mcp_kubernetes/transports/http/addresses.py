"""Where the server listens. An address that others can reach takes authentication, or the operator's plain words."""

from __future__ import annotations

import errno
import os
import socket
from collections.abc import Iterator
from ipaddress import ip_address

from mcp_kubernetes.errors import ConfigError

_LOOPBACK, _EVERYWHERE = ("127.0.0.1", "::1"), ("0.0.0.0", "::")  # noqa: S104 - taken only where it is allowed
_NO_SUCH_FAMILY = (errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT)
_BACKLOG = 1_024


def listening(address: str, *, exposed: bool) -> list[socket.socket]:
    """Sockets that listen at `address`: "host:port", or ":port" for every address, or for loopback unless `exposed`.

    Raises ConfigError for an address beyond loopback that is not to be exposed, and for one that cannot be had.
    """
    host, _, port = address.rpartition(":")
    try:
        if not host:
            return _both_families(_EVERYWHERE if exposed else _LOOPBACK, int(port))
        found = _resolved(host.strip("[]"), int(port))
        if not exposed and not all(is_loopback(ip) for ip in found):
            raise ConfigError(
                f"{address} can be reached from elsewhere, and nobody has to sign in: let clients sign in "
                "(--token-file), listen on loopback, or say --allow-unauthenticated."
            )
        return [_listening(ip, int(port)) for ip in found]
    except (OSError, OverflowError) as error:
        raise ConfigError(f"The server cannot listen at {address}: {_reason(error)}.") from error


def is_loopback(ip: str) -> bool:
    """Whether only this machine can reach the address."""
    return ip_address(ip.partition("%")[0]).is_loopback


def _resolved(host: str, port: int) -> list[str]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    return list(dict.fromkeys(str(place[0]) for *_, place in found))


def _both_families(ips: tuple[str, str], port: int) -> list[socket.socket]:
    """A socket for IPv4 and one for IPv6 at the same port, where the machine has both."""
    made: list[socket.socket] = []
    for ip in ips:
        try:
            made.append(_listening(ip, made[0].getsockname()[1] if made else port))
        except OSError as error:
            if error.errno not in _NO_SUCH_FAMILY or (ip == ips[-1] and not made):
                raise
    return made


def _listening(ip: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in ip else socket.AF_INET
    made = socket.create_server((ip, port), family=family, backlog=_BACKLOG)
    # Connections inherit it. asyncio sets it on its own sockets alone, and without it each answer in several pieces
    # waits 40 ms for the client's acknowledgement of the first one.
    made.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return made


def _reason(error: Exception) -> str:
    if isinstance(error, OSError) and not isinstance(error, socket.gaierror) and error.errno:
        return os.strerror(error.errno)
    return str(error.args[-1]).rstrip(".")


def urls(sockets: list[socket.socket], scheme: str, path: str) -> Iterator[str]:
    """How clients call the server at these sockets."""
    for each in sockets:
        ip, port = each.getsockname()[:2]
        yield f"{scheme}://{f'[{ip}]' if ':' in ip else ip}:{port}{path}"
