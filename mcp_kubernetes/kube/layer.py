"""Where a guarded client is put together: the one module that the host imports, late, to get all of this layer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING

from mcp_kubernetes.kube.bounds import Bounds
from mcp_kubernetes.kube.client import Cluster
from mcp_kubernetes.kube.cluster import Access, ClusterEntry, CredentialProvider
from mcp_kubernetes.kube.defining import Defining
from mcp_kubernetes.kube.discovery import Discovery
from mcp_kubernetes.kube.guarding import Send, guarded, masking, opened, redacting, shown
from mcp_kubernetes.kube.http import Exchange
from mcp_kubernetes.kube.paths import APIPath, parse
from mcp_kubernetes.kube.pool import Pool
from mcp_kubernetes.kube.resources import Index, Resource
from mcp_kubernetes.kube.slimming import Profiles
from mcp_kubernetes.kube.undoing import Undoing
from mcp_kubernetes.kube.writing import Writer

if TYPE_CHECKING:
    from mcp_kubernetes.calls import ToolCall
    from mcp_kubernetes.findings import FindingRule
    from mcp_kubernetes.journal import Journal
    from mcp_kubernetes.kinds import KindProfile
    from mcp_kubernetes.kube.guard import Policy
    from mcp_kubernetes.results import Change
    from mcp_kubernetes.seal import Sealer


@dataclass(frozen=True, kw_only=True)
class KubernetesLayer:
    """Connections, limits and discovery of one app. `policy` are the operator's limits on requests.

    With `mask_sensitive`, what looks like a credential is masked in objects of every kind.
    """

    pool: Pool
    policy: Policy
    journal: Journal
    user_agent: str
    mask_sensitive: bool
    profiles: Profiles
    rules: Sequence[FindingRule]
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
        kinds: Sequence[KindProfile],
        rules: Sequence[FindingRule],
    ) -> KubernetesLayer:
        """The layer with an empty pool."""
        return cls(
            pool=Pool(qps=qps, burst=burst),
            policy=policy,
            journal=journal,
            user_agent=user_agent,
            mask_sensitive=mask_sensitive,
            profiles=Profiles(kinds),
            rules=tuple(rules),
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
        undoing = self._undoing(call, entry)
        writer = self._writer(send, call, undoing)

        async def lookup(kind: str, api_group: str | None, namespace: str | None) -> Resource:
            return await self.discovery.resolve(await _key(exchange), send, kind, api_group, namespace)

        async def served(max_age: float) -> Index:
            return await self.discovery.index(await _key(exchange), send, max_age)

        async def forget() -> None:
            self.discovery.forget(await _key(exchange))

        defining = Defining(lookup=lookup, change=writer.write, forget=forget)

        async def undo(change_id: str, *, confirm: str | None, dry_run: bool) -> Change:
            return await undoing.undo(change_id, writer.write, confirm=confirm, dry_run=dry_run)

        return Cluster(
            entry=entry,
            resolve=defining.resolve,
            served=served,
            notes=call.notes,
            write=defining.write,
            undo=undo,
            send=masking(send, call, looks=self.mask_sensitive, reveals=self.policy.show_secret_values),
            free=exchange.free_tokens,
            profiles=self.profiles,
            rules=self.rules,
            limited=bool(self.policy.allowed_namespaces or self.policy.restricted_namespaces),
            allowed_namespaces=self.policy.allowed_namespaces - self.policy.restricted_namespaces,
            stream=redacting(opened(exchange.stream, send, call, bounds)),
            connect=opened(exchange.connect, send, call, bounds),
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
        )

    def _bounds(self, exchange: Exchange) -> Bounds:
        async def namespaced(target: APIPath) -> bool:
            index = await self.discovery.index(await _key(exchange), exchange.send)
            return index.is_namespaced(target.group, target.resource)

        return Bounds(policy=self.policy, send=exchange.send, namespaced=namespaced)

    def _writer(self, send: Send, call: ToolCall, undoing: Undoing) -> Writer:
        async def mask(body: bytes, path: str) -> bytes:
            return await shown(body, parse(path), looks=self.mask_sensitive)

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


async def _key(exchange: Exchange) -> str:
    """Cluster and credentials: no two users share what discovery said to one of them."""
    entry = exchange.entry
    return f"{entry.source}|{entry.name}|{entry.server}|{await exchange.fingerprint()}"


def _note_wait(call: ToolCall, seconds: float) -> None:
    call.notes.add(
        "The rate limit of this server (--qps-limit) held requests back; one waited {s} s.",
        s=f"{seconds:.1f}",
    )
