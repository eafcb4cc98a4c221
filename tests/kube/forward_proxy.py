"""A real forward proxy as a process: HTTP (plain and CONNECT) and SOCKS5 on one port, with a record of what it did.

`python -m tests.kube.forward_proxy URI [CERTIFICATE KEY]` prints its port and then one line for each connection. It
ends with its standard input, so it outlives nobody. It knows a name that the machine of the test does not, as a proxy
of a corporate network does.
"""

from __future__ import annotations

import asyncio
import functools
import socket
import ssl
import sys
from typing import Any

import pproxy  # type: ignore[import-untyped]

KNOWN = "kubernetes.default.svc"
"""Resolved by the proxy alone, to this machine."""

_getaddrinfo = socket.getaddrinfo


def _resolve(host: Any, *more: Any, **options: Any) -> Any:
    return _getaddrinfo("127.0.0.1" if host == KNOWN else host, *more, **options)


def _tls(paths: list[str]) -> ssl.SSLContext | None:
    if not paths:
        return None
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*paths)
    return context


async def serve(uri: str, *paths: str) -> None:
    """Serve until standard input ends. No sign-in is remembered: each connection has to prove itself."""
    proxy = pproxy.Server(uri)
    say = functools.partial(print, flush=True)
    options = {"rserver": [], "verbose": say, "authtime": -1}
    handler = functools.partial(pproxy.server.stream_handler, **vars(proxy), **options)
    async with await asyncio.start_server(handler, "127.0.0.1", 0, ssl=_tls([*paths])) as server:
        say(server.sockets[0].getsockname()[1])
        await asyncio.to_thread(sys.stdin.read)


if __name__ == "__main__":
    socket.getaddrinfo = _resolve
    asyncio.run(serve(*sys.argv[1:]))
