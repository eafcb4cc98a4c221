"""Which plugins there are, before any of their code runs: found, named, and nobody's name taken."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from importlib.metadata import EntryPoint, entry_points

from mcp_kubernetes import __version__
from mcp_kubernetes.errors import PluginError
from mcp_kubernetes.hookspecs import PROJECT
from mcp_kubernetes.settings import HOST_SECTIONS, PluginSettings
from mcp_kubernetes.spelling import did_you_mean

HOST = "mcp-kubernetes"
"""The host's own distribution. A first-party plugin's is this, a hyphen, and the plugin's name."""

FIRST_PARTY = frozenset(
    {
        "resources",
        "pods",
        "contexts",
        "cluster",
        "telemetry",
        "oauth",
        "capi",
        "sso",
        "valkey",
        "snapshot",
        "testing",
    }
)
"""Plugin names that belong to this project's distributions, whether they are installed or not."""

COMMANDS = {"demo": "snapshot", "snapshot": "snapshot"}
"""Commands of this project's own plugins, and which of them brings each, whether it is installed or not."""

OWN = {
    "http": "mcp_kubernetes.transports.http",
    "state": "mcp_kubernetes.state",
    "transports": "mcp_kubernetes.transports",
}
"""The host's internal plugins and their modules: always there, asked first."""

_NAME = re.compile(r"[a-z][a-z0-9]*(_[a-z0-9]+)*")


class Broken(Exception):
    """A plugin does not keep to the rules. The text ends the sentence "The plugin is set aside: …"."""


@dataclass(frozen=True, kw_only=True)
class Candidate:
    """A plugin that has been found and not imported.

    `load` imports it. `origin` says where it was found: a distribution, a module, an object. `required` is
    one that configuration names, so that it may not fail. Candidates sort into the order in which plugins
    are asked: the host's own, first-party, others, each by name.
    """

    name: str
    origin: str
    load: Callable[[], object]
    distribution: str = ""
    version: str = ""
    requires: tuple[str, ...] = ()
    module: str = ""
    required: bool = False

    @property
    def first_party(self) -> bool:
        """Whether one of this project's own distributions brings it."""
        return self.name in FIRST_PARTY and self.distribution == f"{HOST}-{self.name}"

    @property
    def order(self) -> tuple[bool, bool, str]:
        """Sort key. Installation order never carries a meaning."""
        return (self.distribution != HOST, not self.first_party, self.name)


def candidates(selection: PluginSettings, objects: Mapping[str, object] | None = None) -> list[Candidate]:
    """The plugins to choose from, in the order in which they are asked.

    They are the installed ones and the modules that configuration names. With `objects`, these stand instead
    of the installed ones. Disabled ones are among them. Raises PluginError when a name is taken twice, taken
    from its owner, or named by configuration without being there.
    """
    found = _installed(selection) if objects is None else [_given(*item) for item in objects.items()]
    known = {candidate.module for candidate in found}
    modules = [_named(module) for module in dict.fromkeys(selection.modules) if module not in known]
    everything = [*map(_own, OWN), *found, *modules]
    _refuse_strangers(everything)
    _refuse_clashes(candidate for candidate in everything if candidate.name not in selection.disable)
    _refuse_missing(selection, {candidate.name for candidate in everything})
    return sorted(everything, key=lambda candidate: candidate.order)


def check(candidate: Candidate) -> None:
    """Raise Broken for a plugin that this host cannot take, whatever its code is."""
    if not _NAME.fullmatch(candidate.name):
        raise Broken("its name is not made of lower-case words, digits and single underscores")
    if not candidate.requires or (candidate.first_party and candidate.version == __version__):
        return
    from mcp_kubernetes.requirements import misfit  # heavy, and not needed by our own plugins

    for text in candidate.requires:
        if problem := misfit(text, HOST, __version__):
            raise Broken(problem)


def _installed(selection: PluginSettings) -> list[Candidate]:
    return [_of(entry_point, selection) for entry_point in entry_points(group=PROJECT)]


def _of(entry_point: EntryPoint, selection: PluginSettings) -> Candidate:
    distribution = entry_point.dist
    name = _normalized(distribution.name or "unknown") if distribution else "unknown"
    return Candidate(
        name=entry_point.name,
        origin=f"distribution {name}",
        load=entry_point.load,
        distribution=name,
        version=distribution.version or "" if distribution else "",
        requires=tuple(distribution.requires or ()) if distribution else (),
        module=entry_point.value,
        required=entry_point.name in selection.require or entry_point.value in selection.modules,
    )


def _normalized(name: str) -> str:
    """The one spelling of a distribution's name (PEP 503)."""
    return re.sub(r"[-_.]+", "-", name).lower()


def _named(module: str) -> Candidate:
    name = module.replace(".", "_").lower()
    imported = partial(import_module, module)
    return Candidate(name=name, origin=f"module {module}", load=imported, module=module, required=True)


def _given(name: str, plugin: object) -> Candidate:
    return Candidate(name=name, origin="given object", load=lambda: plugin, required=True)


def _own(name: str) -> Candidate:
    imported = partial(import_module, OWN[name])
    return Candidate(name=name, origin=f"distribution {HOST}", load=imported, distribution=HOST, required=True)


def _refuse_strangers(everything: Iterable[Candidate]) -> None:
    for candidate in everything:
        name = candidate.name
        if name in HOST_SECTIONS or (name in OWN and candidate.distribution != HOST):
            raise PluginError(
                f"The {candidate.origin} offers a plugin {name!r}: that name is the host's own; uninstall it."
            )
        if name in FIRST_PARTY and candidate.origin != "given object" and not candidate.first_party:
            raise PluginError(
                f"The {candidate.origin} offers a plugin {name!r}: that name belongs to {HOST}-{name}; uninstall it."
            )


def _refuse_clashes(enabled: Iterable[Candidate]) -> None:
    plugins = list(enabled)
    counts = Counter(candidate.name for candidate in plugins)
    for name in sorted(name for name, count in counts.items() if count > 1):
        owners = " and ".join(sorted(f"the {c.origin}" for c in plugins if c.name == name))
        raise PluginError(f"The plugin name {name!r} is offered by {owners}: uninstall or disable one.")


def _refuse_missing(selection: PluginSettings, names: set[str]) -> None:
    if own := sorted({*selection.disable} & OWN.keys()):
        raise PluginError(f"The plugin {own[0]!r} is the host's own and cannot be disabled.")
    if both := sorted({*selection.require} & {*selection.disable}):
        raise PluginError(f"The plugin {both[0]!r} is both required and disabled.")
    for name in sorted({*selection.require} - names):
        way = f"; {HOST}-{name} brings it" if name in FIRST_PARTY else did_you_mean(name, names)
        raise PluginError(f"The plugin {name!r} is required, but not installed{way}.")
    for name in sorted({*selection.disable} - names - FIRST_PARTY):
        raise PluginError(f"There is no plugin {name!r} to disable{did_you_mean(name, names)}.")
