"""Outside plugins as their users install them: a wheel, in a folder on the path of the server's process alone."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

from tests.stdio.wire import environment

if TYPE_CHECKING:
    from pathlib import Path

_PIP = (sys.executable, "-m", "pip", "--disable-pip-version-check", "--quiet")
_OFFLINE = ("--no-index", "--no-deps")


def install(project: Path, target: Path) -> dict[str, str]:
    """Build the project, and install its wheel below `target`; the variables of a process that has it."""
    wheels = target / "wheels"
    run(*_PIP, "wheel", *_OFFLINE, "--no-build-isolation", "--wheel-dir", wheels, project)
    run(*_PIP, "install", *_OFFLINE, "--target", target / "installed", *wheels.glob("*.whl"))
    path = (str(target / "installed"), os.environ.get("PYTHONPATH", ""))
    return {"PYTHONPATH": os.pathsep.join(filter(None, path))}


def run(*words: str | Path, **variables: str) -> str:
    """Run a program to its end; what it printed."""
    done = subprocess.run(
        words, env=environment(None, **variables), check=False, capture_output=True, encoding="utf-8", cwd="/"
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
