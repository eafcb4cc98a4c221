"""A component as a child process: started on a leash, waited for with a limit, its log at hand."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests.cluster.folders import note_process

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

READY_SECONDS = 60.0
_LEASH = Path(__file__).with_name("leash.py")


class ComponentFailed(RuntimeError):
    """A component ended or did not become ready; the message carries the tail of its log."""


class PortTaken(ComponentFailed):
    """Somebody took the port between our choosing it and the component's binding it."""


@dataclass(frozen=True, kw_only=True)
class Process:
    """One running component."""

    name: str
    log: Path
    child: subprocess.Popen[bytes]

    def wait_until(self, ready: Callable[[], bool], what: str, seconds: float = READY_SECONDS) -> None:
        """Poll until `ready`; raises ComponentFailed when the component ends first or the time is over."""
        limit = time.monotonic() + seconds
        while not ready():
            if self.child.poll() is not None:
                raise self._failure(f"ended with code {self.child.returncode} before {what}")
            if time.monotonic() > limit:
                raise self._failure(f"had not reached {what} after {seconds:.0f} s")
            time.sleep(0.05)

    def stop(self) -> None:
        """End it, and return when it has ended."""
        assert self.child.stdin is not None
        self.child.stdin.close()
        try:
            self.child.wait(timeout=5)
        except subprocess.TimeoutExpired:
            os.killpg(self.child.pid, signal.SIGKILL)
            self.child.wait(timeout=5)

    def disown(self) -> None:
        """Leave it to its owner: that nobody here waits for its end is no mistake, as Popen would think."""
        self.child.returncode = 0

    def _failure(self, sentence: str) -> ComponentFailed:
        tail = "\n".join(self.log.read_text("utf-8", errors="replace").splitlines()[-20:])
        kind = PortTaken if "address already in use" in tail else ComponentFailed
        return kind(f"{self.name} {sentence}; the end of {self.log}:\n{tail}")


def launch(run: Path, name: str, command: Sequence[str | Path], owner: int = subprocess.PIPE) -> Process:
    """Start a component in the run's folder, in a session of its own (Ctrl-C is ours, not its own).

    It ends with this process, or with the one that holds the other end of the file `owner`.
    """
    log = run / "logs" / f"{name}.log"
    log.parent.mkdir(exist_ok=True)
    with log.open("wb") as output:
        child = subprocess.Popen(
            [sys.executable, "-I", "-S", _LEASH, *command],
            cwd=run,
            stdin=owner,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    note_process(run, child.pid)
    return Process(name=name, log=log, child=child)


def free_port() -> int:
    """A port on loopback that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
