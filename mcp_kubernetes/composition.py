"""From configuration and what the plugins offer to tools, clusters, and the way that a call takes."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import TYPE_CHECKING, TypeVar

from mcp_kubernetes import __version__
from mcp_kubernetes.admission import SIZE, Admission, run_handler
from mcp_kubernetes.audit import audited
from mcp_kubernetes.auth import Authentication
from mcp_kubernetes.clusters import ClusterRegistry, check_providers, ordered
from mcp_kubernetes.conversation import Conversations, conversing
from mcp_kubernetes.dispatch import Dispatcher
from mcp_kubernetes.errors import ConfigError
from mcp_kubernetes.output import shape
from mcp_kubernetes.pipeline import Proceed, Stage, Step, compose, contained
from mcp_kubernetes.reading import Completer, Prompts, Resources, served
from mcp_kubernetes.safety import SafetyPolicy
from mcp_kubernetes.settings import (
    AuthSettings,
    KubernetesSettings,
    LimitSettings,
    OutputSettings,
    SafetySettings,
    ServerSettings,
    ToolSettings,
)
from mcp_kubernetes.state.guarded import chosen
from mcp_kubernetes.state.settings import StateSettings
from mcp_kubernetes.views import RegisteredTool

if TYPE_CHECKING:
    from mcp_kubernetes.background import Background
    from mcp_kubernetes.config import Config
    from mcp_kubernetes.journal import Journal
    from mcp_kubernetes.limits import Turns
    from mcp_kubernetes.offers import Contribution
    from mcp_kubernetes.seal import Seal
    from mcp_kubernetes.tools import Tool
    from mcp_kubernetes.transports import Transport
    from mcp_kubernetes.watchdog import Watchdog

Offered = TypeVar("Offered")


@dataclass(frozen=True, kw_only=True)
class Ground:
    """What stays when an app is composed again. `limits` and `turns` are those between users, where there are any."""

    config: Config
    seal: Seal
    watchdog: Watchdog
    background: Background
    limits: LimitSettings | None
    turns: Turns | None


class Composition:
    """What the plugins in use come to.

    Raises ConfigError from the constructor when configuration asks for what none of them offers.
    """

    def __init__(self, ground: Ground, contributions: Sequence[Contribution]) -> None:
        self._ground = ground
        self._contributions = contributions
        self._config = ground.config
        self.store = chosen(self._all(lambda c: c.stores), self._config.section(StateSettings))
        self.policy = SafetyPolicy.of(
            self._config.section(SafetySettings), self._config.section(ServerSettings).transport
        )
        self.clusters = self._cluster_registry()
        self.tools = {tool.name: self._registered(tool, c) for c in contributions for tool in c.tools}
        templates = served(self._all(lambda c: c.templates), self.policy, self.clusters)
        prompts = served(self._all(lambda c: c.prompts), self.policy, self.clusters)
        self.dispatcher = self._dispatching()
        self.resources = Resources(templates=templates, completer=self.completer)
        self.prompts = Prompts(offered=prompts, completer=self.completer)

    @property
    def sorted_tools(self) -> Sequence[RegisteredTool]:
        """All tools, sorted by name, hidden ones included."""
        return tuple(self.tools[name] for name in sorted(self.tools))

    @property
    def visible_tools(self) -> Sequence[Tool]:
        """The tools that are listed and may be called, sorted by name."""
        return tuple(found.tool for found in self.sorted_tools if not found.hidden)

    @cached_property
    def completer(self) -> Completer:
        """What reads and completes, in the first source of clusters."""
        source = next(iter(self.clusters.sources.values()), None)
        return Completer(
            dispatcher=self.dispatcher,
            source=source.name if source else "",
            parameter=source.parameter if source else "",
        )

    @property
    def authentication(self) -> Authentication:
        """Who has to sign in, for a transport over a network. Raises ConfigError."""
        return Authentication.of(self._all(lambda c: c.auth_providers), self._config.section(AuthSettings).providers)

    def transport(self) -> Transport:
        """The one that configuration wants. Raises ConfigError."""
        wanted = self._config.section(ServerSettings).transport
        known = {transport.name: transport for transport in self._all(lambda c: c.transports)}
        if wanted not in known:
            raise ConfigError(f"There is no transport {wanted!r}; there are: {', '.join(known)}.")
        return known[wanted]

    def _all(self, kind: Callable[[Contribution], Iterable[Offered]]) -> list[Offered]:
        return [offered for contribution in self._contributions for offered in kind(contribution)]

    def _cluster_registry(self) -> ClusterRegistry:
        settings = self._config.section(KubernetesSettings)
        sources = ordered(self._all(lambda c: c.sources), settings)
        providers = {provider.name: provider for provider in self._all(lambda c: c.providers)}
        check_providers(sources, providers, settings)
        limits = self._ground.limits
        return ClusterRegistry(
            sources=sources,
            providers=providers,
            settings=settings,
            policy=self.policy,
            journal=self._journal,
            user_agent=f"mcp-kubernetes/{__version__}",
            mask_sensitive=self._config.section(SafetySettings).mask_sensitive,
            mark_key=partial(self._ground.seal.derived, "masks"),
            kinds=self._all(lambda c: c.kinds),
            rules=self._all(lambda c: c.findings),
            streams=limits.streams if limits else None,
        )

    def _journal(self) -> Journal:
        """Made with the Kubernetes layer, and not before: it loads what start-up does not need."""
        from mcp_kubernetes.journal import Journal

        safety = self._config.section(SafetySettings)
        return Journal(store=self.store, seal=self._ground.seal, ttl=safety.undo_seconds, max_bytes=safety.undo_bytes)

    def _registered(self, tool: Tool, contribution: Contribution) -> RegisteredTool:
        injected = (
            *(self.clusters.parameters if tool.clustered else ()),
            *((SIZE,) if tool.max_bytes else ()),
        )
        return RegisteredTool(
            tool=replace(tool, injected=injected),
            plugin=contribution.plugin,
            hidden=self.policy.refusal(tool),
        )

    def _dispatching(self) -> Dispatcher:
        settings = self._config.section(ToolSettings)
        return Dispatcher(
            tools={tool.name: tool for tool in self.visible_tools},
            plugins=self._plugins_by_tool(),
            watchdog=self._ground.watchdog,
            proceed=self._pipeline(),
            clusters=self.clusters,
            background=self._ground.background,
            conversations=self._conversations(),
            timeout=settings.timeout,
            max_call=settings.max_call,
            max_bytes=self._config.section(OutputSettings).max_bytes,
        )

    def _plugins_by_tool(self) -> Mapping[str, str]:
        hidden = {tool.name: c.plugin for c in self._contributions for tool in c.hidden_tools}
        return {name: found.plugin for name, found in self.tools.items()} | hidden

    def _conversations(self) -> Conversations:
        confirm = self._config.section(SafetySettings).confirm == "destructive"
        return Conversations(seal=self._ground.seal, store=self.store, confirm=confirm)

    def _pipeline(self) -> Proceed:
        middleware = self._all(lambda c: c.middleware)
        turns = self._ground.turns
        steps: list[Step] = [
            audited,
            contained,
            *(m for m in middleware if m.stage is Stage.OBSERVE),
            *([turns] if turns else []),
            shape,
            Admission(policy=self.policy, clusters=self.clusters, seal=self._ground.seal),
            *(m for m in middleware if m.stage is Stage.ADMIT),
            conversing,
        ]
        return compose(steps, run_handler)
