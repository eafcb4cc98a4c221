"""The wheels: what is in them, and installing them by name, from folders alone, into a fresh environment."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tomllib
import venv
import zipfile
from pathlib import Path

import pytest
from filelock import FileLock

ROOT = Path(__file__).parents[2]
DISTRIBUTIONS = [ROOT, *(path.parent for path in sorted(ROOT.glob("plugins/*/pyproject.toml")))]
EXAMPLE = ROOT / "examples" / "third_party"
OFFLINE = ["--no-index", "--no-deps", "--no-build-isolation"]
PIP = [sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet"]

# One group, so that one worker builds and installs, and not each of them.
pytestmark = pytest.mark.packaging


def run(*words: str | Path) -> str:
    """Run a program far from the checkout, and return what it wrote to standard output."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    done = subprocess.run(words, cwd="/", env=environment, check=False, capture_output=True, encoding="utf-8")
    assert done.returncode == 0, f"{words} ended with {done.returncode}:\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def dist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the wheel of each distribution of this repository, and of the example."""
    folder = tmp_path_factory.mktemp("dist")
    run(*PIP, "wheel", *OFFLINE, "-w", folder, *DISTRIBUTIONS, EXAMPLE)
    return folder


@pytest.fixture(scope="module")
def wheelhouse() -> Path:
    """Return a folder with the wheels of what the host needs from others, fetched once per set of pins."""
    requirements = ROOT / "requirements" / "host.txt"
    home = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    cache = home / "mcp-kubernetes" / "wheelhouse"
    pins = hashlib.sha256(requirements.read_bytes() + sys.version.encode()).hexdigest()[:16]
    folder = cache / pins
    cache.mkdir(parents=True, exist_ok=True)
    with FileLock(cache / f"{pins}.lock"):
        if not (folder / ".complete").exists():
            run(*PIP, "wheel", "--require-hashes", "--no-deps", "-r", requirements, "-w", folder)
            (folder / ".complete").touch()
    return folder


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory, dist: Path, wheelhouse: Path) -> Path:
    """Return the bin folder of an environment where the host and the example were installed by name."""
    environment = tmp_path_factory.mktemp("environment")
    venv.create(environment, with_pip=False)
    python = environment / "bin" / "python"
    folders = ["--find-links", str(dist), "--find-links", str(wheelhouse)]
    run(*PIP, "--python", python, "install", "--no-index", *folders, "mcp-kubernetes", "acme-mcp-tools")
    run(*PIP, "--python", python, "check")
    return environment / "bin"


def contents(dist: Path, project: Path) -> set[str]:
    name = tomllib.loads((project / "pyproject.toml").read_text(encoding="utf-8"))["project"]["name"]
    (wheel,) = dist.glob(f"{name.replace('-', '_')}-*.whl")
    return set(zipfile.ZipFile(wheel).namelist())


@pytest.mark.parametrize("project", DISTRIBUTIONS, ids=lambda path: "host" if path == ROOT else path.name)
def test_a_wheel_holds_its_one_package_and_nothing_else(dist: Path, project: Path) -> None:
    files = contents(dist, project)
    packages = {name.partition("/")[0] for name in files if ".dist-info/" not in name}
    assert len(packages) == 1
    (package,) = packages
    assert {f"{package}/__init__.py", f"{package}/py.typed"} <= files
    assert any(name.endswith(".dist-info/licenses/LICENSE") for name in files)
    assert not [name for name in files if "test" in name.lower() and not name.startswith(f"{package}")]
    assert not [name for name in files if name.endswith((".pyc", ".toml", ".kubeconfig"))]


def test_every_module_of_the_host_is_in_its_wheel(dist: Path) -> None:
    modules = {p.relative_to(ROOT).as_posix() for p in (ROOT / "mcp_kubernetes").rglob("*.py")}
    assert {name for name in contents(dist, ROOT) if name.endswith(".py")} == modules


def test_the_installed_program_says_its_version(installed: Path) -> None:
    assert "0.1.0" in run(installed / "mcp-kubernetes", "version")


def test_the_installed_program_finds_its_core_plugins_and_the_outside_one(installed: Path) -> None:
    listed = run(installed / "mcp-kubernetes", "plugins")
    for name in ("cluster", "contexts", "resources", "acme"):
        assert name in listed


def test_the_installed_program_lists_its_tools(installed: Path) -> None:
    listed = run(installed / "mcp-kubernetes", "tools")
    for name in ("contexts", "resources", "events"):
        assert f"k8s_list_{name}" in listed
    for name in ("k8s_get_resource", "k8s_describe_resource", "k8s_get_cluster_health"):
        assert name in listed


def test_nothing_of_the_checkout_is_imported(installed: Path) -> None:
    plugins = (f"mcp_kubernetes_{name}" for name in ("cluster", "contexts", "pods", "resources"))
    for package in ("mcp_kubernetes", *plugins):
        where = run(installed / "python", "-c", f"import {package}; print({package}.__file__)")
        assert Path(where).is_relative_to(installed.parent)
