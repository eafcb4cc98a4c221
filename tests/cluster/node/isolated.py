"""The first process of the node's own namespaces: it lays out the mounts, and runs containerd and the kubelet.

In namespaces of their own for processes and mounts, because containers, their shims and their mounts otherwise outlive
whoever started them. Here the end of this process ends them all, and the kernel forgets the mounts with them. What the
kubelet and the network plugins would set for the whole machine is shown to them as if it were set.
Run by path, without our packages, to start fast.

    unshare --mount --pid --fork --kill-child --mount-proc python -I -S isolated.py PLAN.json
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

_SECONDS = 60


def main(plan: dict[str, Any]) -> int:
    """Run what the plan says until one of the two ends; returns its exit code."""
    for folder in plan["empty"]:
        _mount("-t", "tmpfs", "none", folder)
    for number, (path, value) in enumerate(plan["settled"].items()):
        shown = Path(plan["folder"], f"settled-{number}")
        shown.write_text(value, "ascii")
        _mount("--bind", str(shown), path)
    containerd = _launched(plan, "containerd")
    _wait(Path(plan["socket"]), containerd)
    subprocess.run(plan["import"], check=True, timeout=_SECONDS, stdin=subprocess.DEVNULL)
    return _reap({containerd.pid, _launched(plan, "kubelet").pid})


def _mount(*arguments: str) -> None:
    subprocess.run(["mount", *arguments], check=True, timeout=_SECONDS)


def _launched(plan: dict[str, Any], name: str) -> subprocess.Popen[bytes]:
    with Path(plan["logs"], f"{name}.log").open("wb") as log:
        return subprocess.Popen(plan[name], stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT)


def _wait(socket: Path, server: subprocess.Popen[bytes]) -> None:
    limit = time.monotonic() + _SECONDS
    while not socket.exists():
        if server.poll() is not None or time.monotonic() > limit:
            sys.exit("containerd does not listen; its log is beside this one")
        time.sleep(0.02)


def _reap(programs: set[int]) -> int:
    """Wait for one of them. The first process of a namespace also inherits, and has to bury, all orphans."""
    while True:
        pid, status = os.wait()
        if pid in programs:
            return os.waitstatus_to_exitcode(status) & 0xFF


if __name__ == "__main__":
    sys.exit(main(json.loads(Path(sys.argv[1]).read_text("utf-8"))))
