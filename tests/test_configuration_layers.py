"""The four layers of the configuration in the real command: who wins, and what each value is said to come from."""

from __future__ import annotations

import json
import os
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from tests.sites import Site
from tests.stdio.wire import PROGRAM, environment

if TYPE_CHECKING:
    from pathlib import Path

PLUGIN = """
    from pydantic import SecretStr
    from mcp_kubernetes import Settings, hookimpl, setting

    class Layered(Settings):
        colour: str = setting("default", flag="--layered-colour", help="A text.")
        token: SecretStr | None = setting(None, flag="--layered-token", help="A secret.")

    @hookimpl
    def register_settings():
        return Layered
"""

FILES = {
    ".toml": "[server]\nlog_format = 'text'\n[layered]\ncolour = 'file'\ntoken = 'in-the-file'\n",
    ".yaml": "server: {log_format: text}\nlayered: {colour: file, token: in-the-file}\n",
}
VARIABLES = {
    "MCP_KUBERNETES_SERVER__LOG_FORMAT": "json",
    "MCP_KUBERNETES_LAYERED__COLOUR": "variable",
    "MCP_KUBERNETES_LAYERED__TOKEN": "in-the-variable",
    "MCP_KUBERNETES_PORT": "tcp://10.0.0.1:8080",  # Kubernetes injects it for a Service; it is no setting
}
FLAGS = ("--log-format", "auto", "--layered-colour", "flag", "--layered-token", "in-the-flag")
MASKED = "**********"

LAYERS: list[tuple[set[str], dict[str, tuple[Any, str]]]] = [
    (
        set(),
        {
            "server.log_format": ("auto", "default"),
            "layered.colour": ("default", "default"),
            "layered.token": (None, "default"),
        },
    ),
    (
        {"file"},
        {
            "server.log_format": ("text", "file {file}"),
            "layered.colour": ("file", "file {file}"),
            "layered.token": (MASKED, "file {file}"),
        },
    ),
    (
        {"file", "variables"},
        {
            "server.log_format": ("json", "variable MCP_KUBERNETES_SERVER__LOG_FORMAT"),
            "layered.colour": ("variable", "variable MCP_KUBERNETES_LAYERED__COLOUR"),
            "layered.token": (MASKED, "variable MCP_KUBERNETES_LAYERED__TOKEN"),
        },
    ),
    (
        {"file", "variables", "flags"},
        {
            "server.log_format": ("auto", "flag --log-format"),
            "layered.colour": ("flag", "flag --layered-colour"),
            "layered.token": (MASKED, "flag --layered-token"),
        },
    ),
]


@pytest.mark.parametrize("suffix", FILES)
@pytest.mark.parametrize(("layers", "expected"), LAYERS, ids=["default", "file", "variable", "flag"])
def test_each_layer_beats_the_one_below_for_the_host_and_for_a_plugin(
    tmp_path: Path, suffix: str, layers: set[str], expected: dict[str, tuple[Any, str]]
) -> None:
    Site(tmp_path).install("layered", PLUGIN)
    file = tmp_path / f"config{suffix}"
    file.write_text(FILES[suffix], encoding="utf-8")
    words = (*(("--config", str(file)) if "file" in layers else ()), *(FLAGS if "flags" in layers else ()))
    done = config(tmp_path, *words, **(VARIABLES if "variables" in layers else {}))
    found = {f"{row['section']}.{row['key']}": (row["value"], row["origin"]) for row in json.loads(done.stdout)}
    assert {key: found[key] for key in expected} == {
        key: (value, origin.format(file=file)) for key, (value, origin) in expected.items()
    }
    assert "in-the-" not in done.stdout + done.stderr


@pytest.mark.parametrize(
    ("words", "variables", "said"),
    [
        (["--layered-color=x"], {}, "There is no option --layered-color (did you mean --layered-colour"),
        ([], {"MCP_KUBERNETES_LAYERED__COLOR": "x"}, "(did you mean MCP_KUBERNETES_LAYERED__COLOUR"),
        (["--qps-limit=0", "--burst-limit=5"], {}, "Flag --burst-limit: it has no effect, because --qps-limit is 0"),
    ],
)
def test_what_cannot_be_honoured_is_refused_in_one_sentence(
    tmp_path: Path, words: list[str], variables: dict[str, str], said: str
) -> None:
    Site(tmp_path).install("layered", PLUGIN)
    done = config(tmp_path, *words, **variables)
    assert done.returncode in {2, 3}
    assert (done.stdout, done.stderr.count("\n")) == ("", 1)
    assert said in done.stderr


def config(folder: Path, *words: str, **variables: str) -> subprocess.CompletedProcess[str]:
    """`mcp-kubernetes config --json` where the plugins in this folder are installed."""
    path = os.pathsep.join(filter(None, (str(folder), os.environ.get("PYTHONPATH"))))
    return subprocess.run(
        [PROGRAM, "config", "--json", *words],
        env=environment(None, PYTHONPATH=path, **variables),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        check=False,
        timeout=60,
    )
