"""Configuration: flag over variable over file over default, validated, frozen, each value with its origin.

dynaconf loads a file and merges variables on top; pydantic validates. Reading has two phases, because plugins
bring options: a `Draft` knows the host's, which say what to load; with the plugins' settings it is completed.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, TypeVar

from mcp_kubernetes.arguments import CONFIG, PREFIX, Key, Option, all_options, parse
from mcp_kubernetes.errors import ConfigError
from mcp_kubernetes.settings import HOST_SECTIONS, Settings
from mcp_kubernetes.spelling import did_you_mean
from mcp_kubernetes.validation import Given, refuse_unknown, refuse_without_effect, validated

S = TypeVar("S", bound=Settings)

Models = Mapping[str, type[Settings]]
"""Sections of the configuration, by name."""

_FILE_VARIABLE = f"{PREFIX}CONFIG"
_SUFFIXES = (".toml", ".yaml", ".yml")


@dataclass(frozen=True, kw_only=True)
class Config:
    """The whole configuration.

    `origins` names the flag, variable or file that gave a value. `unusable` are plugins whose section must be
    filled and is not, with the reason: they have no section here, and are to be set aside.
    """

    sections: Mapping[str, Settings]
    origins: Mapping[Key, str] = field(default_factory=dict)
    unusable: Mapping[str, str] = field(default_factory=dict)

    def section(self, model: type[S]) -> S:
        """The section that `model` declares. Raises LookupError when there is none."""
        for section in self.sections.values():
            if type(section) is model:
                return section
        raise LookupError(model.__name__)

    def origin(self, section: str, key: str) -> str:
        """Where a value comes from, such as "flag --debug", "file /etc/x.toml" or "default"."""
        return self.origins.get((section, key), "default")

    @classmethod
    def of(cls, values: Mapping[str, Mapping[str, Any]], plugins: Models | None = None) -> Config:
        """A configuration from values by section, for programs that embed the server. Raises ConfigError."""
        origins = {(section, key): "values given" for section, keys in values.items() for key in keys}
        return _checked(Given(values=values, origins=origins), {**HOST_SECTIONS, **(plugins or {})}, {})


class Draft:
    """What command line, variables and file say, before it is known which plugins there are.

    `bare` are those flags of the command that were given and that are no settings.
    """

    def __init__(
        self, arguments: Sequence[str], environ: Mapping[str, str], bare: Mapping[str, str] | None = None
    ) -> None:
        """`bare`: the command's flags that are no settings, with their help. Raises ConfigError."""
        self._arguments = arguments
        self._environ = environ
        self._bare = bare or {}
        early = parse(arguments, all_options(HOST_SECTIONS).values(), bare=self._bare, complete=False)
        self.bare = early.bare
        self._file = _file(early.config, environ.get(_FILE_VARIABLE))

    def section(self, model: type[S]) -> S:
        """A section of the host, read before the plugins are known. Raises ConfigError."""
        wanted = {name: own for name, own in HOST_SECTIONS.items() if own is model}
        sections, _ = validated(self._given(HOST_SECTIONS, complete=False), wanted)
        return Config(sections=sections).section(model)

    def complete(self, plugins: Models, absent: Mapping[str, str] | None = None) -> Config:
        """Read everything, now with the plugins' sections, and validate it.

        `absent` says of plugins that have no section why, such as "is disabled". Raises UsageError for the
        command line, and ConfigError for what cannot be honoured.
        """
        models = {**HOST_SECTIONS, **plugins}
        given = self._given(models, complete=True)
        _refuse_unknown_variables(self._environ, models, absent or {})
        return _checked(given, models, absent or {})

    def _given(self, models: Models, *, complete: bool) -> Given:
        known = all_options(models)
        variables = dict(_variables(known, self._environ))
        flags = parse(self._arguments, known.values(), bare=self._bare, complete=complete).settings
        values = _merged(self._file, {key: value for key, (value, _) in variables.items()})
        origins = {(name, key): f"file {self._file}" for name, keys in values.items() for key in keys}
        origins |= {key: f"variable {name}" for key, (_, name) in variables.items()}
        for (section, key), texts in flags.items():
            option = known[section, key]
            origins[section, key] = f"flag {option.flag}"
            values.setdefault(section, {})[key] = _structured(option, texts, origins[section, key])
        return Given(values=values, origins=origins)


def _checked(given: Given, models: Models, absent: Mapping[str, str]) -> Config:
    refuse_unknown(given, models, absent)
    sections, unusable = validated(given, models)
    refuse_without_effect(sections, given)
    return Config(sections=MappingProxyType(sections), origins=MappingProxyType(dict(given.origins)), unusable=unusable)


def _variables(known: Mapping[Key, Option], environ: Mapping[str, str]) -> Iterator[tuple[Key, tuple[Any, str]]]:
    """Value and name of each variable that is set. Of two names for one setting, the first counts."""
    for key, option in known.items():
        if name := next((name for name in option.variables if name in environ), None):
            yield key, (_structured(option, option.split(environ[name]), f"variable {name}"), name)


def _structured(option: Option, texts: Sequence[str], origin: str) -> Any:
    try:
        return option.parse(texts)
    except ValueError as error:
        raise ConfigError(f"{origin[0].upper()}{origin[1:]}: {option.section}.{option.key}: {error}.") from None


def _refuse_unknown_variables(environ: Mapping[str, str], models: Models, absent: Mapping[str, str]) -> None:
    """Kubernetes injects variables with our prefix, but never with a double underscore behind it."""
    known = {name for option in all_options(models).values() for name in option.variables}
    for name in sorted(environ.keys() - known):
        section, parted, key = name.removeprefix(PREFIX).lower().partition("__")
        if not name.startswith(PREFIX) or not parted or not section:
            continue
        if section not in models:
            refuse_unknown(
                Given(values={section: {key: ""}}, origins={(section, key): f"variable {name}"}),
                models,
                absent,
            )
        near = did_you_mean(name, (each for each in known if each.startswith(f"{PREFIX}{section.upper()}__")))
        raise ConfigError(f"There is no variable {name}{near}.")


def _file(flag: str | None, variable: str | None) -> Path | None:
    """The file that is named, once it has been read as text: dynaconf would pass over one that cannot be."""
    named, origin = (flag, f"flag {CONFIG}") if flag is not None else (variable, f"variable {_FILE_VARIABLE}")
    if named is None:
        return None
    path = Path(named).absolute()
    if path.suffix not in _SUFFIXES:
        raise ConfigError(f"The file {path} ({origin}) is named neither .toml nor .yaml.")
    try:
        path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8"
        raise ConfigError(f"The file {path} ({origin}) cannot be read: {reason}.") from error
    return path


def _merged(file: Path | None, variables: Mapping[Key, Any]) -> dict[str, dict[str, Any]]:
    """The values of a file with those of variables on top, by section.

    Without a file there is nothing to merge, and dynaconf is not even imported: it costs 60 ms of start-up.
    """
    values: dict[str, dict[str, Any]] = {}
    if file is None:
        for (section, key), value in variables.items():
            values.setdefault(section, {})[key] = value
        return values
    with _without_dynaconf_variables():
        return _merged_by_dynaconf(file, variables)


def _merged_by_dynaconf(file: Path, variables: Mapping[Key, Any]) -> dict[str, dict[str, Any]]:
    """One loader for one file, and each variable set by its key, so that it replaces.

    Left to itself, dynaconf would load files beside this one, too, and append lists.
    """
    from dynaconf import Dynaconf  # type: ignore[import-untyped]
    from dynaconf.loaders import toml_loader, yaml_loader  # type: ignore[import-untyped]

    sections = {section for section, _ in variables}

    def vet(data: dict[str, Any]) -> dict[str, Any]:
        sections.update(_sections(data, file))
        return data

    settings = Dynaconf(**_PLAIN, filter_strategy=vet)
    loader = toml_loader if file.suffix == ".toml" else yaml_loader
    try:
        loader.load(settings, filename=[str(file)], silent=False)
    except ConfigError:
        raise
    except Exception as error:  # noqa: BLE001 - dynaconf and its parsers document none
        raise ConfigError(f"The file {file} cannot be read{_position(error)}.") from None
    for (section, key), value in variables.items():
        settings.set(f"{section}.{key}", value, dotted_lookup=True, merge=False)
    merged = settings.as_dict()
    return {name: {str(key): value for key, value in merged[name.upper()].items()} for name in sorted(sections)}


_PLAIN: dict[str, Any] = {
    "settings_files": [],
    "core_loaders": [],
    "loaders": [],
    "environments": False,
    "envvar_prefix": False,
    "load_dotenv": False,
    "auto_cast": False,
    "dotted_lookup": False,
    "nested_separator": False,
    "merge_enabled": False,
    "yaml_loader": "safe_load",
}
"""dynaconf without all that reads more than was named, or lets a text act: "@read_file /etc/passwd"."""


def _sections(data: Mapping[str, Any], file: Path) -> set[str]:
    """The sections in a file's data. Names that would steer dynaconf are refused before it sees them."""
    for name, value in data.items():
        if "DYNACONF" in name.upper():
            raise ConfigError(f"File {file}: there is no section {name.lower()}.")
        if not isinstance(value, dict):
            raise ConfigError(f"File {file}: {name.lower()} stands outside of any section.")
    return {name.lower() for name in data}


@contextmanager
def _without_dynaconf_variables() -> Iterator[None]:
    """Hide SETTINGS_FILES_FOR_DYNACONF and the like: they would override what the constructor is told."""
    hidden = {name: os.environ.pop(name) for name in list(os.environ) if "DYNACONF" in name}
    try:
        yield
    finally:
        os.environ.update(hidden)


def _position(error: Exception) -> str:
    """Where a parser stopped. Its own words are not used, because they may quote the line."""
    mark = getattr(error, "problem_mark", None)
    if mark is not None:
        return f" (line {mark.line + 1}, column {mark.column + 1})"
    place = re.search(r"\(at (line \d+, column \d+)\)", str(error))
    return f" ({place[1]})" if place else ": it is not a table of sections"
