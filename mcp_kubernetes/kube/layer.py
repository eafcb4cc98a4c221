"""Where a guarded client is put together: the one module that the host imports, late, to get all of this layer."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, TypeVar

from mcp_kubernetes.kube.catalogue.defining import Defining
from mcp_kubernetes.kube.catalogue.discovery import MAX_AGE, Discovery
from mcp_kubernetes.kube.catalogue.resources import Index, Resource
from mcp_kubernetes.kube.changes.undoing import Undoing
from mcp_kubernetes.kube.changes.writing import Writer
from mcp_kubernetes.kube.client import Cluster
from mcp_kubernetes.kube.cluster import Access, ClusterEntry, CredentialProvider
from mcp_kubernetes.kube.floor.bounds import Bounds
from mcp_kubernetes.kube.floor.guarding import Send, guarded, masking, opened, redacting, shown
from mcp_kubernetes.kube.paths import APIPath, parse
from mcp_kubernetes.kube.reads.slimming import Profiles
from mcp_kubernetes.kube.wire.http import Exchange
from mcp_kubernetes.kube.wire.pool import Pool
from mcp_kubernetes.kube.wire.stream_budget import Open, StreamBudget

if TYPE_CHECKING:
    from mcp_kubernetes.calls import ToolCall
    from mcp_kubernetes.findings import FindingRule
    from mcp_kubernetes.journal import Journal
    from mcp_kubernetes.kinds import KindProfile
    from mcp_kubernetes.kube.guard import Policy
    from mcp_kubernetes.seal import Sealer

T = TypeVar("T")


@dataclass(frozen=True, kw_only=True)
class KubernetesLayer:
    """Connections, limits and discovery of one app. `policy` are the operator's limits on requests.

    With `mask_sensitive`, what looks like a credential is masked in objects of every kind. `mark_key` tells the key of
    the digests in masks.
    """

    pool: Pool
    policy: Policy
    journal: Journal
    user_agent: str
    mask_sensitive: bool
    mark_key: Callable[[], bytes]
    profiles: Profiles
    rules: Sequence[FindingRule]
    streams: StreamBudget
    discovery: Discovery = field(default_factory=Discovery)

    @classmethod
    def open(
        cls,
        *,
        qps: float,
        burst: int,
        policy: Policy,
        journal: Journal,
        user_agent: str,
        mask_sensitive: bool,
        mark_key: Callable[[], bytes],
        kinds: Sequence[KindProfile],
        rules: Sequence[FindingRule],
        streams: int | None,
    ) -> KubernetesLayer:
        """The layer with an empty pool. `streams` is how many one user may have open at once; None: any number."""
        return cls(
            pool=Pool(qps=qps, burst=burst),
            policy=policy,
            journal=journal,
            user_agent=user_agent,
            mask_sensitive=mask_sensitive,
            mark_key=mark_key,
            profiles=Profiles(kinds),
            rules=tuple(rules),
            streams=StreamBudget(streams),
        )

    def cluster(
        self, call: ToolCall, entry: ClusterEntry, provider: CredentialProvider | None, sealer: Sealer
    ) -> Cluster:
        """The client for one call; every request of it is guarded by the tool's effect.

        Without a `provider`, nobody can sign in: the entry must bring its connection.
        """
        exchange = self._exchange(call, entry, provider)
        bounds = self._bounds(exchange)
        send = guarded(exchange.send, call, bounds)
        undoing, key = self._undoing(call, entry), self.mark_key()
        write = self._writer(send, call, undoing, key).write
        catalogue = _Catalogue(discovery=self.discovery, exchange=exchange, send=send)
        defining = Defining(lookup=catalogue.resolve, change=write, forget=catalogue.forget)
        return Cluster(
            entry=entry,
            resolve=defining.resolve,
            served=catalogue.index,
            notes=call.notes,
            write=defining.write,
            undo=partial(undoing.undo, write=write),
            send=masking(
                send,
                call,
                looks=self.mask_sensitive,
                key=key,
                reveals=self.policy.show_secret_values,
                recorded=entry.as_of is not None,
            ),
            free=exchange.free_tokens,
            profiles=self.profiles,
            rules=self.rules,
            limited=bool(self.policy.allowed_namespaces or self.policy.restricted_namespaces),
            allowed_namespaces=self.policy.allowed_namespaces - self.policy.restricted_namespaces,
            stream=redacting(opened(self._counted(exchange.stream, call), send, call, bounds)),
            connect=opened(self._counted(exchange.connect, call), send, call, bounds),
            incomplete=partial(call.record.fail, "partial"),
            sealer=sealer,
            budget=call.budget,
        )

    async def aclose(self) -> None:
        """Close all connections."""
        await self.pool.aclose()

    def _exchange(self, call: ToolCall, entry: ClusterEntry, provider: CredentialProvider | None) -> Exchange:
        return Exchange(
            entry=entry,
            access=Access(identity=call.identity),
            provider=provider,
            pool=self.pool,
            user_agent=self.user_agent,
            waited=lambda seconds: _note_wait(call, seconds),
            paused=lambda seconds: _note_pause(call, seconds),
        )

    def _counted(self, open_: Open[T], call: ToolCall) -> Open[T]:
        return self.streams.counted(open_, call.identity.key)

    def _bounds(self, exchange: Exchange) -> Bounds:
        catalogue = _Catalogue(discovery=self.discovery, exchange=exchange, send=exchange.send)

        async def namespaced(target: APIPath) -> bool:
            return (await catalogue.index()).is_namespaced(target.group, target.resource)

        return Bounds(policy=self.policy, send=exchange.send, namespaced=namespaced)

    def _writer(self, send: Send, call: ToolCall, undoing: Undoing, key: bytes) -> Writer:
        async def mask(body: bytes, path: str) -> bytes:
            return await shown(body, parse(path), looks=self.mask_sensitive, key=key)

        return Writer(
            cluster=undoing.entry.name,
            send=send,
            mask=mask,
            undoing=undoing,
            approver=call.approver,
            dry_run=self.policy.dry_run,
            notes=call.notes,
        )

    def _undoing(self, call: ToolCall, entry: ClusterEntry) -> Undoing:
        return Undoing(
            journal=self.journal,
            identity=call.identity,
            entry=entry,
            profiles=self.profiles,
            tool=call.tool.name,
            now=call.now,
        )


@dataclass(frozen=True, kw_only=True)
class _Catalogue:
    """What a cluster serves, as it tells the user of one call: no two users share what was said to one of them."""

    discovery: Discovery
    exchange: Exchange
    send: Send

    async def resolve(self, kind: str, api_group: str | None, namespace: str | None) -> Resource:
        return await self.discovery.resolve(await self._key(), self.send, kind, api_group, namespace)

    async def index(self, max_age: float = MAX_AGE) -> Index:
        return await self.discovery.index(await self._key(), self.send, max_age)

    async def forget(self) -> None:
        self.discovery.forget(await self._key())

    async def _key(self) -> str:
        """Cluster and credentials."""
        entry = self.exchange.entry
        return f"{entry.source}|{entry.name}|{entry.server}|{await self.exchange.fingerprint()}"


def _note_wait(call: ToolCall, seconds: float) -> None:
    call.notes.add(
        "The rate limit of this server (--qps-limit) held requests back; one waited {s} s.",
        s=f"{seconds:.1f}",
    )


def _note_pause(call: ToolCall, seconds: float) -> None:
    call.notes.add(
        "The API server itself asked for fewer requests (Retry-After); one waited {s} s and was sent again.",
        s=f"{seconds:g}",
    )
