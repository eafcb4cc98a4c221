"""What can go wrong on the way to an API server, each told in one sentence and what to do next.

A proxy's failures are told as the proxy's: who looks for the fault in the cluster looks in vain. aiohttp's own
words are never passed on, for they hold addresses and headers. Loaded by `network` alone, as aiohttp is.
"""

from __future__ import annotations

import os
import re
import ssl
from collections.abc import Iterator
from contextlib import contextmanager

import aiohttp
from yarl import URL

from mcp_kubernetes.errors import ClusterUnreachable, Disconnected, TimedOut, ToolError, Unanswered
from mcp_kubernetes.kube.cluster import ClusterEntry

CONNECT_SECONDS = 10.0
"""How long a connection may take, TLS included, before it counts as out of reach."""

_REACH = "Check that the cluster runs and that this machine reaches it, or choose another context."
_PROXY = "Check proxy-url of this context's cluster, or the variables HTTPS_PROXY and NO_PROXY."
_ADDRESS = "Check scheme, host and port of this cluster's server address; something else may answer there."
_AUTHORITY = "Check certificate-authority of this cluster; only its own authority is trusted where one is given."
_DATES = "Have it renewed, and check the clock of this machine."
_NAME = "If it is the right server, set tls-server-name of this cluster to a name that its certificate is for."
_CLIENT = "Check client-certificate of this context, or sign in to the cluster again."

_NOT_YET_VALID, _EXPIRED = 9, 10
_OTHER_NAME = frozenset({62, 64})
"""Verification codes of OpenSSL (x509_vfy.h): dates, then a host name and an address that do not fit."""

_TLS_REASON = re.compile(r"\[SSL: ([A-Z0-9_]+)\]")
_ABOUT_CLIENTS = ("CERT", "UNKNOWN_CA", "ACCESS_DENIED", "HANDSHAKE_FAILURE")
"""In the names of alerts by which a server refuses a client certificate, or asks for one (RFC 8446, section 6)."""

_NO_TLS = frozenset({"WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "PACKET_LENGTH_TOO_LONG", "HTTP_REQUEST"})


class ProxyRefused(aiohttp.ClientError):
    """A SOCKS proxy said no, or is none; the text is a fixed one that names no address and no user."""


@contextmanager
def translated(entry: ClusterEntry) -> Iterator[None]:
    """Turn what aiohttp raises into TimedOut, Disconnected and ClusterUnreachable."""
    try:
        yield
    except (aiohttp.ClientError, TimeoutError) as error:
        raise _proxy_failure(entry, error) or _tls_failure(entry, error) or _failure(entry, error) from None


def _proxy_failure(entry: ClusterEntry, error: Exception) -> ToolError | None:
    """The failure, if it is surely the proxy's."""
    if entry.proxy is None:
        return None
    if isinstance(error, aiohttp.ClientHttpProxyError):
        return _refused_by_proxy(entry, error.status)
    if isinstance(error, ProxyRefused):
        return ClusterUnreachable(f"The proxy of {entry.name} makes no connection: {error}.", hint=_PROXY)
    if isinstance(error, aiohttp.ClientResponseError) and error.request_info.method == "CONNECT":
        return ClusterUnreachable(f"What answers as the proxy of {entry.name} is no HTTP proxy.", hint=_PROXY)
    if isinstance(error, aiohttp.ClientConnectorError) and _is_at_proxy(entry, error):
        return ClusterUnreachable(f"The proxy of {entry.name} cannot be reached: {_reason(error)}.", hint=_PROXY)
    return None


def _refused_by_proxy(entry: ClusterEntry, status: int) -> ToolError:
    if status == 407:
        problem = "asks for a user name and a password, or refuses those that it was given (HTTP 407)"
    else:
        problem = f"makes no connection to the API server (HTTP {status})"
    return ClusterUnreachable(f"The proxy of {entry.name} {problem}.", hint=_PROXY)


def _is_at_proxy(entry: ClusterEntry, error: aiohttp.ClientConnectorError) -> bool:
    """Whether the connection that failed was the one to the proxy."""
    proxy = URL(entry.proxy or "")
    return isinstance(error, aiohttp.ClientProxyConnectionError) or (error.host, error.port) == (proxy.host, proxy.port)


def _tls_failure(entry: ClusterEntry, error: Exception) -> ToolError | None:
    """The failure, if it is one of TLS with the API server. Some alerts arrive only with the first answer."""
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return _distrusted(entry, error.certificate_error)
    found = _TLS_REASON.search(str(error)) if isinstance(error, aiohttp.ClientOSError) else None
    if found is None:
        return None
    reason = found[1]
    if reason in _NO_TLS:
        return ClusterUnreachable(f"What answers at the address of {entry.name} speaks no TLS.", hint=_ADDRESS)
    if "ALERT" in reason and any(word in reason for word in _ABOUT_CLIENTS):
        return ClusterUnreachable(
            f"The server of {entry.name} refuses our client certificate, or its lack.", hint=_CLIENT
        )
    words = reason.replace("_", " ").lower()
    return ClusterUnreachable(f"TLS with the server of {entry.name} fails: {words}.", hint=_ADDRESS)


def _distrusted(entry: ClusterEntry, error: Exception) -> ToolError:
    code = error.verify_code if isinstance(error, ssl.SSLCertVerificationError) else 0
    whose = f"The certificate of {entry.name}"
    if code == _EXPIRED:
        return ClusterUnreachable(f"{whose} has expired.", hint=_DATES)
    if code == _NOT_YET_VALID:
        return ClusterUnreachable(f"{whose} is not valid yet.", hint=_DATES)
    if code in _OTHER_NAME:
        return ClusterUnreachable(f"{whose} is for another host name.", hint=_NAME)
    return ClusterUnreachable(f"{whose} is not trusted: {_reason(error)}.", hint=_AUTHORITY)


def _failure(entry: ClusterEntry, error: Exception) -> ToolError:
    server = f"The API server of {entry.name}" + (" (through a proxy)" if entry.proxy else "")
    if isinstance(error, aiohttp.ConnectionTimeoutError):
        return ClusterUnreachable(
            f"{server} cannot be reached: no connection within {CONNECT_SECONDS:.0f} seconds.", hint=_hint(entry)
        )
    if isinstance(error, TimeoutError):
        return TimedOut(f"{server} did not answer in time.")
    if _is_dropped(error):
        return Disconnected(f"{server} closed the connection before it answered.")
    if isinstance(error, aiohttp.ClientPayloadError):
        return Unanswered(f"{server} sent an answer that is not complete or is damaged.", hint="Try again.")
    if isinstance(error, aiohttp.ClientResponseError):
        return Unanswered(f"{server} sent an answer that is no HTTP.", hint=_ADDRESS)
    return ClusterUnreachable(f"{server} cannot be reached: {_reason(error)}.", hint=_hint(entry))


def _hint(entry: ClusterEntry) -> str:
    return _PROXY if entry.proxy else _REACH


def _is_dropped(error: Exception) -> bool:
    """Whether a connection that stood has ended; a reset is told from one that was never made."""
    if isinstance(error, aiohttp.ClientConnectorError):
        return False
    is_reset = isinstance(error, aiohttp.ClientOSError) and isinstance(error.__cause__, ConnectionError)
    return is_reset or isinstance(error, aiohttp.ServerDisconnectedError | aiohttp.ClientConnectionResetError)


def _reason(error: BaseException) -> str:
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        return "its host name cannot be resolved"
    if isinstance(error, aiohttp.ClientConnectorCertificateError):
        return f"its certificate is not trusted ({_reason(error.certificate_error)})"
    if isinstance(error, ssl.SSLCertVerificationError):
        return error.verify_message
    if isinstance(error, aiohttp.ClientConnectorError):
        number = error.os_error.errno
        return os.strerror(number).lower() if number else "the connection was closed while TLS began"
    return "the connection failed"
