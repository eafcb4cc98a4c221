"""Python environments of their own for clients that cannot live beside us: pinned, and kept outside of the checkout."""

from __future__ import annotations

import hashlib
import subprocess
import sys
from pathlib import Path

from filelock import FileLock

from tests.cluster.folders import cache_folder

REQUIREMENTS = Path(__file__).parents[2] / "requirements"


def python_of(name: str) -> Path:
    """The interpreter of the environment with what requirements/`name`.txt pins; made when missing."""
    pinned = REQUIREMENTS / f"{name}.txt"
    wanted = hashlib.sha256(pinned.read_bytes() + sys.version.encode()).hexdigest()[:16]
    folder = cache_folder("environments", f"{name}-{wanted}")
    python = folder / "bin" / "python"
    with FileLock(f"{folder}.lock"):
        if not (folder / ".installed").exists():
            _run(sys.executable, "-m", "venv", "--clear", folder)
            _run(python, "-m", "pip", "install", "--quiet", "--require-hashes", "--requirement", pinned)
            (folder / ".installed").touch()
    return python


def _run(*words: str | Path) -> None:
    done = subprocess.run(words, check=False, capture_output=True, encoding="utf-8")
    if done.returncode:
        raise RuntimeError(f"`{' '.join(map(str, words[1:4]))}` failed: {done.stderr[-500:].strip()}")
