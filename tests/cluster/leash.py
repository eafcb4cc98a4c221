"""Runs one program and ends it when its owner is gone, however the owner went.

The kernel's parent-death signal alone is tied to the *thread* that forked, and needs code between fork
and exec in a process that may have threads. So a small process stands in between: its standard input is
a pipe that the owner holds, and the end of the pipe is the end of the owner. Should this process be
killed itself, the kernel's signal does the rest (Linux). Run by path, without our packages, to start fast.

    python -I -S leash.py PROGRAM ARGUMENT...
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import threading

_PR_SET_PDEATHSIG = 1


def main(command: list[str]) -> int:
    """Run the command until it ends or the owner does; returns its exit code."""
    # Killed, not asked: everything it owns is in the run's folder, and nothing there is worth a slow end.
    component = subprocess.Popen(command, stdin=subprocess.DEVNULL, preexec_fn=_die_with_parent)  # noqa: PLW1509 - no thread yet
    threading.Thread(target=_when_owner_ends, args=(component,), daemon=True).start()
    return component.wait() & 0xFF


def _die_with_parent() -> None:
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _when_owner_ends(component: subprocess.Popen[bytes]) -> None:
    while os.read(0, 1):
        pass
    component.kill()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
