"""Where the cluster's programs come from: a folder the developer names, else built once into the cache.

Distributions rarely carry the versions we test against and downloads differ by platform; Go modules
are the same everywhere, verified by their checksums, and need nothing but a compiler.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

from filelock import FileLock

from tests.cluster.compiler import compiler
from tests.cluster.folders import cache_folder
from tests.cluster.versions import GO_MINIMUM, MODULES, ClusterUnavailable, Module

if TYPE_CHECKING:
    from collections.abc import Callable

_BUILD_SECONDS = 3600


def binary(name: str) -> Path:
    """The program (or YAML file) `name`: from KUBEBUILDER_ASSETS, else from the cache, else built into it."""
    given = os.environ.get("KUBEBUILDER_ASSETS")
    if given and (named := Path(given, name)).exists():
        return named.resolve()
    module = next(module for module in MODULES if name in module.programs or name in module.texts)
    path = cache_folder("bin", module.folder) / name
    return path if path.exists() else _made(module, path)


def _made(module: Module, path: Path) -> Path:
    # One lock for all: two builds at once are slower than one after the other, and share their packages.
    with FileLock(cache_folder("bin") / ".lock", timeout=_BUILD_SECONDS):
        if not path.exists():
            sys.stderr.write(f"making {path.name} {module.version} (once; minutes) ...\n")
            _atomically(path, lambda scratch: _make(module, path.name, scratch))
    return path


def _atomically(path: Path, make: Callable[[Path], Path]) -> None:
    with tempfile.TemporaryDirectory(dir=path.parent, prefix=".new-") as scratch:
        make(Path(scratch)).replace(path)


def _make(module: Module, name: str, scratch: Path) -> Path:
    go = _Go(scratch, compiler(cache_folder("bin")))
    made = scratch / name
    go.require(module)
    if package := module.programs.get(name):
        go.run("build", "-trimpath", "-ldflags", module.ldflags, "-o", str(made), package)
    else:
        home = Path(go.run("list", "-m", "-f", "{{.Dir}}", module.path).strip())
        made.write_text("\n---\n".join((home / text).read_text("utf-8") for text in module.texts[name]), "utf-8")
    return made


class _Go:
    """The compiler at work in a module of our own, which requires the one we want a program of."""

    def __init__(self, folder: Path, go: Path) -> None:
        self.folder = folder
        self.go = go
        self._write("")

    def require(self, module: Module) -> None:
        if module.staging:
            self._write(self._staged(module))
        else:
            self.run("get", f"{module.path}@{module.version}")

    def run(self, *arguments: str) -> str:
        mine = {"GOFLAGS": "-mod=mod", "GOWORK": "off", "CGO_ENABLED": "0", "GOTOOLCHAIN": "local"}
        try:
            return subprocess.run(
                [self.go, *arguments],
                cwd=self.folder,
                env={**os.environ, **mine},
                capture_output=True,
                encoding="utf-8",
                timeout=_BUILD_SECONDS,
                check=True,
            ).stdout
        except subprocess.CalledProcessError as error:
            raise ClusterUnavailable(f"`go {' '.join(arguments)}` failed: {error.stderr[-2000:].strip()}") from error

    def _write(self, requirements: str) -> None:
        minimum = ".".join(map(str, GO_MINIMUM))
        (self.folder / "go.mod").write_text(f"module testbed\ngo {minimum}.0\n{requirements}", "utf-8")

    def _staged(self, module: Module) -> str:
        """Kubernetes replaces its parts by folders of its own repository; outside, each needs its version."""
        download = json.loads(self.run("mod", "download", "-json", f"{module.path}@{module.version}"))
        parts = re.findall(r"^\s*(\S+) => \./staging/", Path(download["GoMod"]).read_text("utf-8"), re.MULTILINE)
        replaced = "".join(f"replace {part} => {part} {module.staging}\n" for part in parts)
        return f"require {module.path} {module.version}\n{replaced}"
