"""The App: a server without a transport. It owns everything that runs."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Self

from mcp_kubernetes import __version__
from mcp_kubernetes.background import Background
from mcp_kubernetes.composition import Composition, Ground
from mcp_kubernetes.conversation import NOBODY, Person
from mcp_kubernetes.errors import ConfigError
from mcp_kubernetes.instructions import instructions
from mcp_kubernetes.lifespans import Lifespans, NotStarted
from mcp_kubernetes.seal import Seal
from mcp_kubernetes.settings import LimitSettings, PluginSettings, ServerSettings, ToolSettings
from mcp_kubernetes.state.keys import KeyFile
from mcp_kubernetes.state.settings import StateSettings
from mcp_kubernetes.views import AppView, RegisteredTool
from mcp_kubernetes.watchdog import Watchdog

if TYPE_CHECKING:
    from mcp_kubernetes.auth import Authentication
    from mcp_kubernetes.calls import Session
    from mcp_kubernetes.config import Config
    from mcp_kubernetes.dispatch import Outcome
    from mcp_kubernetes.identity import Identity
    from mcp_kubernetes.limits import Turns
    from mcp_kubernetes.plugins import Plugins
    from mcp_kubernetes.reading import Prompts, Resources
    from mcp_kubernetes.state.guarded import GuardedStore
    from mcp_kubernetes.streams import StandardStreams
    from mcp_kubernetes.tools import Tool

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
        self._watchdog = Watchdog(plugins.packages())
        self._background = Background(self._watchdog, config.section(ToolSettings).background)
        self._lifespans = Lifespans(self._watchdog, config.section(PluginSettings).lifespan_timeout)
        limits = _limits(config)
        self._ground = Ground(
            config=config,
            seal=_seal(config),
            watchdog=self._watchdog,
            background=self._background,
            limits=limits,
            turns=_turns(limits),
        )
        self._contributions = plugins.contributions(config.sections)
        self._composed = Composition(self._ground, self._contributions)

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
        return self._composed.sorted_tools

    @property
    def visible_tools(self) -> Sequence[Tool]:
        """The tools that are listed and may be called, sorted by name."""
        return self._composed.visible_tools

    @property
    def resources(self) -> Resources:
        """The MCP resources that may be read, and what reads and completes them."""
        return self._composed.resources

    @property
    def prompts(self) -> Prompts:
        """The MCP prompts that may be got, and what writes and completes them."""
        return self._composed.prompts

    @property
    def authentication(self) -> Authentication:
        """Who has to sign in, for a transport over a network. Raises ConfigError."""
        return self._composed.authentication

    @property
    def store(self) -> GuardedStore:
        """Where what outlives a call is kept."""
        return self._composed.store

    @property
    def turns(self) -> Turns | None:
        """Fairness between users, where there may be several."""
        return self._ground.turns

    @property
    def view(self) -> AppView:
        """What plugins may see."""
        return AppView(version=__version__, tools=tuple(tool.name for tool in self.visible_tools))

    @property
    def instructions(self) -> str:
        """What MCP clients tell the model about this server."""
        hidden = {found.tool.name: found.hidden for found in self.tools if found.hidden}
        choices = [parameter.wire for parameter in self._composed.clusters.parameters]
        return instructions(self._composed.policy, hidden, choices=choices)

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
            await self._composed.clusters.aclose()
            await self._composed.store.aclose()
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
        return await self._composed.dispatcher.call(name, arguments, identity, session, person)

    async def serve(self, streams: StandardStreams | None = None, ending: Ending = lambda _, __: None) -> None:
        """Serve over the configured transport until its client ends it. Raises ConfigError.

        `streams` are standard input and output if they were claimed already; a transport may use them. `ending`
        is told when nobody is served any more, and the plugins are about to be stopped.
        """
        self.streams = streams
        self._ending = ending
        self._composed.transport()
        if not self._composed.tools:
            raise ConfigError('There are no tools to serve: install some, for example `pip install "mcp-kubernetes"`.')
        async with self:
            await self._composed.transport().serve(self)

    async def _start_lifespans(self) -> None:
        for name, lifespan in self.plugins.lifespans(self.config.sections, self.view):
            try:
                await self._lifespans.start(name, lifespan)
            except NotStarted as error:
                self.plugins.set_aside(name, str(error), error.__cause__)

    def _withdraw_inactive(self) -> None:
        """Compose again without what the plugins offered that were set aside since."""
        left = self.plugins.in_use(self._contributions, self.config.sections)
        if len(left) != len(self._contributions):
            self._contributions = left
            self._composed = Composition(self._ground, left)


def _seal(config: Config) -> Seal:
    key_file = config.section(StateSettings).key_file
    return Seal(KeyFile(key_file)) if key_file else Seal.fresh()


def _limits(config: Config) -> LimitSettings | None:
    is_shared = config.section(ServerSettings).transport == LimitSettings.only_over
    return config.section(LimitSettings) if is_shared else None


def _turns(limits: LimitSettings | None) -> Turns | None:
    if limits is None:
        return None
    from mcp_kubernetes.limits import Turns  # not needed by a server with a single user

    return Turns(limits)
