"""From given values to validated sections, or to sentences: which option, from where, what is wrong.

No sentence repeats a value, because any value may be a secret in the wrong place.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pydantic import ValidationError

from mcp_kubernetes.arguments import Key, Option, options
from mcp_kubernetes.candidates import FIRST_PARTY, HOST
from mcp_kubernetes.errors import ConfigError
from mcp_kubernetes.settings import HOST_SECTIONS, Settings
from mcp_kubernetes.spelling import did_you_mean

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails

_NOT_YET = {("safety", "non_destructive"): False, ("safety", "dry_run"): True}
"""Values whose options are declared, so that the surface is there, before there is anything to allow."""


@dataclass(frozen=True, kw_only=True)
class Given:
    """Values by section, not validated. `origins` names the flag, variable or file that gave each of them."""

    values: Mapping[str, Mapping[str, Any]]
    origins: Mapping[Key, str] = field(default_factory=dict)

    def origin(self, section: str, key: str) -> str:
        """Where a value comes from."""
        return self.origins.get((section, key), "default")


def refuse_unknown(given: Given, models: Mapping[str, type[Settings]], absent: Mapping[str, str]) -> None:
    """Raise ConfigError for sections and keys that nobody declares, with the nearest that somebody does.

    `absent` says of plugins that are known, but have no section, why: "is disabled".
    """
    for section, values in given.values.items():
        if section not in models:
            origin = given.origin(section, next(iter(values), ""))
            raise ConfigError(f"{_start(origin)}: {_no_section(section, models, absent)}.")
        keys = models[section].model_fields
        for key in values.keys() - keys.keys():
            near = did_you_mean(f"{section}.{key}", (f"{section}.{known}" for known in keys))
            raise ConfigError(f"{_start(given.origin(section, key))}: there is no setting {section}.{key}{near}.")


def validated(given: Given, models: Mapping[str, type[Settings]]) -> tuple[dict[str, Settings], dict[str, str]]:
    """The sections that validate, and by plugin why its section does not although nobody filled it.

    A plugin that needs a setting may be installed where nobody wants it. Raises ConfigError, one sentence a
    line, for everything else.
    """
    sections: dict[str, Settings] = {}
    unusable: dict[str, str] = {}
    problems: list[str] = []
    for name, model in models.items():
        try:
            sections[name] = model.model_validate(given.values.get(name, {}))
        except ValidationError as error:
            sentences = list(_sentences(name, model, given, error))
            if name in HOST_SECTIONS or given.values.get(name):
                problems += sentences
            else:
                unusable[name] = "; ".join(sentence.rstrip(".") for sentence in sentences)
    if problems:
        raise ConfigError("\n".join(problems))
    return sections, unusable


def refuse_without_effect(sections: Mapping[str, Settings], given: Given) -> None:
    """Raise ConfigError for a value that was given and changes nothing: a silence would look like a yes."""
    for (section, key), value in _NOT_YET.items():
        if getattr(sections[section], key) is value:
            origin = _start(given.origin(section, key))
            raise ConfigError(f"{origin}: there is nothing to allow yet, this version only reads.")
    for name, settings in sections.items():
        for key, reason in settings.idle().items():
            if (name, key) in given.origins:
                raise ConfigError(f"{_start(given.origins[name, key])}: it has no effect, because {reason}.")


def _no_section(section: str, models: Mapping[str, type[Settings]], absent: Mapping[str, str]) -> str:
    if section in absent:
        return f"the plugin {section} {absent[section]}"
    if section in FIRST_PARTY:
        return f"the plugin {section} is not installed; {HOST}-{section} brings it"
    return f"there is no section {section}{did_you_mean(section, models)}"


def _sentences(section: str, model: type[Settings], given: Given, error: ValidationError) -> Iterator[str]:
    declared = {option.key: option for option in options(section, model)}
    for details in error.errors(include_url=False, include_input=False, include_context=False):
        key, *inside = (str(step) for step in details["loc"]) if details["loc"] else ("",)
        option = declared.get(key)
        name = ".".join(filter(None, (section, key, *inside)))
        yield f"{_start(_place(option, given))}: {name} {_what(option, details)}."


def _place(option: Option | None, given: Given) -> str:
    """Where to look: what gave the value or, if nothing did, what could."""
    if option is None:
        return "configuration"
    if origin := given.origins.get((option.section, option.key)):
        return origin
    return f"flag {option.flag} or variable {option.variables[0]}" if option.flag else f"variable {option.variables[0]}"


def _what(option: Option | None, details: ErrorDetails) -> str:
    """What is wrong. A validator written for a secret might quote it, so that its words are not used."""
    if details["type"] == "missing":
        return "is required"
    if option and option.secret:
        return f"is not valid ({details['type']})"
    words = details["msg"].removeprefix("Value error, ").removeprefix("Input ").rstrip(".")
    return f"is not valid: {words[:1].lower()}{words[1:]}"


def _start(origin: str) -> str:
    return f"{origin[:1].upper()}{origin[1:]}"
