"""The cgroups of a node's containers: one of a name of its own, because cgroups belong to no namespace's end."""

from __future__ import annotations

import contextlib
import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_ROOT = Path("/sys/fs/cgroup")
_SECONDS = 10


def make(name: str) -> None:
    """Make it in each hierarchy (version 1 has several; version 2 one)."""
    for hierarchy in _hierarchies():
        (hierarchy / name).mkdir(exist_ok=True)


def remove(name: str) -> None:
    """Remove it, and what is in it, as soon as its last process is gone; none there is no error."""
    limit = time.monotonic() + _SECONDS
    while found := [cgroup for hierarchy in _hierarchies() if (cgroup := hierarchy / name).is_dir()]:
        for cgroup in found:
            _remove(cgroup)
        if time.monotonic() > limit:
            raise TimeoutError(f"The cgroup {found[0]} still has processes after {_SECONDS} s.")
        time.sleep(0.02)


def _hierarchies() -> Iterator[Path]:
    if (_ROOT / "cgroup.controllers").exists():
        yield _ROOT
    else:
        yield from (folder for folder in _ROOT.glob("*/") if (folder / "cgroup.procs").exists())


def _remove(cgroup: Path) -> None:
    for inner in cgroup.glob("*/"):
        _remove(inner)
    with contextlib.suppress(OSError):  # a process of it has not ended yet
        cgroup.rmdir()
