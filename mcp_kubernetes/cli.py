"""The command line: `mcp-kubernetes [serve|plugins|tools|config|version] [options]`, and the commands of plugins.

Only what a command answers goes to stdout; in `serve` that is the protocol. Each command imports what it
needs: `version` answers without pydantic, `plugins` without the MCP SDK and the Kubernetes layer.
"""

from __future__ import annotations

import gc
import json
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from mcp_kubernetes import __version__
from mcp_kubernetes.errors import ConfigError

if TYPE_CHECKING:
    from mcp_kubernetes.app import App
    from mcp_kubernetes.config import Config, Draft
    from mcp_kubernetes.plugins import Plugins
    from mcp_kubernetes.views import RegisteredTool

_OK, _DEFECT, _USAGE, _CONFIGURATION, _INTERRUPTED = 0, 1, 2, 3, 130

_SPARE = 5.0
"""Seconds for the host's own ending, beyond what the plugins have for theirs."""

_JSON = {"--json": "Answer in JSON."}
_SCHEMA = {"--schema": "Answer with the JSON Schema of the whole configuration."}


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command and return the exit code.

    0: done. 1: a defect of this program or of a plugin. 2: the command line cannot be understood. 3: the
    configuration, or a plugin that it names, cannot be honoured. 130: interrupted from the keyboard.
    """
    command, rest = _split(sys.argv[1:] if arguments is None else arguments)
    # Collecting while importing costs a fifth of start-up. `serve` turns the collector on again with `load`, so
    # that it spares what was imported: full collections over 700 modules are the hidden cost of decoding.
    gc.disable()
    try:
        return _command(command)(rest) or _OK
    except ConfigError as error:
        return _refused(error)
    except KeyboardInterrupt:
        return _INTERRUPTED
    except Exception as error:  # noqa: BLE001 - a sentence for the user, the traceback for the log
        print(f"mcp-kubernetes: {command} failed: {type(error).__name__}; see --debug.", file=sys.stderr)
        _log_traceback(error)
        return _DEFECT
    finally:
        gc.enable()


def _split(arguments: Sequence[str]) -> tuple[str, Sequence[str]]:
    """The command and its options. Without a command, also before options, it is `serve`."""
    first, rest = (arguments[0], arguments[1:]) if arguments else ("", ())
    if first == "--version":
        return "version", rest
    return (first, rest) if first and not first.startswith("-") else ("serve", arguments)


def _command(name: str) -> Callable[[Sequence[str]], int | None]:
    return _COMMANDS.get(name) or partial(_offered, name)


def _log_traceback(error: Exception) -> None:
    import logging

    logging.getLogger(__name__).debug("Why the command ended.", exc_info=error)


def _refused(error: ConfigError) -> int:
    """Say what cannot be honoured; the exit code."""
    from mcp_kubernetes.arguments import UsageError

    for sentence in str(error).splitlines():
        print(f"mcp-kubernetes: {sentence}", file=sys.stderr)
    _log_traceback(error)
    return _USAGE if isinstance(error, UsageError) else _CONFIGURATION


def _read(arguments: Sequence[str], bare: dict[str, str]) -> tuple[Config, Plugins, frozenset[str]]:
    """Configuration and plugins need each other: the first says what to load, the second bring settings."""
    from mcp_kubernetes.config import Draft

    draft = Draft(arguments, os.environ, bare)
    plugins = _loaded(draft)
    return _completed(draft, plugins), plugins, draft.bare


def _loaded(draft: Draft) -> Plugins:
    from mcp_kubernetes import log
    from mcp_kubernetes.plugins import Plugins
    from mcp_kubernetes.settings import PluginSettings, ServerSettings

    server = draft.section(ServerSettings)
    log.configure(debug=server.debug, form=server.log_format)
    return Plugins.load(draft.section(PluginSettings))


def _completed(draft: Draft, plugins: Plugins) -> Config:
    config = draft.complete(plugins.settings_models(), plugins.without_section())
    for name, reason in config.unusable.items():
        plugins.set_aside(name, reason)
    return config


def _offered(name: str, arguments: Sequence[str]) -> int:
    """A command that a plugin brings."""
    from mcp_kubernetes.config import Draft
    from mcp_kubernetes.invoking import invoke

    plugins = _loaded(Draft(arguments, os.environ))

    def compose(rest: Sequence[str]) -> App:
        config = _completed(Draft(rest, os.environ), plugins)
        from mcp_kubernetes.app import App

        return App(config, plugins)

    return invoke(name, arguments, plugins, compose)


def _serve(arguments: Sequence[str]) -> None:
    from mcp_kubernetes.eventloop import run
    from mcp_kubernetes.loading import load
    from mcp_kubernetes.settings import ServerSettings
    from mcp_kubernetes.streams import StandardStreams

    streams = None if {"-h", "--help"} & set(arguments) else StandardStreams.claim()
    config, plugins, _ = _read(arguments, {})
    app: App = load("mcp_kubernetes.app").App(config, plugins)
    gc.enable()  # a plugin may have imported the app before, so that `load` had nothing to do
    run(app.serve(streams, _end_process), config.section(ServerSettings).event_loop)


def _end_process(seconds: float, error: BaseException | None) -> None:
    """See to it that this process ends: one that outlives its client helps nobody, whatever a plugin still does.

    `seconds` is what the plugins have to stop, `error` what ends the server. It is a thread that waits, for a plugin
    may block the event loop, or leave a thread behind, for which the interpreter waits at its very end.
    """
    import logging
    import threading

    def end() -> None:
        logging.getLogger(__name__).error("Something still runs that was told to stop: the process ends without it.")
        os._exit(_refused(error) if isinstance(error, ConfigError) else _DEFECT)

    timer = threading.Timer(seconds + _SPARE, end)
    timer.daemon = True
    timer.start()


def _plugins(arguments: Sequence[str]) -> None:
    """What became of each plugin, and what it offers."""
    from dataclasses import asdict

    config, plugins, given = _read(arguments, _JSON)
    plugins.contributions(config.sections)
    if given:
        _print_json([asdict(state) for state in plugins.states])
        return
    heads = ("NAME", "VERSION", "DISTRIBUTION", "STATUS", "REASON")
    _print_table([heads, *((s.name, s.version, s.distribution, s.status, s.reason) for s in plugins.states)])


def _tools(arguments: Sequence[str]) -> None:
    """Every tool, hidden ones included."""
    from mcp_kubernetes.app import App
    from mcp_kubernetes.settings import SafetySettings

    config, plugins, given = _read(arguments, _JSON)
    tools = App(config, plugins).tools
    if given:
        _print_json([_tool(tool) for tool in tools])
        return
    rows = (
        (t.tool.name, t.tool.effect.value, t.plugin, "hidden" if t.hidden else "", _line(t.tool.description))
        for t in tools
    )
    _print_table([("NAME", "EFFECT", "PLUGIN", "", "DESCRIPTION"), *rows])
    for reason in dict.fromkeys(t.hidden for t in tools if t.hidden):
        print(f"Hidden ({sum(t.hidden == reason for t in tools)}): {reason}")
    if config.section(SafetySettings).show_secret_values:
        print("Values of Secrets are shown to all who get one by name (--show-secret-values).")


def _tool(found: RegisteredTool) -> dict[str, Any]:
    tool = found.tool
    return {
        "name": tool.name,
        "effect": tool.effect.value,
        "plugin": found.plugin,
        "clustered": tool.clustered,
        "visible": not found.hidden,
        "hidden": found.hidden,
        "description": tool.description,
    }


def _config(arguments: Sequence[str]) -> None:
    """Each value with its origin, secrets masked; or the schema of it all."""
    config, plugins, given = _read(arguments, _JSON | _SCHEMA)
    if "--schema" in given:
        from mcp_kubernetes.settings import HOST_SECTIONS, json_schema

        _print_json(json_schema(HOST_SECTIONS | plugins.settings_models()))
        return
    rows = [
        (section, key, value, config.origin(section, key))
        for section, settings in config.sections.items()
        for key, value in settings.model_dump(mode="json").items()
    ]
    if given:
        _print_json([{"section": s, "key": k, "value": v, "origin": origin} for s, k, v, origin in rows])
        return
    shown = ((f"{section}.{key}", json.dumps(value), origin) for section, key, value, origin in rows)
    _print_table([("SETTING", "VALUE", "ORIGIN"), *shown])


def _version(arguments: Sequence[str]) -> None:
    if arguments:
        from mcp_kubernetes.arguments import UsageError

        raise UsageError("The command version takes no options.")
    print(f"mcp-kubernetes {__version__}")


_COMMANDS = {"serve": _serve, "plugins": _plugins, "tools": _tools, "config": _config, "version": _version}


def _line(text: str) -> str:
    return text.strip().partition("\n")[0]


def _print_json(value: object) -> None:
    print(json.dumps(value, indent=2, ensure_ascii=False))


def _print_table(rows: Iterable[Sequence[str]]) -> None:
    """Columns as wide as their widest cell, the last one as it is."""
    table = list(rows)
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for row in table:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
