"""Running a command that a plugin brings: found by its name, given its own options, and a way to the server's."""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from mcp_kubernetes.arguments import COMMANDS, Option, UsageError, options, parse_own
from mcp_kubernetes.candidates import COMMANDS as BROUGHT
from mcp_kubernetes.candidates import HOST
from mcp_kubernetes.commands import Command, Invocation
from mcp_kubernetes.spelling import did_you_mean
from mcp_kubernetes.validation import Given, validated

if TYPE_CHECKING:
    from mcp_kubernetes.app import App
    from mcp_kubernetes.plugins import Plugins
    from mcp_kubernetes.settings import Settings


def invoke(name: str, arguments: Sequence[str], plugins: Plugins, compose: Callable[[Sequence[str]], App]) -> int:
    """Run the command `name` and return its exit code. `compose` makes an app with the server's arguments.

    Raises UsageError where there is no such command, ConfigError for options that cannot be honoured.
    """
    command = _found(name, plugins)
    own, rest = _own_options(command, arguments)
    gc.enable()  # it was off while there was only importing to do
    invocation = Invocation(options=own, rest=rest, app=lambda: compose(rest))
    return asyncio.run(_run(command, invocation))


async def _run(command: Command, invocation: Invocation) -> int:
    return await command.run(invocation)


def _found(name: str, plugins: Plugins) -> Command:
    offered = plugins.commands()
    if name in offered:
        return offered[name]
    plugin = BROUGHT.get(name)
    states = {state.name: state for state in plugins.states}
    if plugin and plugin not in states:
        brings = f'pip install "{HOST}[{plugin}]"'
        raise UsageError(f"The command {name} comes with the plugin {plugin}, which is not installed: {brings}.")
    if plugin and states[plugin].status != "active":
        raise UsageError(f"The command {name} comes with the plugin {plugin}, which is {states[plugin].status}.")
    known = (*COMMANDS, *offered)
    raise UsageError(f"There is no command {name}{did_you_mean(name, known)}; there are: {', '.join(known)}.")


def _own_options(command: Command, arguments: Sequence[str]) -> tuple[Settings, list[str]]:
    known = {option.key: option for option in options(command.name, command.options)}
    texts, rest = parse_own(arguments, known.values(), command=command.name, description=command.description)
    given = {key: known[key].parse(found) for (_, key), found in texts.items()}
    _refuse_missing(command, known, given)
    origins = {(command.name, key): f"flag {known[key].flag}" for key in given}
    sections, _ = validated(Given(values={command.name: given}, origins=origins), {command.name: command.options})
    return sections[command.name], rest


def _refuse_missing(command: Command, known: Mapping[str, Option], given: Mapping[str, object]) -> None:
    for key, field in command.options.model_fields.items():
        if field.is_required() and key not in given:
            raise UsageError(f"The command {command.name} needs {known[key].flag}: {known[key].help}")
