"""The commands as they are typed: in this process where answers count, in another where the process does."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import textwrap
from importlib.metadata import entry_points
from typing import TYPE_CHECKING, Any

import pytest

from mcp_kubernetes import __version__
from mcp_kubernetes.cli import main

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PLUGIN = """
    from pydantic import SecretStr
    from mcp_kubernetes import Effect, Settings, ToolCall, hookimpl, setting, tool

    class CliSettings(Settings):
        token: SecretStr | None = setting(None, flag="--cli-token", help="A secret.")

    @tool(effect=Effect.READ)
    async def cli_look(call: ToolCall) -> str:
        '''Look at it.

        Closely.
        '''
        return ""

    @tool(effect=Effect.WRITE)
    async def cli_touch(call: ToolCall) -> str:
        "Touch it."
        return ""

    @hookimpl
    def register_settings():
        return CliSettings

    @hookimpl
    def register_tools():
        return [cli_look, cli_touch]
"""

BROKEN = """
    from mcp_kubernetes import hookimpl

    @hookimpl
    def register_tools():
        raise OSError("no disk")
"""


@pytest.fixture(autouse=True)
def plugins(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The plugin `cliplugin` in a folder on the path, and no configuration from outside."""
    for name in [name for name in os.environ if name.startswith("MCP_KUBERNETES_")]:
        monkeypatch.delenv(name)
    elsewhere = {found.name for found in entry_points(group="mcp_kubernetes")}
    monkeypatch.setenv("MCP_KUBERNETES_PLUGINS__DISABLE", ",".join(elsewhere))
    monkeypatch.syspath_prepend(tmp_path)
    (tmp_path / "cliplugin.py").write_text(textwrap.dedent(PLUGIN), encoding="utf-8")
    (tmp_path / "clibroken.py").write_text(textwrap.dedent(BROKEN), encoding="utf-8")
    yield tmp_path
    for name in ("cliplugin", "clibroken"):
        sys.modules.pop(name, None)


@pytest.fixture(autouse=True)
def logging_as_before() -> Iterator[None]:
    """A command configures logging for its process; give pytest its own back."""
    import logging

    root, audit = logging.getLogger(), logging.getLogger("mcp_kubernetes.audit")
    before = [(logger, logger.handlers[:], logger.level, logger.propagate) for logger in (root, audit)]
    yield
    for logger, handlers, level, propagate in before:
        logger.handlers[:] = handlers
        logger.setLevel(level)
        logger.propagate = propagate


def answer(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    assert main(arguments) == 0
    return capsys.readouterr().out


def answer_json(capsys: pytest.CaptureFixture[str], *arguments: str) -> Any:
    return json.loads(answer(capsys, *arguments))


def run(*arguments: str, program: tuple[str, ...] = ("-m", "mcp_kubernetes"), **environ: str) -> Any:
    return subprocess.run(
        [sys.executable, *program, *arguments],
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        env=os.environ | environ,
        check=False,
        timeout=60,
    )


@pytest.mark.parametrize("argument", ["version", "--version"])
def test_version_says_name_and_version(capsys: pytest.CaptureFixture[str], argument: str) -> None:
    assert answer(capsys, argument) == f"mcp-kubernetes {__version__}\n"


def test_plugins_lists_what_became_of_each(capsys: pytest.CaptureFixture[str]) -> None:
    lines = answer(capsys, "plugins", "--plugin", "cliplugin").splitlines()
    assert lines[0].split() == ["NAME", "VERSION", "DISTRIBUTION", "STATUS", "REASON"]
    assert any(line.split() == ["cliplugin", "active"] for line in lines)


def test_plugins_answers_in_json(capsys: pytest.CaptureFixture[str]) -> None:
    states = {state["name"]: state for state in answer_json(capsys, "plugins", "--json", "--plugin=cliplugin")}
    assert states["transports"]["distribution"] == "mcp-kubernetes"
    assert states["cliplugin"] == {
        "name": "cliplugin",
        "distribution": "",
        "version": "",
        "status": "active",
        "reason": "",
        "hooks": ["register_settings", "register_tools"],
    }


def test_plugins_shows_why_an_installed_one_was_set_aside(capsys: pytest.CaptureFixture[str], plugins: Path) -> None:
    info = plugins / "clibroken-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: clibroken\nVersion: 1.0\n", encoding="utf-8")
    (info / "entry_points.txt").write_text("[mcp_kubernetes]\nbroken = clibroken\n", encoding="utf-8")
    assert "its hook register_tools failed: OSError: no disk" in answer(capsys, "plugins")
    assert main(["plugins", "--strict-plugins"]) == 3
    assert "The plugin 'broken' (distribution clibroken) cannot be used" in capsys.readouterr().err


def test_tools_lists_name_effect_plugin_and_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    lines = answer(capsys, "tools", "--plugin", "cliplugin").splitlines()
    assert ["cli_look", "read", "cliplugin", "Look", "at", "it."] in [line.split() for line in lines]
    assert ["cli_touch", "write", "cliplugin", "hidden", "Touch", "it."] in [line.split() for line in lines]
    assert any(line.endswith(": This server only reads (--non-destructive).") for line in lines)


def test_tools_answers_in_json(capsys: pytest.CaptureFixture[str]) -> None:
    tools = {tool["name"]: tool for tool in answer_json(capsys, "tools", "--json", "--plugin", "cliplugin")}
    assert tools["cli_look"]["visible"]
    assert tools["cli_touch"]["effect"] == "write"
    assert not tools["cli_touch"]["visible"]
    assert tools["cli_touch"]["hidden"] == "This server only reads (--non-destructive)."


def test_config_names_the_origin_of_each_value_and_masks_secrets(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MCP_KUBERNETES_CLIPLUGIN__TOKEN", "hunter2-hunter2")
    text = answer(capsys, "config", "--plugin", "cliplugin", "--qps-limit", "5")
    rows = {line.split()[0]: line.split(maxsplit=2)[1:] for line in text.splitlines()}
    assert rows["kubernetes.qps_limit"] == ["5.0", "flag --qps-limit"]
    assert rows["server.debug"] == ["false", "default"]
    assert rows["cliplugin.token"][1] == "variable MCP_KUBERNETES_CLIPLUGIN__TOKEN"
    found = answer_json(capsys, "config", "--json", "--plugin", "cliplugin")
    assert {"section": "server", "key": "debug", "value": False, "origin": "default"} in found
    assert "hunter2" not in text + json.dumps(found)


def test_config_prints_the_schema_of_every_section(capsys: pytest.CaptureFixture[str]) -> None:
    schema = answer_json(capsys, "config", "--schema", "--plugin", "cliplugin")
    assert {"server", "safety", "cliplugin"} <= set(schema["properties"])


@pytest.mark.parametrize(
    ("arguments", "code", "sentence"),
    [
        (["plugnis"], 2, "There is no command plugnis (did you mean plugins?)"),
        (["version", "--json"], 2, "The command version takes no options"),
        (["config", "--cli-tokn=SECRET", "--plugin=cliplugin"], 2, "no option --cli-tokn (did you mean --cli-token?)"),
        (["plugins", "--schema"], 2, "There is no option --schema"),
        (["--qps-limit", "SECRET"], 3, "Flag --qps-limit: kubernetes.qps_limit is not valid"),
        (["--denied-operations=delte"], 3, "Flag --denied-operations: safety.denied_operations.0 is not valid"),
        (["serve", "--confirm=destructive"], 3, "it has no effect, because this server only reads"),
        (["plugins", "--require-plugin", "nonesuch"], 3, "'nonesuch' is required, but not installed"),
        (["plugins", "--plugin", "clibroken"], 3, "its hook register_tools failed: OSError: no disk"),
        (["tools", "--config", "/nonesuch.toml"], 3, "No such file"),
        (["serve", "--transport", "pigeon"], 3, "There is no transport 'pigeon'"),
    ],
)
def test_a_command_that_cannot_be_followed_ends_with_its_code_and_one_sentence(
    capsys: pytest.CaptureFixture[str], arguments: list[str], code: int, sentence: str
) -> None:
    assert main(arguments) == code
    captured = capsys.readouterr()
    assert captured.out == ""
    assert sentence in captured.err
    assert captured.err.startswith("mcp-kubernetes: ")
    assert captured.err.count("\n") == 1
    assert "SECRET" not in captured.err


DEFECT = """
    from mcp_kubernetes import Settings, hookimpl
    from pydantic import field_serializer

    class Defect(Settings):
        x: int = 1

        @field_serializer("x")
        def show(self, x):
            raise OSError("SECRET")

    @hookimpl
    def register_settings():
        return Defect
"""


def test_a_defect_is_one_sentence_and_its_traceback_is_for_debugging(plugins: Path) -> None:
    (plugins / "defect.py").write_text(textwrap.dedent(DEFECT), encoding="utf-8")
    path = os.pathsep.join([str(plugins), *sys.path])
    plain = run("config", "--plugin", "defect", PYTHONPATH=path)
    assert (plain.returncode, plain.stdout, plain.stderr.count("\n")) == (1, "", 1)
    assert "SECRET" not in plain.stderr
    assert "Traceback" in run("config", "--plugin", "defect", "--debug", PYTHONPATH=path).stderr


def test_help_lists_the_options_of_host_and_plugins(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--plugin", "cliplugin", "--help"])
    assert ended.value.code == 0
    text = capsys.readouterr().out
    assert all(flag in text for flag in ("--config", "--qps-limit", "--cli-token"))


@pytest.mark.parametrize(
    ("arguments", "heavy"),
    [
        (["version"], ["mcp", "kubernetes", "aiohttp", "pydantic", "dynaconf", "pluggy", "argparse"]),
        (["plugins"], ["mcp", "kubernetes", "aiohttp", "dynaconf", "asyncio"]),
        (["config"], ["mcp", "kubernetes", "aiohttp", "dynaconf"]),
    ],
)
def test_a_command_imports_only_what_it_needs(arguments: list[str], heavy: list[str]) -> None:
    program = "import sys; from mcp_kubernetes.cli import main; main(sys.argv[1:]);print(*sys.modules, file=sys.stderr)"
    done = run(*arguments, program=("-c", program))
    assert done.returncode == 0
    assert not set(heavy) & set(done.stderr.split())


def test_the_module_is_the_command() -> None:
    done = run("version")
    assert (done.returncode, done.stdout, done.stderr) == (0, f"mcp-kubernetes {__version__}\n", "")


def test_serve_without_a_command_ends_with_its_client_and_writes_no_word_of_its_own(plugins: Path) -> None:
    done = run("--plugin", "cliplugin", PYTHONPATH=os.pathsep.join([str(plugins), *sys.path]))
    assert (done.returncode, done.stdout) == (0, ""), done.stderr
    assert "Traceback" not in done.stderr
