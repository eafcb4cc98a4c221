"""The pinned requirements: complete, hashed, and silent about where anything is fetched from."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

if TYPE_CHECKING:
    from collections.abc import Iterable

ROOT = Path(__file__).parents[2]
LOCKS = sorted((ROOT / "requirements").glob("*.txt"))
each_lock = pytest.mark.parametrize("lock", [pytest.param(path, id=path.stem) for path in LOCKS])
ADDRESS = re.compile(
    r"https?://|--(extra-)?index-url|--trusted-host|--find-links|^-[if] |"
    r"\b(registry|index)[.-][\w.-]*\.(com|io|org|net)\b",
    re.MULTILINE,
)


def entries(lock: Path) -> dict[str, tuple[str, str]]:
    """Return each entry as name -> (version, the rest with its hashes)."""
    text = re.sub(r"^\s*#.*$", "", lock.read_text(encoding="utf-8"), flags=re.MULTILINE)
    found: dict[str, tuple[str, str]] = {}
    for line in text.replace("\\\n", " ").splitlines():
        if line.strip():
            pin, _, rest = line.partition(" ")
            name, _, version = pin.partition("==")
            found[canonicalize_name(name)] = (version, rest)
    return found


def wanted(lines: Iterable[str]) -> set[tuple[str, str]]:
    """Return name and specifier of each requirement that is not ours."""
    others = [r for r in map(Requirement, lines) if "mcp-kubernetes" not in r.name]
    return {(r.name.lower(), str(r.specifier)) for r in others}


@each_lock
def test_every_entry_is_one_version_with_hashes(lock: Path) -> None:
    assert entries(lock)
    for name, (version, rest) in entries(lock).items():
        assert re.fullmatch(r"[\w.]+", version), f"{name} is not pinned"
        assert "--hash=sha256:" in rest, f"{name} has no hash"


@each_lock
def test_none_of_our_own_names_is_ever_asked_of_an_index(lock: Path) -> None:
    assert not {name for name in entries(lock) if "mcp-kubernetes" in name}


@pytest.mark.parametrize("lock", [path for path in LOCKS if path.stem != "langchain"], ids=lambda path: path.stem)
def test_the_same_package_has_the_same_version_in_every_lock_of_one_environment(lock: Path) -> None:
    everything = entries(ROOT / "requirements" / "test.txt")
    shared = {name: pin for name, (pin, _) in entries(lock).items() if name in everything}
    assert shared == {name: everything[name][0] for name in shared}


def test_the_host_is_locked_from_what_its_pyproject_declares() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lines = (ROOT / "requirements" / "host.in").read_text(encoding="utf-8").splitlines()
    assert wanted(line for line in lines if not line.startswith("#")) == wanted(project["dependencies"])


def test_what_the_plugins_declare_is_locked_with_the_host() -> None:
    locked = entries(ROOT / "requirements" / "host.txt") | entries(ROOT / "requirements" / "runner.txt")
    for path in ROOT.glob("plugins/*/pyproject.toml"):
        declared = tomllib.loads(path.read_text(encoding="utf-8"))["project"]["dependencies"]
        for requirement in map(Requirement, declared):
            if "mcp-kubernetes" not in requirement.name:
                assert locked[canonicalize_name(requirement.name)][0] in requirement.specifier


@pytest.mark.parametrize(
    "name",
    ["Makefile", "tox.ini", ".ci/run", "pyproject.toml", "CONTRIBUTING.md"],
)
def test_no_file_of_the_set_up_names_an_index(name: str) -> None:
    text = (ROOT / name).read_text(encoding="utf-8")
    assert not re.search(r"--(extra-)?index-url|--trusted-host|PIP_INDEX|npm_config_registry", text)


@each_lock
def test_no_lock_names_an_address(lock: Path) -> None:
    assert not ADDRESS.search(lock.read_text(encoding="utf-8"))


@pytest.mark.parametrize("folder", ["clients", "conformance", "inspector", "oidc"])
def test_npm_packages_are_locked_with_integrity_and_without_resolved_addresses(folder: str) -> None:
    lock = json.loads((ROOT / "tests" / folder / "package-lock.json").read_text(encoding="utf-8"))
    for name, package in lock["packages"].items():
        assert "resolved" not in package, f"{name} says where it was fetched from"
        assert name == "" or "integrity" in package, f"{name} has no integrity"
