"""Commands that plugins bring: asked for by name, with options of their own, and never in the way of a server."""

from __future__ import annotations

import logging
import sys
import textwrap
from importlib.metadata import entry_points
from typing import TYPE_CHECKING

import pytest

from mcp_kubernetes.cli import main

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PLUGIN = """
    from mcp_kubernetes import Effect, Settings, ToolCall, hookimpl, setting, tool
    from mcp_kubernetes.spi import Command, Invocation

    class Options(Settings):
        out: str = setting(..., flag="--cmd-out", help="Where to.")
        times: int = setting(1, flag="--cmd-times", ge=1, help="How often.")

    @tool(effect=Effect.READ)
    async def cmd_look(call: ToolCall) -> str:
        "Look at it."
        return ""

    @hookimpl
    def register_tools():
        return [cmd_look]

    async def run(invocation: Invocation) -> int:
        options = invocation.options
        tools = [found.tool.name for found in invocation.app().tools]
        print(options.out * options.times, *tools, *invocation.rest)
        return 7

    @hookimpl
    def register_commands():
        return [Command(name="NAME", description="Say it.", options=Options, run=run)]
"""


@pytest.fixture
def plugin(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The plugin `cmdplugin`, with the command `shout`, and no other but the host's."""
    elsewhere = {found.name for found in entry_points(group="mcp_kubernetes")}
    monkeypatch.setenv("MCP_KUBERNETES_PLUGINS__DISABLE", ",".join(elsewhere))
    monkeypatch.setenv("MCP_KUBERNETES_PLUGINS__MODULES", "cmdplugin")
    monkeypatch.syspath_prepend(tmp_path)
    root, audit = logging.getLogger(), logging.getLogger("mcp_kubernetes.audit")
    before = [(logger, logger.handlers[:], logger.level, logger.propagate) for logger in (root, audit)]
    _write(tmp_path)
    yield tmp_path
    sys.modules.pop("cmdplugin", None)
    for logger, handlers, level, propagate in before:
        logger.handlers[:] = handlers
        logger.setLevel(level)
        logger.propagate = propagate


def _write(folder: Path, name: str = "shout", old: str = "", new: str = "") -> None:
    source = textwrap.dedent(PLUGIN).replace("NAME", name).replace(old, new)
    (folder / "cmdplugin.py").write_text(source, encoding="utf-8")


@pytest.mark.usefixtures("plugin")
def test_a_command_gets_its_own_options_an_app_and_what_is_left(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["shout", "--cmd-out=la", "--qps-limit", "5", "--cmd-times", "2"]) == 7
    assert capsys.readouterr().out == "lala cmd_look --qps-limit 5\n"


@pytest.mark.usefixtures("plugin")
@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (["shout"], 2, "The command shout needs --cmd-out: Where to."),
        (["shout", "--cmd-out=x", "--cmd-times=0"], 3, "Flag --cmd-times: shout.times is not valid"),
        (["shout", "--cmd-out=x", "--nonsense"], 2, "There is no option --nonsense"),
        (["shuot"], 2, "There is no command shuot (did you mean shout?); there are: serve, plugins"),
        (["tools", "--cmd-out=x"], 2, "There is no option --cmd-out"),
        (["demo"], 2, "The command demo comes with the plugin snapshot, which is disabled."),
    ],
)
def test_what_cannot_be_followed_is_one_sentence(
    capsys: pytest.CaptureFixture[str], arguments: list[str], code: int, sentence: str
) -> None:
    assert main(arguments) == code
    assert sentence in capsys.readouterr().err


@pytest.mark.usefixtures("plugin")
def test_help_tells_the_command_s_own_options_alone(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        main(["shout", "--help"])
    told = capsys.readouterr().out
    assert "usage: mcp-kubernetes shout" in told
    assert "--cmd-times" in told
    assert "--qps-limit" not in told


@pytest.mark.parametrize(("name", "thing"), [("tools", "command tools"), ("out", "option --debug")])
def test_a_name_of_the_host_is_not_given_away(
    plugin: Path, capsys: pytest.CaptureFixture[str], name: str, thing: str
) -> None:
    _write(plugin, name, "--cmd-out", "--debug" if name == "out" else "--cmd-out")
    assert main(["shout", "--cmd-out=x"]) == 3
    assert f"it offers the {thing} as the host does" in capsys.readouterr().err


@pytest.mark.parametrize("command", ["tools", "plugins", "config"])
def test_commands_are_not_asked_for_where_nobody_wants_one(plugin: Path, command: str) -> None:
    _write(plugin, "shout", "    return [Command(", "    raise OSError; return [Command(")
    assert main([command]) == 0
    assert main(["shout", "--cmd-out=x"]) == 3


@pytest.mark.usefixtures("plugin")
def test_a_command_of_a_plugin_that_is_not_installed_says_what_brings_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv("MCP_KUBERNETES_PLUGINS__DISABLE")
    monkeypatch.setattr("mcp_kubernetes.candidates.entry_points", lambda **_: [])
    assert main(["demo"]) == 2
    assert 'not installed: pip install "mcp-kubernetes[snapshot]".' in capsys.readouterr().err
