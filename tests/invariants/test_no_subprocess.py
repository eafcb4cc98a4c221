"""Invariant 1: no subprocess is ever built from tool input; no CLI is wrapped."""

from __future__ import annotations

import ast
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

from mcp_kubernetes_pods import template_process

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.cluster import Cluster

CHECKOUT = Path(__file__).parents[2]
SOURCES = [
    path
    for folder in (CHECKOUT / "mcp_kubernetes", *CHECKOUT.glob("plugins/*/src"))
    for path in sorted(folder.rglob("*.py"))
]
RUNS_CREDENTIAL_PLUGINS = "mcp_kubernetes/kube/credentials/child.py"
"""The one module that starts a program: the one that a kubeconfig names to sign in with."""

RUNS_ITS_OWN_FILE = "plugins/pods/src/mcp_kubernetes_pods/template_process.py"
"""Starts Python with a file of ours: a fixed command line, to which nothing is ever added."""

STARTS_SERVERS_FOR_TESTS = "plugins/testing/src/pytest_mcp_kubernetes/valkey.py"
"""Of the plugin for pytest, which no server loads."""

RUNS_THIS_PROGRAM = "plugins/snapshot/src/mcp_kubernetes_snapshot/demo/serving.py"
"""Starts this very program, for a command that a person typed; no server loads it."""

ITS_CALLERS = {"mcp_kubernetes/kube/credentials/exec_plugin.py", "mcp_kubernetes/kube/credentials/exec_entry.py"}

MODULES = {"subprocess", "asyncio.subprocess", "pty", "multiprocessing", "popen2", "pexpect", "sh", "plumbum"}
FUNCTIONS = {
    *("create_subprocess_exec", "create_subprocess_shell", "subprocess_exec", "subprocess_shell"),
    *("Popen", "popen", "system", "startfile", "fork", "forkpty", "posix_spawn", "posix_spawnp"),
    *("execl", "execle", "execlp", "execlpe", "execv", "execve", "execvp", "execvpe", "fexecve"),
    *("spawnl", "spawnle", "spawnlp", "spawnlpe", "spawnv", "spawnve", "spawnvp", "spawnvpe"),
    *("run_process", "open_process", "ProcessPoolExecutor", "eval", "exec", "__import__"),
}

BY_NAME = ("getattr", "import_module", "load", "attrgetter", "methodcaller")
"""Functions that reach something by a text."""


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: str(path.relative_to(CHECKOUT)))
def test_no_module_but_these_can_start_a_process(path: Path) -> None:
    starting = {RUNS_CREDENTIAL_PLUGINS, RUNS_ITS_OWN_FILE, RUNS_THIS_PROGRAM, STARTS_SERVERS_FOR_TESTS}
    if path.relative_to(CHECKOUT).as_posix() in starting:
        return
    assert list(_ways(path.read_text("utf-8"))) == []


def test_only_credential_plugins_use_that_module() -> None:
    users = {
        path.relative_to(CHECKOUT).as_posix()
        for path in SOURCES
        if "mcp_kubernetes.kube.credentials.child" in _imports(path)
    }
    assert users <= ITS_CALLERS


def test_only_the_command_that_a_person_types_uses_the_module_that_starts_this_program() -> None:
    module = "mcp_kubernetes_snapshot.demo.serving"
    users = {path for path in SOURCES if module in path.read_text("utf-8")}
    assert {path.parent.name for path in users} == {"demo"}


def test_the_process_that_sums_logs_up_has_a_fixed_command_line_and_no_variables() -> None:
    source = (CHECKOUT / RUNS_ITS_OWN_FILE).read_text("utf-8")
    calls = [node for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Call)]
    (start,) = [call for call in calls if ast.unparse(call.func).endswith("create_subprocess_exec")]
    assert [ast.unparse(argument) for argument in start.args] == ["*_COMMAND"]
    assert {word.arg: ast.unparse(word.value) for word in start.keywords}["env"] == "{}"
    assert (sys.executable, "-I", "-S") == template_process._COMMAND[:3]
    assert Path(template_process._COMMAND[3]).name == "templates.py"


@pytest.mark.parametrize(
    "source",
    [
        "import subprocess",
        "import subprocess as quiet",
        "from subprocess import run",
        "from asyncio.subprocess import PIPE",
        "from asyncio import create_subprocess_exec",
        "import os\nos.system('x')",
        "from os import execv",
        "import pty",
        "run('x', shell=True)",
        "importlib.import_module('subprocess')",
        "getattr(os, 'system')('x')",
        "import anyio\nanyio.run_process('x')",
        "loop.subprocess_exec(f, 'x')",
        "exec('x')",
    ],
)
def test_the_search_finds_every_way_to_start_a_process(source: str) -> None:
    assert list(_ways(source))


def test_hostile_arguments_to_every_tool_start_no_process(cluster: Cluster, tmp_path: Path) -> None:
    answer = subprocess.run(
        [sys.executable, "-m", "tests.invariants.hostile_calls"],
        cwd=CHECKOUT,
        env={**os.environ, "KUBECONFIG": str(_two_contexts(cluster, tmp_path))},
        capture_output=True,
        encoding="utf-8",
        timeout=240,
        check=False,
    )
    assert answer.returncode == 0, answer.stderr
    report = json.loads(answer.stdout)
    assert report["calls"] > 100
    assert report["started"] == ["os.system"]


def _two_contexts(cluster: Cluster, folder: Path) -> Path:
    """Where there is a choice, the tools take a context, too."""
    config = yaml.safe_load(cluster.kubeconfig.read_text("utf-8"))
    config["contexts"] += [{**config["contexts"][0], "name": "second"}]
    path = folder / "kubeconfig"
    path.write_text(json.dumps(config), "utf-8")
    return path


def _imports(path: Path) -> set[str]:
    found = set()
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{name.name}" for name in node.names)}
        elif isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
    return found


def _ways(source: str) -> Iterator[str]:
    """Whatever in a module could start a process, or hide that it does."""
    for node in ast.walk(ast.parse(source)):
        match node:
            case ast.Import(names=names):
                yield from (name.name for name in names if name.name in MODULES)
            case ast.ImportFrom(module=module, names=names):
                yield from (str(module) for _ in names if module in MODULES)
                yield from (name.name for name in names if name.name in FUNCTIONS | MODULES)
            case ast.Attribute(attr=name) | ast.Name(id=name) if name in FUNCTIONS:
                yield name
            case ast.Call(func=function, args=arguments) if ast.unparse(function).endswith(BY_NAME):
                texts = {str(each.value) for each in arguments if isinstance(each, ast.Constant)}
                yield from texts & (FUNCTIONS | MODULES)
            case ast.keyword(arg="shell"):
                yield "shell="
            case _:
                pass
