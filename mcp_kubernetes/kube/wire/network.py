"""The network implementation of the seam: with `failures` and `socks`, all that imports `kubernetes` and `aiohttp`.

TLS contexts, connectors and sessions come from the official package's `Configuration` and `ApiClient`; the
requests are our own. Importing this costs a quarter of a second, so the pool does it in a thread when the
first request is about to be sent.
"""

from __future__ import annotations

import asyncio
import ssl
from base64 import b64encode
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import aiohttp
from kubernetes.aio.client.api_client import ApiClient
from kubernetes.aio.client.configuration import Configuration
from yarl import URL

from mcp_kubernetes.errors import AnswerTooLarge, CredentialsError
from mcp_kubernetes.kube.connection import Request, Response, Socket, Stream
from mcp_kubernetes.kube.wire.arriving import Arriving
from mcp_kubernetes.kube.wire.failures import CONNECT_SECONDS, translated
from mcp_kubernetes.kube.wire.upgrading import Refused, WebSocket, refusing
from mcp_kubernetes.loading import load

if TYPE_CHECKING:
    from mcp_kubernetes.kube.cluster import ClusterEntry, Credentials

_CHUNK = 262_144
_READ_AHEAD = 1 << 20
"""Bytes that may arrive before they are taken. With aiohttp's 64 KiB, a fifth of reading a page is pausing."""

_MAX_HEADER = 65_536
_MAX_CONNECTIONS = 32
_NO_LIMIT = 0
_HEARTBEAT = 30.0
"""Seconds between pings: they keep a proxy on the way from closing what is idle, and show that the peer is dead."""

_CLOSE_SECONDS = 2.0
_MAX_MESSAGE = 16 << 20
"""Bytes of one message; a kubelet's have 32 KiB."""


@dataclass(frozen=True)
class Network:
    """One connection pool to one server with one TLS identity. Tokens travel per request, so users share it."""

    entry: ClusterEntry
    session: aiohttp.ClientSession
    streams: aiohttp.ClientSession
    """Of its own for what takes long: it must not keep requests from a free connection."""
    proxy: URL | None = None
    """An HTTP proxy, without a password. A SOCKS proxy is the connector's."""
    proxy_headers: Mapping[str, str] = field(default_factory=dict, repr=False)
    """How to sign in to it."""
    open_now: set[object] = field(default_factory=set, init=False, repr=False)
    """The streams and sockets."""

    @classmethod
    async def open(cls, entry: ClusterEntry, credentials: Credentials) -> Network:
        """Build the session; nothing is dialled yet. Raises CredentialsError for unusable certificates."""
        client = await asyncio.to_thread(_client, entry, credentials)
        session = await _session(entry, client, _MAX_CONNECTIONS, read_bufsize=_READ_AHEAD)
        streams = await _session(entry, client, _NO_LIMIT)
        return cls(entry, session, streams, *_http_proxy(entry))

    @property
    def busy(self) -> bool:
        """Whether a stream or a socket is open."""
        return bool(self.open_now)

    async def request(self, request: Request, max_bytes: int) -> Response:
        """Send once, read at most `max_bytes`. Raises ClusterUnreachable, TimedOut, AnswerTooLarge."""
        with translated(self.entry):
            async with self._send(self.session, request) as response:
                body = await _read(response, max_bytes)
                return Response(status=response.status, headers=_joined(response.headers), body=body)

    @asynccontextmanager
    async def stream(self, request: Request) -> AsyncIterator[Stream]:
        """Send once, and read as it comes. Raises ClusterUnreachable, TimedOut."""
        with translated(self.entry):
            response = await self._send(self.streams, request)
        try:
            arriving = Arriving(response.content, self.entry)
            headers = _joined(response.headers)
            with self._counted():
                yield Stream(status=response.status, headers=headers, chunks=arriving.chunks(), stop=arriving.stop)
        finally:
            response.close()

    @asynccontextmanager
    async def connect(self, request: Request) -> AsyncIterator[Socket | Response]:
        """Send once, and leave HTTP. Raises ClusterUnreachable, TimedOut."""
        try:
            with translated(self.entry):
                socket = await self._upgrade(request)
        except Refused as refused:
            yield refused.response
            return
        found = WebSocket(socket, self.entry)
        try:
            with self._counted():
                async with found.kept_alive(_HEARTBEAT):
                    yield found
        finally:
            await socket.close()

    async def aclose(self) -> None:
        """Close all connections of this pool."""
        for session in (self.session, self.streams):
            connector = session.connector
            await session.close()
            if connector is not None:
                await connector.close()  # the package leaves one that it did not make to whoever made it

    def _send(self, session: aiohttp.ClientSession, request: Request) -> aiohttp.client._RequestContextManager:
        return session.request(
            request.method,
            self._url(request),
            data=request.body,
            allow_redirects=False,
            timeout=aiohttp.ClientTimeout(total=request.timeout, sock_connect=CONNECT_SECONDS),
            **self._common(request),
        )

    async def _upgrade(self, request: Request) -> aiohttp.ClientWebSocketResponse[bool]:
        async with asyncio.timeout(CONNECT_SECONDS):
            socket: aiohttp.ClientWebSocketResponse[bool] = await self.streams.ws_connect(
                self._url(request),
                protocols=request.upgrade,
                autoping=False,
                timeout=aiohttp.ClientWSTimeout(ws_close=_CLOSE_SECONDS),
                max_msg_size=_MAX_MESSAGE,
                **self._common(request),
            )
        return socket

    @contextmanager
    def _counted(self) -> Iterator[None]:
        self.open_now.add(token := object())
        try:
            yield
        finally:
            self.open_now.remove(token)

    def _url(self, request: Request) -> URL:
        return URL(self.entry.server.rstrip("/") + _escaped(request.path), encoded=True).with_query(request.query)

    def _common(self, request: Request) -> dict[str, Any]:
        # A plain-http request goes to the proxy itself; a tunnel is asked for beforehand, with headers of its own.
        shown = self.proxy_headers.items() if self.entry.server.startswith("http:") else ()
        return {
            "headers": (*request.headers, *shown),
            "server_hostname": self.entry.tls_name,
            "proxy": self.proxy,
            "proxy_headers": self.proxy_headers,
        }


def _escaped(path: str) -> str:
    """Escape a validated path. Segments hold only characters that yarl leaves alone, or the guard refused them."""
    return URL.build(path=path).raw_path


def _client(entry: ClusterEntry, credentials: Credentials) -> ApiClient:
    """The official client with its TLS context. Reading the system's authorities takes 15 ms: work for a thread."""
    with _configuration(entry, credentials) as configuration:
        try:
            return ApiClient(configuration)
        except (ssl.SSLError, ValueError, OSError) as error:
            raise CredentialsError(
                f"The certificates for {entry.name} cannot be used: {_flaw(error)}.",
                hint="Check certificate-authority, client-certificate and client-key of this context.",
            ) from None


def _http_proxy(entry: ClusterEntry) -> tuple[URL | None, Mapping[str, str]]:
    """The proxy, and the headers for it. They are made here because aiohttp would encode them in Latin-1."""
    url = URL(entry.proxy or "")
    if url.scheme not in {"http", "https"}:
        return None, {}
    if url.user is None:
        return url, {}
    proof = b64encode(f"{url.user}:{url.password or ''}".encode()).decode()
    return url.with_user(None), {"Proxy-Authorization": f"Basic {proof}"}


async def _session(entry: ClusterEntry, client: ApiClient, limit: int, **more: Any) -> aiohttp.ClientSession:
    """A session with at most `limit` connections."""
    client.configuration.connection_pool_maxsize = limit
    client.configuration.client_session_kwargs = _session_options() | more | await _connector(entry, client, limit)
    session: aiohttp.ClientSession = client.rest_client._create_pool_manager()  # noqa: SLF001 - its override point
    # aiohttp repeats GET, PUT and DELETE by itself after a dropped connection, and so an exec. Whether to ask twice
    # is decided in `http`, where it is known what the request does.
    session._retry_connection = False  # noqa: SLF001 - there is no public switch; a test pins it
    return session


async def _connector(entry: ClusterEntry, client: ApiClient, limit: int) -> dict[str, Any]:
    """The connector for a SOCKS proxy, as an option of the session; any other is the package's."""
    if not (entry.proxy or "").startswith("socks5"):
        return {}
    module = await asyncio.to_thread(load, "mcp_kubernetes.kube.wire.socks")
    options = {"limit": limit, "ssl": client.rest_client.ssl_context}
    return {"connector": module.SocksConnector.to(entry.proxy, **options)}


def _session_options() -> dict[str, Any]:
    return {
        # trust_env would read ~/.netrc and send what it finds there to the API server.
        "trust_env": False,
        "cookie_jar": aiohttp.DummyCookieJar(),
        "max_field_size": _MAX_HEADER,
        "max_line_size": _MAX_HEADER,
        "auto_decompress": True,
        "middlewares": (refusing,),
    }


@contextmanager
def _configuration(entry: ClusterEntry, credentials: Credentials) -> Iterator[Configuration]:
    """The official package's configuration. `load_cert_chain` wants paths, so the key is a file for milliseconds."""
    configuration = Configuration(host=entry.server)
    configuration.verify_ssl = not entry.insecure
    # Python 3.13 refuses authorities without extensions that RFC 5280 wants and many clusters lack; kubectl does not.
    configuration.disable_strict_ssl_verification = True
    configuration.ca_cert_data = entry.ca.decode("ascii", "replace") if entry.ca else None
    with TemporaryDirectory(prefix="mcp-kubernetes-") as folder:
        if credentials.certificate:
            configuration.cert_file = _write(folder, "tls.crt", credentials.certificate)
            configuration.key_file = _write(folder, "tls.key", credentials.key or b"")
        yield configuration


def _write(folder: str, name: str, data: bytes) -> str:
    path = Path(folder) / name
    path.touch(mode=0o600)
    path.write_bytes(data)
    return str(path)


def _joined(headers: Mapping[str, str]) -> dict[str, str]:
    """Headers by lower-case name; one that came several times, as warnings do, is a list (RFC 9110, 5.3)."""
    joined: dict[str, str] = {}
    for name, value in headers.items():
        key = name.lower()
        joined[key] = f"{joined[key]}, {value}" if key in joined else value
    return joined


async def _read(response: aiohttp.ClientResponse, max_bytes: int) -> bytes:
    body = bytearray()
    async for chunk in response.content.iter_chunked(_CHUNK):
        body += chunk
        if len(body) > max_bytes:
            raise AnswerTooLarge(f"The API server's answer is larger than {max_bytes >> 20} MiB.")
    return bytes(body)


def _flaw(error: Exception) -> str:
    """In general words: OpenSSL's would be those of a programmer."""
    return f"no file: {error.strerror}" if isinstance(error, FileNotFoundError) else "they are damaged or do not fit"
