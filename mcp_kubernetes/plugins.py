"""Plugins: loaded one by one, each behind its own guard, asked for what they offer.

The typed face over pluggy. What one plugin does wrong costs that plugin, as a whole (half a plugin is worse
than none), and nobody else; unless configuration names it, or `strict` is on: then nothing starts without it.
"""

from __future__ import annotations

import inspect
import logging
import sys
from collections.abc import Iterable, Iterator, Mapping
from contextlib import AbstractAsyncContextManager, contextmanager, redirect_stdout
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import pluggy

from mcp_kubernetes import hookspecs
from mcp_kubernetes.arguments import COMMANDS, RESERVED, all_options, names
from mcp_kubernetes.candidates import HOST, Broken, Candidate, candidates, check
from mcp_kubernetes.errors import PluginError
from mcp_kubernetes.log import brief
from mcp_kubernetes.offers import Contribution, Owners, commands, contribution, names_of, unserved
from mcp_kubernetes.settings import HOST_SECTIONS, KubernetesSettings, PluginSettings, Settings
from mcp_kubernetes.spelling import did_you_mean

if TYPE_CHECKING:
    from mcp_kubernetes.commands import Command
    from mcp_kubernetes.views import AppView

_log = logging.getLogger(__name__)

Status = Literal["active", "disabled", "set aside"]

Lifespan = AbstractAsyncContextManager[None]


@dataclass(frozen=True, kw_only=True)
class PluginState:
    """What became of one plugin: `reason` says why it was set aside, `hooks` are those that it implements."""

    name: str
    distribution: str
    version: str
    status: Status
    reason: str = ""
    hooks: tuple[str, ...] = ()


class Plugins:
    """The plugins of one process, in the order in which they are asked: the host's, first-party, others."""

    def __init__(self, selection: PluginSettings, found: Iterable[Candidate]) -> None:
        """Nothing is imported yet; `load` does that."""
        self._strict = selection.strict
        self._plugins = [_Plugin(c, "disabled" if c.name in selection.disable else "active") for c in found]
        self._owners = Owners()
        self._owners.claim("the host", (("option", flag) for flag in RESERVED))
        self._owners.claim("the host", (("command", name) for name in COMMANDS))
        self._owners.claim("the host", names(all_options(HOST_SECTIONS).values()))

    @classmethod
    def load(cls, selection: PluginSettings, objects: Mapping[str, object] | None = None) -> Plugins:
        """Import the installed plugins, and the modules that `selection` names, and ask for their settings.

        `objects` are plugins by name that stand instead of the installed ones. Raises PluginError when a
        plugin that must work does not, and when two own one name.
        """
        plugins = cls(selection, candidates(selection, objects))
        for plugin in plugins._active():
            with plugins._guard(plugin):
                plugin.load()
                plugins._owners.claim(plugin.name, names(all_options(plugin.section).values()))
        return plugins

    @property
    def states(self) -> tuple[PluginState, ...]:
        """What became of each plugin."""
        return tuple(plugin.state for plugin in self._plugins)

    def active(self, name: str) -> bool:
        """Whether the plugin of that name is in use."""
        return any(plugin.name == name for plugin in self._active())

    def settings_models(self) -> dict[str, type[Settings]]:
        """The plugins' sections of the configuration, by the plugins' names."""
        return {name: model for plugin in self._active() for name, model in plugin.section.items()}

    def packages(self) -> dict[str, list[str]]:
        """The plugins in use, by the top-level package that their code is in; those of the host are left out."""
        found: dict[str, list[str]] = {}
        for plugin in self._active():
            if plugin.candidate.distribution != HOST:
                found.setdefault(plugin.package, []).append(plugin.name)
        return found

    def without_section(self) -> dict[str, str]:
        """Plugins that have no section in the configuration, and why, as the end of a sentence."""
        silent = {state.name: state for state in self.states if state.name not in self.settings_models()}
        return {name: _why_silent(state) for name, state in silent.items()}

    def commands(self) -> dict[str, Command]:
        """The commands that plugins bring, by name. Raises PluginError when a plugin that must work does not."""
        gathered: dict[str, Command] = {}
        for plugin in self._active():
            with self._guard(plugin):
                own = commands(plugin.ask)
                self._owners.claim(plugin.name, names_of(own))
                gathered |= {command.name: command for command in own}
        return gathered

    def contributions(self, sections: Mapping[str, Settings]) -> list[Contribution]:
        """Ask each plugin what it offers. `sections` are the validated ones, by the plugins' names.

        Raises PluginError when a plugin that must work does not.
        """
        gathered: list[Contribution] = []
        for plugin in self._active():
            with self._guard(plugin):
                own = plugin.contribution(sections.get(plugin.name))
                self._owners.claim(plugin.name, own.names())
                gathered.append(own)
        return self.in_use(gathered, sections)

    def in_use(self, gathered: Iterable[Contribution], sections: Mapping[str, Settings]) -> list[Contribution]:
        """What is left without the plugins that were set aside since, and without what cannot work without them.

        Raises PluginError when a plugin that must work does not.
        """
        left = [own for own in gathered if self.active(own.plugin)]
        settings = next(own for own in sections.values() if isinstance(own, KubernetesSettings))
        for name, reason in unserved(left, settings):
            self.set_aside(name, reason)
            return self.in_use(left, sections)
        return left

    def lifespans(self, sections: Mapping[str, Settings], app: AppView) -> list[tuple[str, Lifespan]]:
        """The plugins' names and lifespans, not yet entered. One that fails when entered: see `set_aside`.

        Raises PluginError when a plugin that must work does not.
        """
        gathered: list[tuple[str, Lifespan]] = []
        for plugin in self._active():
            with self._guard(plugin):
                gathered += [(plugin.name, own) for own in plugin.lifespans(sections.get(plugin.name), app)]
        return gathered

    def set_aside(self, name: str, reason: str, error: BaseException | None = None) -> None:
        """Go on without the plugin of that name, for a reason such as "its lifespan failed: OSError".

        Once is enough. Raises PluginError when configuration names the plugin, or nothing may be set aside.
        """
        for plugin in self._active():
            if plugin.name == name:
                self._set_aside(plugin, reason, error)

    def _set_aside(self, plugin: _Plugin, reason: str, error: BaseException | None) -> None:
        name, origin = plugin.name, plugin.candidate.origin
        plugin.status, plugin.reason = "set aside", reason
        if self._strict or plugin.candidate.required:
            raise PluginError(f"The plugin {name!r} ({origin}) cannot be used: {reason}.") from error
        _log.warning(
            "The plugin %r (%s) is set aside: %s; --disable-plugin %s leaves it out.", name, origin, reason, name
        )
        _log.debug("Why the plugin %r is set aside.", name, exc_info=error)

    def _active(self) -> list[_Plugin]:
        return [plugin for plugin in self._plugins if plugin.status == "active"]

    @contextmanager
    def _guard(self, plugin: _Plugin) -> Iterator[None]:
        """Whatever a plugin's code raises, SystemExit included, is the plugin's failure and not the host's.

        What it prints goes to stderr: stdout belongs to the protocol.
        """
        try:
            with redirect_stdout(sys.stderr):
                yield
        except KeyboardInterrupt:
            raise
        except Broken as error:
            self._set_aside(plugin, str(error), error.__cause__)
        except BaseException as error:  # noqa: BLE001 - a plugin may raise anything
            self._set_aside(plugin, f"{plugin.doing} failed: {brief(error)}{plugin.lacks(error)}", error)


@dataclass
class _Plugin:
    """One plugin on its way from candidate to contribution. `doing` says what is being tried with it."""

    candidate: Candidate
    status: Status
    reason: str = ""
    doing: str = "looking at it"
    hooks: _Hooks | None = None
    model: type[Settings] | None = None
    package: str = ""

    @property
    def name(self) -> str:
        return self.candidate.name

    @property
    def section(self) -> dict[str, type[Settings]]:
        return {self.name: self.model} if self.model else {}

    @property
    def state(self) -> PluginState:
        return PluginState(
            name=self.name,
            distribution=self.candidate.distribution,
            version=self.candidate.version,
            status=self.status,
            reason=self.reason,
            hooks=self.hooks.names if self.hooks else (),
        )

    def load(self) -> None:
        check(self.candidate)
        self.doing = "importing it"
        plugin = self.candidate.load()
        self.package = _module(plugin).partition(".")[0]
        self.doing = "registering its hooks"
        self.hooks = _Hooks(self.name, plugin() if inspect.isclass(plugin) else plugin)
        self.model = self._settings_model()

    def lacks(self, error: BaseException) -> str:
        """What is not installed and may be why; pip has looked after it, but it can be told not to."""
        if not isinstance(error, ImportError):
            return ""
        from mcp_kubernetes.requirements import unmet  # heavy, and seldom needed

        missing = unmet(self.candidate.requires)
        return f"; what it needs is not installed: pip install {' '.join(map(repr, missing))}" if missing else ""

    def contribution(self, settings: Settings | None) -> Contribution:
        return contribution(self.name, settings, lambda hook: self.ask(hook, settings=settings))

    def lifespans(self, settings: Settings | None, app: AppView) -> list[Lifespan]:
        found = self.ask("lifespan", settings=settings, app=app)
        if not all(isinstance(one, AbstractAsyncContextManager) for one in found):
            raise Broken("its hook lifespan returned no asynchronous context manager")
        return found

    def _settings_model(self) -> type[Settings] | None:
        models = self.ask("register_settings")
        if not all(inspect.isclass(model) and issubclass(model, Settings) for model in models):
            raise Broken("its hook register_settings returned no subclass of Settings")
        return models[0] if models else None

    def ask(self, hook: str, **arguments: Any) -> list[Any]:
        self.doing = f"its hook {hook}"
        return self.hooks.ask(hook, **arguments) if self.hooks else []


class _Hooks:
    """One plugin in a pluggy manager of its own, so that asking it concerns no other plugin."""

    def __init__(self, name: str, plugin: object) -> None:
        self._manager = pluggy.PluginManager(hookspecs.PROJECT)
        self._manager.add_hookspecs(hookspecs)
        known = list(vars(self._manager.hook))
        self._manager.register(plugin, name)
        callers = self._manager.get_hookcallers(plugin) or []
        self.names = tuple(sorted(caller.name for caller in callers))
        _check_hooks(callers, known)

    def ask(self, hook: str, **arguments: Any) -> list[Any]:
        """What the plugin's implementations of the hook return; None is left out."""
        returned: list[Any] = getattr(self._manager.hook, hook)(**arguments)
        return returned


def _check_hooks(callers: Iterable[pluggy.HookCaller], known: Iterable[str]) -> None:
    implementations = [each for caller in callers for each in caller.get_hookimpls()]
    if not implementations:
        raise Broken("it implements no hook: are its functions marked with hookimpl of mcp_kubernetes?")
    for caller in callers:
        if not caller.has_spec() and not all(each.optionalhook for each in caller.get_hookimpls()):
            raise Broken(f"there is no hook {caller.name}{did_you_mean(caller.name, known)}")
    for each in implementations:
        if inspect.iscoroutinefunction(each.function) or inspect.isasyncgenfunction(each.function):
            raise Broken(f"its hook {each.function.__name__} is asynchronous, and hooks are synchronous")


def _module(plugin: object) -> str:
    """The name of the module that the plugin is, or that its class comes from."""
    if inspect.ismodule(plugin):
        return plugin.__name__
    return (plugin if inspect.isclass(plugin) else type(plugin)).__module__


def _why_silent(state: PluginState) -> str:
    if state.status == "active":
        return "has no settings"
    return f"is {state.status}" + (f": {state.reason}" if state.reason else "")
