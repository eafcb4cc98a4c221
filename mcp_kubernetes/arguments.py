"""Command line and variables, derived from the settings: what an option is called, how its text reads."""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from types import NoneType, UnionType
from typing import TYPE_CHECKING, Any, Literal, NoReturn, Union, get_args, get_origin

from pydantic import SecretBytes, SecretStr

from mcp_kubernetes.errors import ConfigError
from mcp_kubernetes.spelling import did_you_mean

if TYPE_CHECKING:
    from pydantic.fields import FieldInfo

    from mcp_kubernetes.settings import Settings

PREFIX = "MCP_KUBERNETES_"
"""Of every variable. After it come section and key, parted by two underscores: Kubernetes itself injects
MCP_KUBERNETES_PORT and the like into pods beside a Service of this name."""

Key = tuple[str, str]
"""Section and key of one option."""

COMMANDS = ("serve", "plugins", "tools", "config", "version")
"""The host's own; plugins bring others."""

_USAGE = f"mcp-kubernetes [{'|'.join(COMMANDS)}] [options]"

_DESCRIPTION = "An MCP server for Kubernetes. Without a command it serves."

CONFIG = "--config"

RESERVED = (CONFIG, "--help", "--json", "--schema", "--version")
"""Flags that are no settings."""

Form = Literal["switch", "value", "list", "pairs"]
"""How an option reads as text: true or false, one value, several, several name=value."""


class UsageError(ConfigError):
    """A command line that cannot be understood; the process ends with exit code 2."""


@dataclass(frozen=True, kw_only=True)
class Option:
    """One setting as a user meets it: its flag, its variables (the conventional one first), its form."""

    section: str
    key: str
    help: str
    form: Form
    secret: bool
    flag: str | None
    variables: tuple[str, ...]

    @property
    def flags(self) -> tuple[str, ...]:
        """Its flag, and for a switch the one that turns it off."""
        if not self.flag:
            return ()
        return (self.flag, f"--no-{self.flag[2:]}") if self.form == "switch" else (self.flag,)

    def parse(self, texts: Sequence[str]) -> Any:
        """Give texts, from flags or from one variable, the structure that the setting's type validates.

        Raises ValueError for a pair without "=".
        """
        if self.form == "pairs":
            return dict(_pair(text) for text in texts)
        return [part for text in texts for part in self.split(text)] if self.form == "list" else texts[-1]

    def split(self, text: str) -> list[str]:
        """The texts in one: comma-separated where the setting takes several."""
        if self.form in ("switch", "value"):
            return [text]
        return [part.strip() for part in text.split(",") if part.strip()]


@dataclass(frozen=True, kw_only=True)
class Parsed:
    """A command line: the texts given for each setting, the bare flags, the file that `--config` names."""

    settings: Mapping[Key, list[str]]
    bare: frozenset[str]
    config: str | None


def options(section: str, model: type[Settings]) -> Iterator[Option]:
    """The options of one section."""
    for key, field in model.model_fields.items():
        names = field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}
        conventional = f"{PREFIX}{section}__{key}".upper()
        alias = names.get("env")
        yield Option(
            section=section,
            key=key,
            help=field.description or "",
            form=_form(field),
            secret=bool({SecretStr, SecretBytes} & set(_types(field.annotation))),
            flag=str(names["flag"]) if names.get("flag") else None,
            variables=(conventional, str(alias)) if alias else (conventional,),
        )


def all_options(models: Mapping[str, type[Settings]]) -> dict[Key, Option]:
    """The options of all sections."""
    return {(o.section, o.key): o for section, model in models.items() for o in options(section, model)}


def names(declared: Iterable[Option]) -> Iterator[tuple[str, str]]:
    """Kind and name of everything about options that must have one owner."""
    for option in declared:
        yield from (("option", flag) for flag in option.flags)
        yield from (("variable", variable) for variable in option.variables)


def parse(
    arguments: Sequence[str], known: Iterable[Option], *, bare: Mapping[str, str], complete: bool = True
) -> Parsed:
    """Read the command line. `bare` are flags without a value that are no settings, with their help.

    Not `complete`: unknown ones are passed over, because plugins may bring them. Raises UsageError; `--help`
    prints and raises SystemExit.
    """
    parser = _Parser(list(known), bare, add_help=complete)
    parser.add_argument(CONFIG, metavar="FILE", help="Read settings from this TOML or YAML file.")
    found, unknown = parser.parse_known_args(list(arguments))
    if unknown and complete:
        parser.refuse(unknown[0].partition("=")[0])
    given = vars(found)
    return Parsed(
        settings={_key(dest): texts for dest, texts in given.items() if "." in dest},
        bare=frozenset(flag for flag in bare if given[flag]),
        config=found.config,
    )


def parse_own(
    arguments: Sequence[str], known: Iterable[Option], *, command: str, description: str
) -> tuple[Mapping[Key, list[str]], list[str]]:
    """The texts given for a command's own options, and the arguments that are left.

    Raises UsageError; `--help` prints these options alone and raises SystemExit.
    """
    parser = _Parser(
        list(known),
        {},
        usage=f"mcp-kubernetes {command} [options]",
        description=f"{description} Options of the server are taken, too: see mcp-kubernetes serve --help.",
    )
    found, rest = parser.parse_known_args(list(arguments))
    return {_key(dest): texts for dest, texts in vars(found).items()}, rest


class _Parser(argparse.ArgumentParser):
    """argparse, told about options by their declarations, and raising instead of exiting."""

    def __init__(
        self,
        known: Iterable[Option],
        bare: Mapping[str, str],
        *,
        add_help: bool = True,
        usage: str = _USAGE,
        description: str = _DESCRIPTION,
    ) -> None:
        super().__init__(
            prog="mcp-kubernetes", usage=usage, description=description, add_help=add_help, allow_abbrev=False
        )
        for flag, text in bare.items():
            self.add_argument(flag, dest=flag, action="store_true", help=text)
        for section, members in groupby(known, key=lambda option: option.section):
            group = self.add_argument_group(section)
            for option in members:
                _add(group, option)

    def error(self, message: str) -> NoReturn:
        raise UsageError(f"{message[:1].upper()}{message[1:]}.")

    def refuse(self, argument: str) -> NoReturn:
        """Raise UsageError for an argument that nobody declares. A value stays unsaid: it may be a secret."""
        if not argument.startswith("-"):
            raise UsageError("There is an argument that belongs to no option.")
        near = did_you_mean(argument, self._option_string_actions)
        raise UsageError(f"There is no option {argument}{near}.")


def _key(dest: str) -> Key:
    section, _, key = dest.partition(".")
    return section, key


def _add(group: argparse._ArgumentGroup, option: Option) -> None:
    """Declare one option; absent ones leave no trace, so that variables and files can speak."""
    if not option.flag:
        return
    dest = f"{option.section}.{option.key}"
    common: dict[str, Any] = {"dest": dest, "action": "append", "default": argparse.SUPPRESS}
    text = option.help.replace("%", "%%")
    if option.form == "switch":
        group.add_argument(option.flag, nargs="?", const="true", metavar="true|false", help=text, **common)
        common["action"] = "append_const"
        group.add_argument(option.flags[1], const="false", help=argparse.SUPPRESS, **common)
    else:
        metavar = "NAME=VALUE" if option.form == "pairs" else "VALUE"
        group.add_argument(option.flag, metavar=metavar, help=text, **common)


def _form(field: FieldInfo) -> Form:
    """Which form the type of a setting takes as text."""
    types = set(_types(field.annotation))
    if types & {dict, Mapping}:
        return "pairs"
    if types & {tuple, list, set, frozenset, Sequence}:
        return "list"
    return "switch" if types <= {bool, NoneType} else "value"


def _types(annotation: Any) -> Iterator[Any]:
    """What an annotation is made of: tuple, SecretStr and NoneType in `tuple[SecretStr, ...] | None`."""
    origin = get_origin(annotation)
    if origin not in (Union, UnionType):
        yield origin or annotation
    for argument in () if origin is Literal else get_args(annotation):
        yield from _types(argument)


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not (name and equals):
        raise ValueError("it takes name=value")
    return name, value
