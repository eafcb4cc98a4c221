"""Each import contract is seen to fail: one violating import is planted, and that contract alone breaks."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES = [ROOT / "mcp_kubernetes", *sorted(ROOT.glob("plugins/*/src/*mcp_kubernetes*"))]
MODULE = re.compile(r"[a-z_]+(\.\w+)*")
TOOL = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]
CONTRACTS = {contract["id"]: contract["name"] for contract in TOOL["importlinter"]["contracts"]}


@dataclass(frozen=True)
class Plant:
    """One import, in one module, that one contract forbids."""

    contract: str
    module: str
    line: str


CONTEXTS = "mcp_kubernetes_contexts/planted.py"
PLANTS = [
    Plant("layers", "mcp_kubernetes/errors.py", "import mcp_kubernetes.server"),
    Plant("layers-of-kube", "mcp_kubernetes/kube/wire/http.py", "import mcp_kubernetes.kube.client"),
    Plant("host-knows-no-plugin", "mcp_kubernetes/errors.py", "import mcp_kubernetes_resources.planted"),
    Plant("plugins-are-independent", CONTEXTS, "import mcp_kubernetes_resources.planted"),
    Plant("public-api-only", CONTEXTS, "from mcp_kubernetes.kube import client"),
    Plant("public-api-only", "pytest_mcp_kubernetes/planted.py", "from mcp_kubernetes.app import App"),
    Plant("kubernetes-only-in-kube", "mcp_kubernetes/errors.py", "from kubernetes import client"),
    Plant("kubernetes-only-in-kube", "mcp_kubernetes_resources/planted.py", "import aiohttp"),
    Plant("mcp-only-at-the-bridge", "mcp_kubernetes/errors.py", "import mcp_types"),
    Plant("mcp-only-at-the-bridge", CONTEXTS, "from mcp import types"),
    Plant("http-only-in-transports", "mcp_kubernetes/errors.py", "import starlette"),
    Plant("http-only-in-transports", CONTEXTS, "from uvicorn import Config"),
    Plant("pluggy-only-behind-plugins", "mcp_kubernetes/errors.py", "import pluggy"),
    Plant("pluggy-only-behind-plugins", CONTEXTS, "import pluggy"),
    Plant("dynaconf-only-in-config", "mcp_kubernetes/settings.py", "from dynaconf import Dynaconf"),
]


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """Return a copy of all packages, with an empty module `planted` in each plugin."""
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for package in PACKAGES:
        shutil.copytree(package, tmp_path / package.name, ignore=shutil.ignore_patterns("__pycache__"))
        if package.name != "mcp_kubernetes":
            (tmp_path / package.name / "planted.py").touch()
    return tmp_path


def lint_imports(tree: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [Path(sys.executable).with_name("lint-imports"), "--no-cache"],
        cwd=tree,
        env=os.environ | {"PYTHONPATH": str(tree), "COLUMNS": "200"},
        check=False,
        capture_output=True,
        encoding="utf-8",
    )


def broken(run: subprocess.CompletedProcess[str]) -> set[str]:
    named = set(re.findall(r"^(.+) BROKEN\b", run.stdout, re.MULTILINE))
    return {contract for contract, name in CONTRACTS.items() if name in named}


def test_the_contracts_hold(tree: Path) -> None:
    run = lint_imports(tree)
    assert run.returncode == 0, run.stdout + run.stderr


def test_imports_by_name_hold_the_contracts_too(tree: Path) -> None:
    """What is loaded late, by a literal name, is written out as an import, and checked like one."""
    found = 0
    for module in tree.rglob("*.py"):
        if names := loaded_by_name(module):
            found += len(names)
            with module.open("a", encoding="utf-8") as text:
                text.write("".join(f"\nimport {name}" for name in names))
    run = lint_imports(tree)
    assert found
    assert run.returncode == 0, run.stdout + run.stderr


def loaded_by_name(module: Path) -> list[str]:
    """Return the literal names that import_module or load is given, also through partial() or to_thread()."""
    names = []
    for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call) and {"import_module", "load"} & {*map(called, (node.func, *node.args))}:
            values = [argument.value for argument in node.args if isinstance(argument, ast.Constant)]
            names += [value for value in values if isinstance(value, str) and MODULE.fullmatch(value)]
    return names


def called(node: ast.expr) -> str:
    """Return the last part of a name: `import_module` for `importlib.import_module`."""
    return node.attr if isinstance(node, ast.Attribute) else node.id if isinstance(node, ast.Name) else ""


def test_every_contract_has_a_plant() -> None:
    assert {plant.contract for plant in PLANTS} == set(CONTRACTS)


@pytest.mark.parametrize("plant", [pytest.param(p, id=f"{p.contract}-{p.module}") for p in PLANTS])
def test_a_planted_import_breaks_its_contract_and_no_other(tree: Path, plant: Plant) -> None:
    with (tree / plant.module).open("a", encoding="utf-8") as module:
        module.write(f"\n{plant.line}\n")
    run = lint_imports(tree)
    assert run.returncode == 1
    assert broken(run) == {plant.contract}, run.stdout


def test_a_new_module_of_the_host_must_be_given_a_layer(tree: Path) -> None:
    (tree / "mcp_kubernetes" / "planted.py").touch()
    run = lint_imports(tree)
    assert run.returncode == 1
    assert "mcp_kubernetes.planted" in run.stdout


@pytest.mark.parametrize("package", PACKAGES[1:], ids=lambda package: package.name)
def test_plugins_name_only_the_public_modules_even_in_annotations(package: Path) -> None:
    """The contracts leave out imports for type checking; what a plugin's annotations name is public, too."""
    for module in package.rglob("*.py"):
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module] if isinstance(node, ast.ImportFrom) and node.module else []
            private = {n for n in names if n.startswith("mcp_kubernetes.")} - {"mcp_kubernetes.spi"}
            assert not private, f"{module} imports {', '.join(sorted(private))}"
