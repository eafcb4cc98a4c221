"""Rules about the code itself that no linter of ours knows: size, words, public names, what imports what."""

from __future__ import annotations

import ast
import importlib.util
import pkgutil
import subprocess
import sys
from pathlib import Path
from statistics import quantiles
from types import ModuleType
from typing import TYPE_CHECKING, Any

import pytest

import mcp_kubernetes
from mcp_kubernetes import spi

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[1]
HOST = ROOT / "mcp_kubernetes"
PLUGINS = [*sorted(ROOT.glob("plugins/*/src/*")), ROOT / "examples" / "third_party" / "acme_mcp_tools"]
MODULES = [module for package in (HOST, *PLUGINS) for module in sorted(package.rglob("*.py"))]
PUBLIC: dict[str, ModuleType] = {"mcp_kubernetes": mcp_kubernetes, "mcp_kubernetes.spi": spi}

LONGEST_FILE = 300
LONGEST_FUNCTION = 60
LONG_FUNCTION = 40
"""At most one function in twenty is longer."""

HEAVY = ("mcp", "mcp_types", "kubernetes", "aiohttp")

modules = pytest.mark.parametrize("module", MODULES, ids=lambda path: str(path.relative_to(ROOT)))


def tree(module: Path) -> ast.Module:
    return ast.parse(module.read_text(encoding="utf-8"))


def functions(module: Path) -> Iterator[tuple[str, int]]:
    """Name and number of lines of each function, its docstring and decorators included."""
    for node in ast.walk(tree(module)):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            first = min([node.lineno, *(decorator.lineno for decorator in node.decorator_list)])
            yield f"{module.name}:{node.name}", (node.end_lineno or first) - first + 1


def host_imports(module: Path) -> Iterator[tuple[str, str]]:
    """Module and name of everything that is imported from the host, also for annotations alone."""
    for node in ast.walk(tree(module)):
        if isinstance(node, ast.Import):
            yield from ((each.name, "") for each in node.names if each.name.startswith("mcp_kubernetes."))
        if isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] == "mcp_kubernetes":
            yield from ((node.module or "", each.name) for each in node.names)


@modules
def test_a_module_says_why_it_exists_and_can_be_read_at_one_sitting(module: Path) -> None:
    assert ast.get_docstring(tree(module))
    assert len(module.read_text(encoding="utf-8").splitlines()) <= LONGEST_FILE


def test_functions_are_short() -> None:
    lengths = {name: length for module in MODULES for name, length in functions(module)}
    assert {name: length for name, length in lengths.items() if length > LONGEST_FUNCTION} == {}
    assert quantiles(lengths.values(), n=20)[-1] <= LONG_FUNCTION


@pytest.mark.parametrize("name", PUBLIC)
def test_public_names_are_sorted_and_load(name: str) -> None:
    module = PUBLIC[name]
    assert list(module.__all__) == sorted(set(module.__all__))
    assert all(getattr(module, each) is not None for each in module.__all__)


@pytest.mark.parametrize("name", PUBLIC)
def test_public_names_are_what_type_checkers_are_told(name: str) -> None:
    told = {
        alias.asname or alias.name
        for node in tree(Path(str(PUBLIC[name].__file__))).body
        if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        for imported in node.body
        if isinstance(imported, ast.ImportFrom)
        for alias in imported.names
    }
    assert told == set(PUBLIC[name].__all__)


def test_no_public_name_hides_a_module_of_the_host() -> None:
    submodules = {found.name for found in pkgutil.iter_modules(mcp_kubernetes.__path__)}
    assert not submodules & {*mcp_kubernetes.__all__, *spi.__all__}


def test_an_unknown_public_name_is_an_attribute_error() -> None:
    for module in PUBLIC.values():
        with pytest.raises(AttributeError, match="has no attribute 'Nonsense'"):
            _: Any = module.Nonsense


@pytest.mark.parametrize("module", ["", ".hookspecs", ".tools", ".plugins", ".spi", ".kube", ".app", ".config"])
def test_importing_it_loads_nothing_heavy(module: str) -> None:
    code = f"import sys, mcp_kubernetes{module}; print(*({{*{HEAVY!r}}} & {{*sys.modules}}))"
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True, capture_output=True, encoding="utf-8")
    assert not done.stdout.split()


@pytest.mark.parametrize("package", PLUGINS, ids=lambda path: path.name)
def test_a_plugin_uses_only_public_names_of_the_host(package: Path) -> None:
    used = [found for module in package.rglob("*.py") for found in host_imports(module)]
    assert used
    assert not [(module, name) for module, name in used if module not in PUBLIC or name not in PUBLIC[module].__all__]


def test_every_installed_plugin_is_under_these_rules() -> None:
    names = {package.name for package in PLUGINS}
    assert {
        "mcp_kubernetes_cluster",
        "mcp_kubernetes_contexts",
        "mcp_kubernetes_resources",
        "pytest_mcp_kubernetes",
    } <= names
    assert all(importlib.util.find_spec(name) for name in names - {"acme_mcp_tools"})
