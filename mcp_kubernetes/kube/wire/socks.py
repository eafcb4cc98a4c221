"""Dialling through a SOCKS5 proxy. Loaded by `network`, and only for a cluster that has such a proxy.

The handshake with the proxy is the library's, everything after it aiohttp's own: so TLS is checked with the
cluster's settings, `tls-server-name` among them, which aiohttp's usual SOCKS connector passes over.
"""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING, Any, Self

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from python_socks import ProxyConnectionError, ProxyError, ProxyTimeoutError, ProxyType
from python_socks.async_.asyncio import Proxy
from yarl import URL

from mcp_kubernetes.errors import CredentialsError
from mcp_kubernetes.kube.wire.failures import ProxyRefused

if TYPE_CHECKING:
    from aiohttp.client_proto import ResponseHandler

_PORT = 1080
_LONGEST = 255
"""Bytes of a user name or a password (RFC 1929)."""


class SocksConnector(aiohttp.TCPConnector):
    """Opens every connection through one proxy, which is given the server's name and resolves it itself, as in Go."""

    def __init__(self, proxy: Proxy, **options: Any) -> None:
        super().__init__(resolver=_LeftToTheProxy(), **options)
        self._proxy = proxy

    @classmethod
    def to(cls, url: str, **options: Any) -> Self:
        """The connector for a socks5 address. Raises CredentialsError for a sign-in that SOCKS5 cannot carry."""
        parts = URL(url)
        user, password = parts.user, parts.password
        if any(not each.isascii() or len(each) > _LONGEST for each in (user or "", password or "")):
            raise CredentialsError("The SOCKS proxy's user name or password is not ASCII, or longer than 255 bytes.")
        proxy = Proxy(ProxyType.SOCKS5, str(parts.host), parts.port or _PORT, user, password, rdns=True)
        return cls(proxy, **options)

    async def _wrap_create_connection(  # the one place in which aiohttp opens a socket
        self,
        *args: Any,
        addr_infos: list[Any],
        req: aiohttp.ClientRequest,
        timeout: aiohttp.ClientTimeout,  # noqa: ASYNC109 - aiohttp's signature
        client_error: type[Exception] = aiohttp.ClientConnectorError,
        **options: Any,
    ) -> tuple[Any, ResponseHandler]:
        host, port = addr_infos[0][4][:2]
        opened = await self._dialled(host, port, req, timeout.sock_connect)
        return await self._wrap_existing_connection(
            *args, req=req, timeout=timeout, client_error=client_error, sock=opened, **options
        )

    async def _dialled(self, host: str, port: int, req: aiohttp.ClientRequest, seconds: float | None) -> socket.socket:
        try:
            return await self._proxy.connect(host, port, timeout=seconds)
        except ProxyTimeoutError:
            raise aiohttp.ConnectionTimeoutError from None
        except ProxyConnectionError as error:
            raise aiohttp.ClientProxyConnectionError(req.connection_key, error) from None
        except ProxyError as error:
            raise ProxyRefused(str(error).lower() or "it closed the connection") from None


class _LeftToTheProxy(AbstractResolver):
    """Hands a host name on as it is."""

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        return [ResolveResult(hostname=host, host=host, port=port, family=family, proto=0, flags=0)]

    async def close(self) -> None:
        """Nothing is open."""
