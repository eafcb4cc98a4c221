"""Open connections and rate limits, each under a key that no other user or cluster can have.

A connection is shared by everybody who reaches the same server over the same TLS identity; tokens and
impersonation travel in each request. A limit belongs to one cluster and one identity.
"""

from __future__ import annotations

import asyncio
import hashlib
import time
from collections import OrderedDict
from collections.abc import Callable
from typing import TYPE_CHECKING, cast

from mcp_kubernetes.kube.wire.limiter import TokenBucket
from mcp_kubernetes.loading import load

if TYPE_CHECKING:
    from mcp_kubernetes.identity import Identity
    from mcp_kubernetes.kube.cluster import ClusterEntry, Credentials
    from mcp_kubernetes.kube.connection import Connection

_MAX_CONNECTIONS = 64
_MAX_LIMITERS = 4_096
_IDLE_SECONDS = 600.0
_SURPLUS_IDLE_SECONDS = 60.0


class Pool:
    """All connections of one app. Those that nobody asked for in a while are closed; a used one never is."""

    def __init__(self, *, qps: float, burst: int, clock: Callable[[], float] = time.monotonic) -> None:
        self._qps = qps
        self._burst = burst
        self._clock = clock
        self._opening = asyncio.Lock()
        self._open: OrderedDict[str, tuple[Connection, float]] = OrderedDict()
        self._limiters: OrderedDict[tuple[str, str], TokenBucket] = OrderedDict()

    async def connection(self, entry: ClusterEntry, credentials: Credentials) -> Connection:
        """The connection for this server and TLS identity, opened if it is not. Raises CredentialsError."""
        key = connection_key(entry, credentials)
        async with self._opening:
            found = self._open.pop(key, None)
            connection = found[0] if found else await open_connection(entry, credentials)
            self._open[key] = (connection, self._clock())
            await self._close_surplus()
        return connection

    def limiter(self, entry: ClusterEntry, identity: Identity) -> TokenBucket:
        """The token bucket of this identity at this cluster."""
        key = (f"{entry.source}|{entry.name}|{entry.server}", identity.key)
        bucket = self._limiters.pop(key, None) or TokenBucket(self._qps, self._burst, self._clock)
        self._limiters[key] = bucket
        if len(self._limiters) > _MAX_LIMITERS:
            self._limiters.popitem(last=False)
        return bucket

    async def aclose(self) -> None:
        """Close every connection."""
        while self._open:
            await self._close_oldest()

    async def _close_surplus(self) -> None:
        """Close what has been idle for long, and beyond the bound what has been idle for a while."""
        while self._open and self._is_surplus():
            key, (connection, _) = next(iter(self._open.items()))
            if connection.busy:
                self._open[key] = (self._open.pop(key)[0], self._clock())
            else:
                await self._close_oldest()

    def _is_surplus(self) -> bool:
        _, used = next(iter(self._open.values()))
        bound = _SURPLUS_IDLE_SECONDS if len(self._open) > _MAX_CONNECTIONS else _IDLE_SECONDS
        return self._clock() - used > bound

    async def _close_oldest(self) -> None:
        _, (connection, _) = self._open.popitem(last=False)
        await connection.aclose()


def connection_key(entry: ClusterEntry, credentials: Credentials) -> str:
    """What two requests must have in common to share a connection: server, TLS checks, client certificate, proxy."""
    digest = hashlib.sha256()
    parts = (entry.server, entry.tls_name, entry.proxy, str(entry.insecure), entry.ca)
    for part in (*parts, credentials.certificate, credentials.key):
        data = part.encode() if isinstance(part, str) else part or b""
        digest.update(len(data).to_bytes(8) + data)
    return digest.hexdigest()


async def open_connection(entry: ClusterEntry, credentials: Credentials) -> Connection:
    """A connection outside of any pool, for its caller to close. Raises CredentialsError."""
    module = await asyncio.to_thread(load, "mcp_kubernetes.kube.wire.network")
    return cast("Connection", await module.Network.open(entry, credentials))
