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
from mcp_kubernetes.settings import HOST_SECTIONS, ServerSettings, Settings
from mcp_kubernetes.spelling import did_you_mean

if TYPE_CHECKING:
    from pydantic_core import ErrorDetails


@dataclass(frozen=True, kw_only=True)
class Given:
    """Values by section, not validated. `origins` names the flag, variable or file that gave each of them."""

    values: Mapping[str, Mapping[str, Any]]
    origins: Mapping[Key, str] = field(default_factory=dict)


def refuse_unknown(given: Given, models: Mapping[str, type[Settings]], absent: Mapping[str, str]) -> None:
    """Raise ConfigError for a section that nobody declares, with the nearest that somebody does.

    `absent` says of plugins that are known, but have no section, why: "is disabled".
    """
    for section, values in given.values.items():
        if section not in models:
            origin = given.origins.get((section, next(iter(values), "")), "configuration")
            raise ConfigError(f"{_start(origin)}: {_no_section(section, models, absent)}.")


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
    transport = next((own.transport for own in sections.values() if isinstance(own, ServerSettings)), "")
    for name, settings in sections.items():
        for key, reason in (settings.idle() | _elsewhere(settings, transport)).items():
            if (name, key) in given.origins:
                raise ConfigError(f"{_start(given.origins[name, key])}: it has no effect, because {reason}.")


def _elsewhere(settings: Settings, transport: str) -> dict[str, str]:
    """All keys of a section that is about another transport."""
    if settings.only_over in ("", transport):
        return {}
    return dict.fromkeys(type(settings).model_fields, f"--transport is not {settings.only_over}")


def _no_section(section: str, models: Mapping[str, type[Settings]], absent: Mapping[str, str]) -> str:
    if section in absent:
        return f"the plugin {section} {absent[section]}"
    if section in FIRST_PARTY:
        return f"the plugin {section} is not installed; {HOST}-{section} brings it"
    return f"there is no section {section}{did_you_mean(section, models)}"


def _sentences(section: str, model: type[Settings], given: Given, error: ValidationError) -> Iterator[str]:
    declared = {option.key: option for option in options(section, model)}
    for details in error.errors(include_url=False, include_input=False, include_context=False):
        key, *inside = (str(step) for step in details["loc"] or ("",))
        place = given.origins.get((section, key)) or _ways(declared.get(key))
        name = ".".join(filter(None, (section, key, *inside)))
        if key not in declared and details["type"] == "extra_forbidden":
            yield f"{_start(place)}: there is no setting {name}{did_you_mean(key, declared)}."
        else:
            yield f"{_start(place)}: {name} {_what(declared.get(key), details)}."


def _ways(option: Option | None) -> str:
    """How a value could be given that nothing gave."""
    if option is None:
        return "configuration"
    flag = f"flag {option.flag} or " if option.flag else ""
    return f"{flag}variable {option.variables[0]}"


def _what(option: Option | None, details: ErrorDetails) -> str:
    """What is wrong. A validator written for a secret might quote it, so its words are not used."""
    if details["type"] == "missing":
        return "is required"
    if option and option.secret:
        return f"is not valid ({details['type']})"
    words = details["msg"].removeprefix("Value error, ").removeprefix("Input ").rstrip(".")
    return f"is not valid: {words[:1].lower()}{words[1:]}"


def _start(origin: str) -> str:
    return f"{origin[:1].upper()}{origin[1:]}"
