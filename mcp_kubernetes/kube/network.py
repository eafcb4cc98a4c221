"""The network implementation of the seam: the only module that imports `kubernetes` and `aiohttp`.

TLS contexts, connectors and sessions come from the official package's `Configuration` and `ApiClient`; the
requests are our own. Importing this costs a quarter of a second, so the pool does it in a thread when the
first request is about to be sent.
"""

from __future__ import annotations

import asyncio
import os
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import aiohttp
from kubernetes.aio.client.api_client import ApiClient
from kubernetes.aio.client.configuration import Configuration
from yarl import URL

from mcp_kubernetes.errors import AnswerTooLarge, ClusterUnreachable, CredentialsError, Disconnected, TimedOut
from mcp_kubernetes.kube.connection import Request, Response

if TYPE_CHECKING:
    from mcp_kubernetes.kube.cluster import ClusterEntry, Credentials

_CHUNK = 262_144
_MAX_HEADER = 65_536
_MAX_CONNECTIONS = 32
_CONNECT_TIMEOUT = 10.0


@dataclass(frozen=True)
class Network:
    """One connection pool to one server with one TLS identity. Tokens travel per request, so users share it."""

    entry: ClusterEntry
    session: aiohttp.ClientSession

    @classmethod
    async def open(cls, entry: ClusterEntry, credentials: Credentials) -> Network:
        """Build the session; nothing is dialled yet. Raises CredentialsError for unusable certificates."""
        client = await asyncio.to_thread(_client, entry, credentials)
        client.configuration.client_session_kwargs = _session_options()
        session = client.rest_client._create_pool_manager()  # noqa: SLF001 - the package's documented override point
        # aiohttp repeats GET, PUT and DELETE by itself after a dropped connection. Whether to ask twice is
        # decided in `http`, where it is known what the request does.
        session._retry_connection = False  # noqa: SLF001 - there is no public switch; a test pins it
        return cls(entry, session)

    async def request(self, request: Request, max_bytes: int) -> Response:
        """Send once, read at most `max_bytes`. Raises ClusterUnreachable, TimedOut, AnswerTooLarge."""
        with _translated(self.entry):
            async with self._send(request) as response:
                body = await _read(response, max_bytes)
                headers = {name.lower(): value for name, value in response.headers.items()}
                return Response(status=response.status, headers=headers, body=body)

    async def aclose(self) -> None:
        """Close all connections of this pool."""
        await self.session.close()

    def _send(self, request: Request) -> aiohttp.client._RequestContextManager:
        return self.session.request(
            request.method,
            URL(self.entry.server.rstrip("/") + _escaped(request.path), encoded=True).with_query(request.query),
            headers=request.headers,
            data=request.body,
            allow_redirects=False,
            server_hostname=self.entry.tls_name,
            proxy=self.entry.proxy,
            timeout=aiohttp.ClientTimeout(total=request.timeout, sock_connect=_CONNECT_TIMEOUT),
        )


def _escaped(path: str) -> str:
    """Escape a validated path. Segments hold only characters that yarl leaves alone, or the guard refused them."""
    return URL.build(path=path).raw_path


def _client(entry: ClusterEntry, credentials: Credentials) -> ApiClient:
    """The official client with its TLS context. Reading the system's authorities takes 15 ms: work for a thread."""
    with _configuration(entry, credentials) as configuration:
        try:
            return ApiClient(configuration)
        except (ssl.SSLError, ValueError, OSError) as error:
            raise CredentialsError(f"The certificates for {entry.name} cannot be used: {_reason(error)}.") from None


def _session_options() -> dict[str, Any]:
    return {
        # trust_env would read ~/.netrc and send what it finds there to the API server.
        "trust_env": False,
        "cookie_jar": aiohttp.DummyCookieJar(),
        "max_field_size": _MAX_HEADER,
        "max_line_size": _MAX_HEADER,
        "auto_decompress": True,
    }


@contextmanager
def _configuration(entry: ClusterEntry, credentials: Credentials) -> Iterator[Configuration]:
    """The official package's configuration. `load_cert_chain` wants paths, so the key is a file for milliseconds."""
    configuration = Configuration(host=entry.server)
    configuration.verify_ssl = not entry.insecure
    configuration.ca_cert_data = entry.ca.decode("ascii", "replace") if entry.ca else None
    configuration.connection_pool_maxsize = _MAX_CONNECTIONS
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


async def _read(response: aiohttp.ClientResponse, max_bytes: int) -> bytes:
    body = bytearray()
    async for chunk in response.content.iter_chunked(_CHUNK):
        body += chunk
        if len(body) > max_bytes:
            raise AnswerTooLarge(f"The API server's answer is larger than {max_bytes >> 20} MiB.")
    return bytes(body)


@contextmanager
def _translated(entry: ClusterEntry) -> Iterator[None]:
    """Turn aiohttp's exceptions into ours, without addresses of proxies or header values."""
    try:
        yield
    except TimeoutError:
        raise TimedOut(f"The API server of {entry.name} did not answer in time.") from None
    except aiohttp.ClientConnectorCertificateError as error:
        raise ClusterUnreachable(
            f"The certificate of {entry.name} is not trusted: {_reason(error.certificate_error)}.",
            hint="Check certificate-authority and tls-server-name of this cluster.",
        ) from None
    except aiohttp.ServerDisconnectedError:
        raise Disconnected(f"The API server of {entry.name} closed the connection before it answered.") from None
    except aiohttp.ClientError as error:
        raise ClusterUnreachable(
            f"The API server of {entry.name} cannot be reached: {_reason(error)}.",
            hint="Check that the cluster runs and that this machine reaches it, or choose another context.",
        ) from None


def _reason(error: BaseException) -> str:
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return "its host name cannot be resolved"
    if isinstance(error, ssl.SSLCertVerificationError):
        return error.verify_message
    if isinstance(error, aiohttp.ClientConnectorError):
        number = error.os_error.errno
        return os.strerror(number).lower() if number else "the connection failed"
    return type(error).__name__
