"""`python -m bench.opening [--mib N]`: how fast snapshots are opened in each form, and with how much memory.

Each is opened in a process of its own, whose own time counts. Memory is the most that it held at a time (VmHWM), beside
what it held before; pages of the dump that are mapped count as long as they are, those that the system alone keeps do
not. With `--mib 1000` it takes some minutes, and 2 GiB in the temporary folder.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from bench.measuring import HEAD, Figure, memory
from tests.snapshot.dumps import DUMPS

_MIB = 1 << 20
_MOST_UNPACKED = 1 << 40


def figures(rounds: int, mib: int = 16) -> Iterator[Figure]:
    """Two for each form: the time, beside that of a hash of the same bytes, and the memory."""
    for name, write in DUMPS.items():
        with tempfile.TemporaryDirectory() as folder:
            path = write(Path(folder), mib * _MIB)
            runs = [_run(path) for _ in range(rounds)]
        what = f"opening {mib:,} MiB: {name}"
        times = [(ours, peer) for ours, peer, _, _ in runs]
        yield Figure(what=what, peer="SHA-256 of the same bytes", pairs=times, unit="MiB/s", scale=mib, inverse=True)
        yield Figure(what="memory for that", peer="the same before", pairs=[run[2:] for run in runs], unit="MiB")


def _run(path: Path) -> tuple[float, float, float, float]:
    command = [sys.executable, "-m", "bench.opening", "--path", path]
    done = subprocess.run(command, check=True, capture_output=True, encoding="utf-8")  # noqa: S603 - this very program
    ours, peer, most, before = map(float, done.stdout.split())
    return ours, peer, most, before


def _measured(path: Path) -> tuple[float, float, float, float]:
    from mcp_kubernetes_snapshot.opening import Snapshot

    before = _most()
    ours = _seconds(Snapshot(name="bench", path=path, most_bytes=_MOST_UNPACKED).opened_now)
    most = _most()
    return ours, _seconds(lambda: _hashed(path)), most, before


def _seconds(work: Callable[[], object]) -> float:
    """Of this process's own time, for other processes may be about."""
    began = time.process_time()
    work()
    return time.process_time() - began


def _hashed(path: Path) -> None:
    for file in [path] if path.is_file() else path.rglob("*.*"):
        with file.open("rb") as content:
            hashlib.file_digest(content, "sha256")


def _most() -> float:
    return memory(os.getpid(), "VmHWM")


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(prog="python -m bench.opening", description=__doc__)
    parser.add_argument("--mib", type=int, default=64, metavar="N", help="size of each dump (64)")
    parser.add_argument("--rounds", type=int, default=3, metavar="N", help="openings of each (3)")
    parser.add_argument("--path", type=Path, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.path:
        print(*_measured(options.path))
        return 0
    print(HEAD)
    for figure in figures(options.rounds, options.mib):
        print(figure.row(), flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
