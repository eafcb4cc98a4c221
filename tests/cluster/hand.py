"""The cluster by hand: it stays when the command ends, until `down`.

A process in the background holds it exactly as a test run would, so that there is one way to start and
one way to end: when the holder goes, however it goes, its components go.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from filelock import FileLock

from tests.cluster import node
from tests.cluster.binaries import binary
from tests.cluster.cluster import Cluster
from tests.cluster.folders import cache_folder, identity, is_running, remove_leftovers
from tests.cluster.node import parts
from tests.cluster.processes import READY_SECONDS
from tests.cluster.run import start
from tests.cluster.versions import MODULES, ClusterUnavailable

_CHECKOUT = Path(__file__).parents[2]
_DOWN_SECONDS = 15.0


def up() -> Cluster:
    """The cluster held in the background, started when there is none."""
    _build()
    with FileLock(cache_folder("run") / "hand.lock", timeout=4 * READY_SECONDS):
        return found() or _started()


def down() -> bool:
    """End it; returns whether there was one."""
    with FileLock(cache_folder("run") / "hand.lock", timeout=4 * READY_SECONDS):
        holder = _state().get("holder", "")
        if there_was := is_running(holder):
            _end(holder)
        _state_file().unlink(missing_ok=True)
        remove_leftovers()
        return there_was


def found() -> Cluster | None:
    """The cluster that is up, if any."""
    state = _state()
    return Cluster.from_json(state["cluster"]) if is_running(state.get("holder", "")) else None


def hold() -> None:
    """Start a cluster, say where it is, and keep it until SIGTERM: the process in the background."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    with start() as cluster:
        if not parts.missing():
            node.shared(cluster)
        state = {"holder": identity(os.getpid()), "cluster": cluster.to_json()}
        fresh = _state_file().with_suffix(".new")
        fresh.touch(mode=0o600)
        fresh.write_text(json.dumps(state), "utf-8")
        fresh.replace(_state_file())
        while True:
            signal.pause()


def _build() -> None:
    """Here, where progress is seen, and not in the background."""
    for module in MODULES:
        for name in (*module.programs, *module.texts):
            binary(name)


def _started() -> Cluster:
    log = cache_folder("run") / "hand.log"
    holder = _launched(log)
    limit = time.monotonic() + 3 * READY_SECONDS
    while not (cluster := found()):
        if holder.poll() is not None or time.monotonic() > limit:
            holder.kill()
            raise ClusterUnavailable(f"The cluster did not start: {log.read_text('utf-8')[-2000:]}")
        time.sleep(0.1)
    return cluster


def _launched(log: Path) -> subprocess.Popen[bytes]:
    with log.open("wb") as output:
        return subprocess.Popen(
            [sys.executable, "-m", "tests.cluster", "hold"],
            cwd=_CHECKOUT,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def _end(holder: str) -> None:
    pid, limit = int(holder.partition(" ")[0]), time.monotonic() + _DOWN_SECONDS
    os.kill(pid, signal.SIGTERM)
    while is_running(holder):
        if time.monotonic() > limit:
            os.kill(pid, signal.SIGKILL)  # its components follow it
        time.sleep(0.05)


def _state_file() -> Path:
    return cache_folder("run") / "hand.json"


def _state() -> dict[str, str]:
    try:
        state: dict[str, str] = json.loads(_state_file().read_text("utf-8"))
    except FileNotFoundError:
        return {}
    return state
