"""What the pyprojects promise: one version, floors only, and that a distribution declares what it imports."""

from __future__ import annotations

import ast
import sys
import tomllib
from functools import cache
from importlib.metadata import packages_distributions
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[2]
PYPROJECTS = {
    "mcp-kubernetes": ROOT / "pyproject.toml",
    **{path.parent.name: path for path in sorted(ROOT.glob("plugins/*/pyproject.toml"))},
}
EXAMPLE = ROOT / "examples" / "third_party" / "pyproject.toml"
# Halves of a pair, which their other half pins to one exact version: declared with it.
PINNED_BY = {"mcp-types": "mcp", "pydantic-core": "pydantic"}
each_distribution = pytest.mark.parametrize("path", [pytest.param(p, id=n) for n, p in PYPROJECTS.items()])


@cache
def read(path: Path) -> dict[str, Any]:
    return tomllib.loads(path.read_text(encoding="utf-8"))


def requirements(path: Path) -> list[Requirement]:
    project = read(path)["project"]
    extras = project.get("optional-dependencies", {}).values()
    return [Requirement(line) for lines in (project["dependencies"], *extras) for line in lines]


def packages(path: Path) -> list[Path]:
    wheel = read(path)["tool"]["hatch"]["build"]["targets"]["wheel"]
    return [path.parent / name for name in wheel["packages"]]


def test_all_distributions_have_one_version() -> None:
    assert {name: read(path)["project"]["version"] for name, path in PYPROJECTS.items()} == dict.fromkeys(
        PYPROJECTS, "0.1.0"
    )


@each_distribution
def test_the_oldest_python_is_the_same_everywhere(path: Path) -> None:
    assert read(path)["project"]["requires-python"] == ">=3.11"


@each_distribution
def test_dependencies_have_a_floor_and_are_never_pinned(path: Path) -> None:
    for requirement in requirements(path):
        operators = {specifier.operator for specifier in requirement.specifier}
        assert ">=" in operators, f"{requirement} has no floor"
        assert operators <= {">=", "<"}, f"{requirement} is more than a floor and a bound"
        assert requirement.url is None


@each_distribution
def test_our_own_distributions_accept_each_other_up_to_the_next_major_version(path: Path) -> None:
    for requirement in requirements(path):
        if "mcp-kubernetes" in requirement.name:
            assert str(requirement.specifier) == "<1,>=0.1.0", requirement


@each_distribution
def test_everything_imported_is_declared(path: Path) -> None:
    declared = {canonicalize_name(requirement.name) for requirement in requirements(path)}
    # An editable install lists no packages, so ours are added by hand.
    ours = {p.name: [read(path)["project"]["name"]] for path in PYPROJECTS.values() for p in packages(path)}
    known = {**packages_distributions(), **ours}
    for package in packages(path):
        for name, where in imported(package):
            if name in sys.stdlib_module_names or name == package.name:
                continue
            owners = {canonicalize_name(owner) for owner in known.get(name, ())}
            owners |= {canonicalize_name(PINNED_BY[owner]) for owner in owners if owner in PINNED_BY}
            assert owners & declared, f"{where} imports {name}, which {path} does not declare"


def imported(package: Path) -> list[tuple[str, str]]:
    """Return the top-level name and the place of each absolute import."""
    found = []
    for module in package.rglob("*.py"):
        for node in ast.walk(ast.parse(module.read_text(encoding="utf-8"))):
            place = f"{module.relative_to(ROOT)}:{getattr(node, 'lineno', 0)}"
            if isinstance(node, ast.Import):
                found += [(alias.name.partition(".")[0], place) for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                found.append((node.module.partition(".")[0], place))
    return found


@each_distribution
def test_every_package_is_typed_and_has_the_licence_beside_it(path: Path) -> None:
    assert (path.parent / "LICENSE").read_text(encoding="utf-8").lstrip().startswith("Apache License")
    for package in packages(path):
        assert (package / "py.typed").exists()


def test_a_plain_install_brings_the_core_plugins() -> None:
    names = {requirement.name for requirement in requirements(PYPROJECTS["mcp-kubernetes"])}
    assert {f"mcp-kubernetes-{name}" for name in ("cluster", "contexts", "pods", "resources")} <= names


def test_each_plugin_is_found_under_its_own_name() -> None:
    for name, path in PYPROJECTS.items():
        if name in {"mcp-kubernetes", "testing"}:
            continue
        project = read(path)["project"]
        assert project["name"] == f"mcp-kubernetes-{name}"
        points = project["entry-points"]["mcp_kubernetes"]
        modules = {key: value.partition(":")[0] for key, value in points.items()}
        assert modules == {name: f"mcp_kubernetes_{name}"}


def test_the_example_of_an_outside_plugin_depends_on_the_host_alone() -> None:
    assert [str(requirement) for requirement in requirements(EXAMPLE)] == ["mcp-kubernetes<1,>=0.1.0"]
    assert "acme" in read(EXAMPLE)["project"]["entry-points"]["mcp_kubernetes"]


def test_the_tools_know_every_package() -> None:
    """A new plugin must be tested, typed, measured and held to the import contracts like the others."""
    tool = read(ROOT / "pyproject.toml")["tool"]
    sources = {p.parent.relative_to(ROOT).as_posix() for path in PYPROJECTS.values() for p in packages(path)}
    names = {p.name for path in PYPROJECTS.values() for p in packages(path)}
    assert sources - {"."} <= set(tool["mypy"]["files"])
    assert names <= set(tool["coverage"]["run"]["source_pkgs"])
    assert names <= set(tool["importlinter"]["root_packages"])
    assert {f"plugins/{name}/tests" for name in PYPROJECTS if name != "mcp-kubernetes"} <= set(
        tool["pytest"]["ini_options"]["testpaths"]
    )
