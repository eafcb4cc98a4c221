"""Where things live on disk: the cache that outlives runs, a folder per run, and what dead runs left.

A run that is killed cannot clean up after itself, so each folder says whose it is and the next run does.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

from tests.cluster import cgroups

RUN_PREFIX = "mcp-kubernetes-run-"
_OWNER = "owner"
_PROCESSES = "processes"
_LIFELINE = "lifeline"
_MEMORY = Path("/dev/shm")  # noqa: S108 - only folders of a name that cannot be there yet


def cache_folder(*parts: str) -> Path:
    """A folder of ours under XDG_CACHE_HOME, made when missing."""
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    folder = Path(home, "mcp-kubernetes", *parts)
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def new_run_folder() -> Path:
    """An empty folder for one run, stamped with this process as its owner."""
    fresh = Path(tempfile.mkdtemp(prefix=".mcp-kubernetes-"))
    _claim(fresh)
    # Renamed only when stamped: nobody ever sees a run folder without an owner.
    return fresh.rename(fresh.with_name(fresh.name.replace(".mcp-kubernetes-", RUN_PREFIX, 1)))


def data_folder(run: Path, name: str) -> Path:
    """A folder for data that is written often and lost gladly: in memory where there is such a place."""
    path = run / name
    if _MEMORY.is_dir() and os.access(_MEMORY, os.W_OK):
        path.symlink_to(_MEMORY / f"{run.name}-{name}")
        path.readlink().mkdir(mode=0o700)
    else:
        path.mkdir(mode=0o700)
    return path


def remove_run_folder(run: Path) -> None:
    """End what was noted, remove the folder and what its links point to; what is gone already is no error."""
    _end_processes(run)
    cgroups.remove(run.name)
    for link in filter(Path.is_symlink, run.glob("*")):
        shutil.rmtree(link.readlink(), ignore_errors=True)
    shutil.rmtree(run, ignore_errors=True)


def note_process(run: Path, pid: int) -> None:
    """Remember a process (the leader of its group) that must not outlive the folder."""
    notes = run / _PROCESSES
    notes.mkdir(exist_ok=True)
    (notes / str(pid)).write_text(identity(pid), "utf-8")


def hold_lifeline(run: Path) -> int:
    """The file to keep open as long as what other processes start in the run's folder is to live."""
    os.mkfifo(run / _LIFELINE, 0o600)
    return os.open(run / _LIFELINE, os.O_RDWR | os.O_CLOEXEC)


def lifeline(run: Path) -> int:
    """The other end: it ends when the owner does, however that comes to pass."""
    end = os.open(run / _LIFELINE, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    os.set_blocking(end, True)  # it was not for the opening, which must not wait for an owner who is gone
    return end


def remove_leftovers() -> None:
    """End and remove the runs whose owner is gone."""
    for run in Path(tempfile.gettempdir()).glob(f"{RUN_PREFIX}*"):
        with contextlib.suppress(OSError):  # another run's clean-up got there first, or it is another user's
            if run.stat().st_uid == os.getuid() and not is_owned(run):
                remove_run_folder(run)


def is_owned(run: Path) -> bool:
    """Whether the process that made the folder still runs."""
    try:
        return is_running((run / _OWNER).read_text("utf-8"))
    except FileNotFoundError:
        return False  # a removal that did not come to its end


def is_running(who: str) -> bool:
    """Whether the process with this identity runs; a pid that was given out anew is another process."""
    return bool(who) and identity(int(who.partition(" ")[0])) == who


def identity(pid: int) -> str:
    """A process by pid and start time; empty when there is none, or it is only waiting to be reaped."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text("utf-8").rpartition(")")[2].split()
        state, started = fields[0], fields[19]
    except FileNotFoundError:
        state, started = _asked(pid)
    return "" if state.startswith(("Z", "X")) else f"{pid} {started}"


def _asked(pid: int) -> tuple[str, str]:
    """The same from `ps`, for systems without /proc."""
    if Path("/proc/self/stat").exists():
        return "X", ""
    answer = subprocess.run(
        ["ps", "-o", "state=,lstart=", "-p", str(pid)],
        capture_output=True,
        encoding="utf-8",
        timeout=10,
        check=False,
    )
    state, _, started = answer.stdout.strip().partition(" ")
    return state or "X", started


def _claim(run: Path) -> None:
    (run / _OWNER).write_text(identity(os.getpid()), "utf-8")


def _end_processes(run: Path) -> None:
    for note in run.rglob(f"{_PROCESSES}/*"):
        if is_running(note.read_text("utf-8")):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(int(note.name), signal.SIGKILL)
