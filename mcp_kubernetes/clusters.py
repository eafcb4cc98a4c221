"""Which cluster a call goes to: the argument, else the session's choice, else the source's default."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING, Annotated, Any, cast

from pydantic import Field

from mcp_kubernetes.errors import ConfigError, InvalidArguments, ToolError, UnknownCluster
from mcp_kubernetes.kube.cluster import Access, ClusterEntry, ClusterSource, CredentialProvider, Waiting
from mcp_kubernetes.loading import load
from mcp_kubernetes.tools import Parameter

if TYPE_CHECKING:
    from mcp_kubernetes.calls import Session, ToolCall
    from mcp_kubernetes.conversation import Report
    from mcp_kubernetes.findings import FindingRule
    from mcp_kubernetes.identity import Identity
    from mcp_kubernetes.journal import Journal
    from mcp_kubernetes.kinds import KindProfile
    from mcp_kubernetes.kube.client import Cluster
    from mcp_kubernetes.kube.layer import KubernetesLayer
    from mcp_kubernetes.safety import SafetyPolicy
    from mcp_kubernetes.seal import Sealer
    from mcp_kubernetes.settings import KubernetesSettings

_MAX_NAME = 500
_MOST_KEPT = 64


@dataclass(frozen=True, kw_only=True)
class ClusterView:
    """The clusters that one call may name; see `mcp_kubernetes.calls.Clusters`."""

    sources: Mapping[str, ClusterSource]
    identity: Identity
    session: Session | None
    waiting: Waiting

    async def list(self, source: str) -> Sequence[ClusterEntry]:
        """All clusters of that source."""
        return await self._source(source).list(self._access)

    async def current(self, source: str) -> ClusterEntry:
        """The session's choice, else the source's default."""
        chosen = self.session.clusters.get(source) if self.session else None
        return await self._source(source).get(chosen, self._access)

    async def get(self, source: str, name: str) -> ClusterEntry:
        """The cluster of that name."""
        return await self._source(source).get(name, self._access)

    async def choose(self, source: str, name: str) -> ClusterEntry:
        """Make `name` the session's choice, if it exists."""
        found = self._source(source)
        entry = await found.get(name, self._access)
        if self.session is None:
            raise ToolError(
                "This connection keeps no session to remember a choice.",
                hint=f"Pass {found.parameter} with each call instead.",
            )
        self.session.clusters[source] = entry.name
        return entry

    @property
    def _access(self) -> Access:
        return Access(identity=self.identity, waiting=self.waiting)

    def _source(self, name: str) -> ClusterSource:
        if name not in self.sources:
            raise UnknownCluster(f"This server has no clusters from {name}.")
        return self.sources[name]


@dataclass(kw_only=True)
class ClusterRegistry:
    """The sources in order, and the way from a call to a client."""

    sources: Mapping[str, ClusterSource]
    providers: Mapping[str, CredentialProvider]
    settings: KubernetesSettings
    policy: SafetyPolicy
    journal: Callable[[], Journal]
    user_agent: str
    mask_sensitive: bool
    mark_key: Callable[[], bytes]
    kinds: Sequence[KindProfile]
    rules: Sequence[FindingRule]
    streams: int | None
    _layer: KubernetesLayer | None = field(default=None, init=False)

    @property
    def all_parameters(self) -> tuple[Parameter, ...]:
        """As `parameters`, and those of sources without a choice: a URI always names its cluster."""
        return tuple(_parameter(each.parameter, each.description) for each in self.sources.values())

    @property
    def parameters(self) -> tuple[Parameter, ...]:
        """What the host puts into the schema of tools that work on a cluster."""
        return tuple(_parameter(each.parameter, each.description) for each in self.sources.values() if each.selectable)

    def view(self, identity: Identity, session: Session | None, deadline: float, report: Report) -> ClusterView:
        """The sources as a call sees them that waits until `deadline`; `report` tells its client how far they are."""
        waiting = Waiting(deadline=deadline, progress=report)
        return ClusterView(sources=self.sources, identity=identity, session=session, waiting=waiting)

    async def entry(self, call: ToolCall, arguments: Mapping[str, Any]) -> ClusterEntry:
        """The cluster of this call; noted when the caller did not name it."""
        given = [s for s in self.sources.values() if arguments.get(s.parameter) is not None]
        if len(given) > 1:
            names = " and ".join(source.parameter for source in given)
            raise InvalidArguments(f"{names} exclude each other.", hint="Give one of them.")
        if given:
            return await call.clusters.get(given[0].name, arguments[given[0].parameter])
        source = next(iter(self.sources.values()), None)
        if source is None:
            raise UnknownCluster("This server knows no cluster: no plugin offers a source of clusters.")
        entry = await call.clusters.current(source.name)
        call.notes.add("{source} {name} was used.", source=_LABELS.get(source.parameter, "Cluster"), name=entry.name)
        return entry

    async def client(self, entry: ClusterEntry, sealer: Sealer) -> Callable[[ToolCall], Cluster]:
        """What makes the guarded client of a call. The Kubernetes layer is imported here, in a thread, when needed."""
        layer = self._layer or await self._opened()
        provider = self.providers.get(provider_name(self.sources[entry.source], self.settings))
        return lambda call: layer.cluster(call, entry, provider, sealer)

    async def aclose(self) -> None:
        """Close all connections."""
        if self._layer is not None:
            await self._layer.aclose()

    async def _opened(self) -> KubernetesLayer:
        module = await asyncio.to_thread(load, "mcp_kubernetes.kube.layer")
        if self._layer is None:
            self._layer = module.KubernetesLayer.open(
                qps=self.settings.qps_limit,
                burst=self.settings.burst_limit,
                policy=self.policy,
                journal=self.journal(),
                user_agent=self.user_agent,
                mask_sensitive=self.mask_sensitive,
                mark_key=self.mark_key,
                kinds=self.kinds,
                rules=self.rules,
                streams=self.streams,
            )
        return cast("KubernetesLayer", self._layer)


_LABELS = {"kubeContext": "Context"}


@lru_cache(maxsize=_MOST_KEPT)
def _parameter(name: str, description: str) -> Parameter:
    """Of the same name and description it is the same, so that tools which have it keep their schema."""
    annotation = Annotated[str | None, Field(max_length=_MAX_NAME, description=description)]
    return Parameter(name, name, annotation, for_host=True)


def provider_name(source: ClusterSource, settings: KubernetesSettings) -> str:
    """Which credential provider serves the source: configuration's word, else the source's own."""
    return settings.credentials.get(source.name, source.credentials)


def ordered(sources: Sequence[ClusterSource], settings: KubernetesSettings) -> dict[str, ClusterSource]:
    """The sources by name in configured order. Raises ConfigError for a name that no plugin offers.

    Where nothing is configured, those that nobody signs in to come first: they are there because somebody named them.
    """
    by_name = {source.name: source for source in sources}
    missing = [name for name in settings.sources if name not in by_name]
    if missing:
        known = ", ".join(by_name) or "none"
        raise ConfigError(f"kubernetes.sources names {missing[0]!r}, but the sources are: {known}.")
    named = sorted(by_name, key=lambda name: bool(by_name[name].credentials))
    return {name: by_name[name] for name in settings.sources or named}


def check_providers(
    sources: Mapping[str, ClusterSource],
    providers: Mapping[str, CredentialProvider],
    settings: KubernetesSettings,
) -> None:
    """Raise ConfigError unless every source has its credential provider."""
    for source in sources.values():
        name = provider_name(source, settings)
        if name and name not in providers:
            raise ConfigError(f"The source {source.name!r} needs the credential provider {name!r}, which is missing.")
    unknown = set(settings.credentials) - set(sources)
    if unknown:
        raise ConfigError(f"kubernetes.credentials names {min(unknown)!r}, which is no source in use.")
