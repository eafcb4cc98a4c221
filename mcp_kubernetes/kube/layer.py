"""Where a guarded client is put together: the one module that the host imports, late, to get all of this layer."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mcp_kubernetes.effects import Effect
from mcp_kubernetes.kube.client import Cluster
from mcp_kubernetes.kube.cluster import Access, ClusterEntry, CredentialProvider
from mcp_kubernetes.kube.connection import Request, Response
from mcp_kubernetes.kube.discovery import Discovery
from mcp_kubernetes.kube.guard import Decide, check
from mcp_kubernetes.kube.hiding import hidden
from mcp_kubernetes.kube.http import Exchange
from mcp_kubernetes.kube.marks import MARKER
from mcp_kubernetes.kube.masking import holds_values, masked
from mcp_kubernetes.kube.paths import APIPath
from mcp_kubernetes.kube.pool import Pool
from mcp_kubernetes.kube.resources import Resource
from mcp_kubernetes.kube.slimming import Profiles

if TYPE_CHECKING:
    from mcp_kubernetes.calls import ToolCall
    from mcp_kubernetes.kinds import KindProfile
    from mcp_kubernetes.seal import Sealer

_QUICK = 32_768
"""Bytes that are searched in less than a millisecond; more are left to a thread."""

_TEXTS = frozenset({"log", "proxy", "exec", "attach", "portforward"})
"""Subresources that answer with something else than an object."""

Send = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True, kw_only=True)
class KubernetesLayer:
    """Connections, limits and discovery of one app. `decide` is the operator's policy on requests.

    With `mask_sensitive`, what looks like a credential is masked in objects of every kind.
    """

    pool: Pool
    decide: Decide
    user_agent: str
    mask_sensitive: bool
    profiles: Profiles
    discovery: Discovery = field(default_factory=Discovery)

    @classmethod
    def open(
        cls,
        *,
        qps: float,
        burst: int,
        decide: Decide,
        user_agent: str,
        mask_sensitive: bool,
        kinds: Sequence[KindProfile],
    ) -> KubernetesLayer:
        """The layer with an empty pool."""
        return cls(
            pool=Pool(qps=qps, burst=burst),
            decide=decide,
            user_agent=user_agent,
            mask_sensitive=mask_sensitive,
            profiles=Profiles(kinds),
        )

    def cluster(self, call: ToolCall, entry: ClusterEntry, provider: CredentialProvider, sealer: Sealer) -> Cluster:
        """The client for one call; every request of it is guarded by the tool's effect."""
        exchange = Exchange(
            entry=entry,
            access=Access(identity=call.identity),
            provider=provider,
            pool=self.pool,
            user_agent=self.user_agent,
            waited=lambda seconds: _note_wait(call, seconds),
        )
        send = guarded(exchange.send, call, self.decide, mask_sensitive=self.mask_sensitive)

        async def resolve(kind: str, api_group: str | None, namespace: str | None) -> Resource:
            return await self.discovery.resolve(await _key(exchange), send, kind, api_group, namespace)

        return Cluster(
            entry=entry,
            send=send,
            resolve=resolve,
            free=exchange.free_tokens,
            profiles=self.profiles,
            sealer=sealer,
            notes=call.notes,
            budget=call.budget,
        )

    async def aclose(self) -> None:
        """Close all connections."""
        await self.pool.aclose()


def guarded(send: Send, call: ToolCall, decide: Decide, *, mask_sensitive: bool) -> Send:
    """`send` behind the guard: classified, decided, recorded when it changes something, and masked."""

    async def guarded_send(request: Request) -> Response:
        found = check(request, call.tool.effect, decide)
        if found.effect is not Effect.READ:
            call.record.write_started(found.operation, found.target.path)
        response = await send(request)
        body = await _masked(response.body, found.target, looks=mask_sensitive)
        if body is response.body:
            return response
        if holds_values(found.target):
            _note(call, body, "Values of Secrets are masked: size and digest are shown.")
        else:
            _note(call, body, "Values that look like credentials are masked: size and digest are shown.")
        return Response(status=response.status, headers=response.headers, body=body)

    return guarded_send


async def _masked(body: bytes, target: APIPath, *, looks: bool) -> bytes:
    """The body without what is hidden; what has no objects in it, such as a log, comes back as it is."""
    if holds_values(target):
        return masked(body)
    if not target.resource or target.subresource in _TEXTS:
        return body
    if len(body) <= _QUICK:
        return hidden(body, looks=looks)
    return await asyncio.to_thread(hidden, body, looks=looks)


def _note(call: ToolCall, body: bytes, sentence: str) -> None:
    if MARKER.encode() in body:
        call.notes.add(sentence)


async def _key(exchange: Exchange) -> str:
    """Cluster and credentials: no two users share what discovery said to one of them."""
    entry = exchange.entry
    return f"{entry.source}|{entry.name}|{entry.server}|{await exchange.fingerprint()}"


def _note_wait(call: ToolCall, seconds: float) -> None:
    call.notes.add(
        "The rate limit of this server (--qps-limit) held requests back; one waited {s} s.",
        s=f"{seconds:.1f}",
    )
