"""The App: plugins and configuration composed into tools, a pipeline and clusters. It owns everything that runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, Self

from mcp_kubernetes import __version__
from mcp_kubernetes.admission import SIZE, Admission, run_handler
from mcp_kubernetes.audit import audited
from mcp_kubernetes.auth import Authentication
from mcp_kubernetes.background import Background
from mcp_kubernetes.clusters import ClusterRegistry, check_providers, ordered
from mcp_kubernetes.conversation import NOBODY, Conversations, Person, conversing
from mcp_kubernetes.dispatch import Dispatcher, Outcome
from mcp_kubernetes.errors import ConfigError
from mcp_kubernetes.instructions import instructions
from mcp_kubernetes.lifespans import Lifespans, NotStarted
from mcp_kubernetes.output import shape
from mcp_kubernetes.pipeline import Proceed, Stage, Step, compose, contained
from mcp_kubernetes.reading import Completer, Prompts, Resources, served
from mcp_kubernetes.safety import SafetyPolicy
from mcp_kubernetes.seal import Seal
from mcp_kubernetes.settings import (
    AuthSettings,
    KubernetesSettings,
    LimitSettings,
    OutputSettings,
    PluginSettings,
    SafetySettings,
    ServerSettings,
    ToolSettings,
)
from mcp_kubernetes.state.guarded import GuardedStore, chosen
from mcp_kubernetes.state.keys import KeyFile
from mcp_kubernetes.state.settings import StateSettings
from mcp_kubernetes.tools import Tool
from mcp_kubernetes.views import AppView, RegisteredTool
from mcp_kubernetes.watchdog import Watchdog

if TYPE_CHECKING:
    from mcp_kubernetes.calls import Session
    from mcp_kubernetes.config import Config
    from mcp_kubernetes.identity import Identity
    from mcp_kubernetes.journal import Journal
    from mcp_kubernetes.limits import Turns
    from mcp_kubernetes.offers import Contribution
    from mcp_kubernetes.plugins import Plugins
    from mcp_kubernetes.streams import StandardStreams
    from mcp_kubernetes.transports import Transport

Ending = Callable[[float, BaseException | None], object]
"""Told the seconds that the plugins have to stop, and the error that ends the server, if one does."""


class App:
    """A server without a transport. Enter it to start the plugins' lifespans; then call tools.

    Raises ConfigError from the constructor when configuration asks for what no plugin offers.
    """

    def __init__(self, config: Config, plugins: Plugins) -> None:
        self.config = config
        self.plugins = plugins
        self.streams: StandardStreams | None = None
        self._ending: Ending = lambda _, __: None
        self._contributions = plugins.contributions(config.sections)
        key_file = config.section(StateSettings).key_file
        self._seal = Seal(KeyFile(key_file)) if key_file else Seal.fresh()
        self._watchdog = Watchdog(plugins.packages())
        self._background = Background(self._watchdog, config.section(ToolSettings).background)
        self._lifespans = Lifespans(self._watchdog, config.section(PluginSettings).lifespan_timeout)
        is_shared = config.section(ServerSettings).transport == LimitSettings.only_over
        self._limits = config.section(LimitSettings) if is_shared else None
        self.turns = self._fair()
        self._compose()

    @classmethod
    def of(cls, settings: Mapping[str, Mapping[str, Any]], plugins: Mapping[str, object] | None = None) -> Self:
        """An app for a program that embeds the server: settings by section, and plugins by name.

        Without `plugins`, the installed ones are loaded. Raises ConfigError.
        """
        from mcp_kubernetes.config import Config
        from mcp_kubernetes.plugins import Plugins

        selection = PluginSettings(**settings.get("plugins", {}))
        loaded = Plugins.load(selection, plugins)
        return cls(Config.of(settings, loaded.settings_models()), loaded)

    @property
    def tools(self) -> Sequence[RegisteredTool]:
        """All tools, sorted by name, hidden ones included."""
        return tuple(self._tools[name] for name in sorted(self._tools))

    @property
    def visible_tools(self) -> Sequence[Tool]:
        """The tools that are listed and may be called, sorted by name."""
        return tuple(found.tool for found in self.tools if not found.hidden)

    @property
    def resources(self) -> Resources:
        """The MCP resources that may be read, and what reads and completes them."""
        return Resources(templates=self._templates, completer=self._completer)

    @property
    def prompts(self) -> Prompts:
        """The MCP prompts that may be got, and what writes and completes them."""
        return Prompts(offered=self._prompts, completer=self._completer)

    @property
    def _completer(self) -> Completer:
        source = next(iter(self._clusters.sources.values()), None)
        return Completer(
            dispatcher=self._dispatcher,
            source=source.name if source else "",
            parameter=source.parameter if source else "",
        )

    @property
    def authentication(self) -> Authentication:
        """Who has to sign in, for a transport over a network. Raises ConfigError."""
        offered = [provider for c in self._contributions for provider in c.auth_providers]
        return Authentication.of(offered, self.config.section(AuthSettings).providers)

    @property
    def store(self) -> GuardedStore:
        """Where what outlives a call is kept."""
        return self._store

    @property
    def view(self) -> AppView:
        """What plugins may see."""
        return AppView(version=__version__, tools=tuple(tool.name for tool in self.visible_tools))

    @property
    def instructions(self) -> str:
        """What MCP clients tell the model about this server."""
        hidden = {found.tool.name: found.hidden for found in self.tools if found.hidden}
        return instructions(self._policy, hidden, choices=[each.wire for each in self._clusters.parameters])

    async def __aenter__(self) -> Self:
        """Start the plugins' lifespans; a plugin whose lifespan fails is set aside with all that it offers."""
        self._watchdog.start()
        try:
            await self._start_lifespans()
            self._withdraw_inactive()
        except BaseException as error:
            await self.__aexit__(type(error), error)
            raise
        return self

    async def __aexit__(self, _: object = None, error: BaseException | None = None, __: object = None) -> None:
        """Stop what outlived its call, then the lifespans in reverse order, and close all connections."""
        self._ending(self._background.longest_end + self._lifespans.longest_end, error)
        try:
            await self._background.stop()
            await self._lifespans.stop()
            await self._clusters.aclose()
            await self._store.aclose()
        finally:
            self._watchdog.stop()

    async def call(
        self,
        name: str,
        arguments: Mapping[str, Any],
        *,
        identity: Identity,
        session: Session | None,
        person: Person = NOBODY,
    ) -> Outcome:
        """Call a tool. Raises UnknownTool and InvalidState; every other failure is an outcome with a sentence.

        Where `person` has to be asked first, the outcome has a question: call again, with their reply to it.
        """
        return await self._dispatcher.call(name, arguments, identity, session, person)

    async def serve(self, streams: StandardStreams | None = None, ending: Ending = lambda _, __: None) -> None:
        """Serve over the configured transport until its client ends it. Raises ConfigError.

        `streams` are standard input and output if they were claimed already; a transport may use them. `ending`
        is told when nobody is served any more, and the plugins are about to be stopped.
        """
        self.streams = streams
        self._ending = ending
        self._transport()
        if not self._tools:
            raise ConfigError('There are no tools to serve: install some, for example `pip install "mcp-kubernetes"`.')
        async with self:
            await self._transport().serve(self)

    async def _start_lifespans(self) -> None:
        for name, lifespan in self.plugins.lifespans(self.config.sections, self.view):
            try:
                await self._lifespans.start(name, lifespan)
            except NotStarted as error:
                self.plugins.set_aside(name, str(error), error.__cause__)

    def _compose(self) -> None:
        """Put together what the plugins in use offer."""
        self._store = chosen([s for c in self._contributions for s in c.stores], self.config.section(StateSettings))
        kubernetes = self.config.section(KubernetesSettings)
        self._policy = SafetyPolicy.of(
            self.config.section(SafetySettings), self.config.section(ServerSettings).transport
        )
        sources = ordered([s for c in self._contributions for s in c.sources], kubernetes)
        providers = {p.name: p for c in self._contributions for p in c.providers}
        check_providers(sources, providers, kubernetes)
        self._clusters = ClusterRegistry(
            sources=sources,
            providers=providers,
            settings=kubernetes,
            policy=self._policy,
            journal=self._journal,
            user_agent=f"mcp-kubernetes/{__version__}",
            mask_sensitive=self.config.section(SafetySettings).mask_sensitive,
            mark_key=partial(self._seal.derived, "masks"),
            kinds=[profile for c in self._contributions for profile in c.kinds],
            rules=[rule for c in self._contributions for rule in c.findings],
            streams=self._limits.streams if self._limits else None,
        )
        self._tools = {tool.name: self._registered(tool, c) for c in self._contributions for tool in c.tools}
        self._templates = served((t for c in self._contributions for t in c.templates), self._policy, self._clusters)
        self._prompts = served((p for c in self._contributions for p in c.prompts), self._policy, self._clusters)
        hidden = {tool.name: c.plugin for c in self._contributions for tool in c.hidden_tools}
        self._dispatcher = Dispatcher(
            tools={tool.name: tool for tool in self.visible_tools},
            plugins={found.tool.name: found.plugin for found in self.tools} | hidden,
            watchdog=self._watchdog,
            proceed=self._pipeline(),
            clusters=self._clusters,
            background=self._background,
            conversations=self._conversations(),
            timeout=self.config.section(ToolSettings).timeout,
            max_call=self.config.section(ToolSettings).max_call,
            max_bytes=self.config.section(OutputSettings).max_bytes,
        )

    def _journal(self) -> Journal:
        """Made with the Kubernetes layer, and not before: it loads what start-up does not need."""
        from mcp_kubernetes.journal import Journal

        safety = self.config.section(SafetySettings)
        return Journal(store=self._store, seal=self._seal, ttl=safety.undo_seconds, max_bytes=safety.undo_bytes)

    def _conversations(self) -> Conversations:
        confirm = self.config.section(SafetySettings).confirm == "destructive"
        return Conversations(seal=self._seal, store=self._store, confirm=confirm)

    def _registered(self, tool: Tool, contribution: Contribution) -> RegisteredTool:
        injected = (
            *(self._clusters.parameters if tool.clustered else ()),
            *((SIZE,) if tool.max_bytes else ()),
        )
        return RegisteredTool(
            tool=replace(tool, injected=injected),
            plugin=contribution.plugin,
            hidden=self._policy.refusal(tool),
        )

    def _pipeline(self) -> Proceed:
        middleware = [m for c in self._contributions for m in c.middleware]
        admission = Admission(policy=self._policy, clusters=self._clusters, seal=self._seal)
        steps: list[Step] = [
            audited,
            contained,
            *(m for m in middleware if m.stage is Stage.OBSERVE),
            *([self.turns] if self.turns else []),
            shape,
            admission,
            *(m for m in middleware if m.stage is Stage.ADMIT),
            conversing,
        ]
        return compose(steps, run_handler)

    def _fair(self) -> Turns | None:
        """Fairness between users, where there may be several."""
        if self._limits is None:
            return None
        from mcp_kubernetes.limits import Turns

        return Turns(self._limits)

    def _withdraw_inactive(self) -> None:
        """Compose again without what the plugins offered that were set aside since."""
        left = self.plugins.in_use(self._contributions, self.config.sections)
        if len(left) != len(self._contributions):
            self._contributions = left
            self._compose()

    def _transport(self) -> Transport:
        wanted = self.config.section(ServerSettings).transport
        known = {t.name: t for c in self._contributions for t in c.transports}
        if wanted not in known:
            raise ConfigError(f"There is no transport {wanted!r}; there are: {', '.join(known)}.")
        return known[wanted]
