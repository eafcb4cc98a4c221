"""What a real node takes, and whether this machine has it: root on Linux, and four packages."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

WITHOUT = "MCP_KUBERNETES_TEST_WITHOUT"
PACKAGES = ("containerd", "runc", "containernetworking-plugins", "busybox-static")
"""Debian's names."""

_PROGRAMS = ("containerd", "ctr", "runc", "unshare", "mount")
_NETWORK_PLUGINS = ("ptp", "host-local", "loopback")
_NETWORK_FOLDERS = ("/usr/lib/cni", "/opt/cni/bin", "/usr/libexec/cni")


def left_out() -> bool:
    """Whether the developer said that tests are to do without a real node."""
    return "node" in os.environ.get(WITHOUT, "").split(",")


@cache
def missing() -> str:
    """Why there can be no real node here, as the end of a sentence; empty if there can be one."""
    if sys.platform != "linux" or os.geteuid():
        return "it takes root on Linux"
    lacking = [name for name in _PROGRAMS if not shutil.which(name)]
    lacking += ["a static busybox"] if not busybox() else []
    lacking += ["the CNI plugins"] if not network_plugins() else []
    if lacking:
        return f"{', '.join(lacking)} cannot be found (`make node` installs them on Debian)"
    return "" if _can_isolate() else "this machine lets nobody make namespaces"


def described() -> str:
    """Which node tests have, for a report."""
    if reason := f"{WITHOUT} says so" if left_out() else missing():
        return f"one that kwok simulates, because {reason}"
    return "a real one (kubelet, containerd), started when it is asked for"


@cache
def busybox() -> Path | None:
    """The one program in the images. It has to be static: nothing else is in them."""
    found = shutil.which("busybox")
    return Path(found) if found and b"/ld-linux" not in Path(found).read_bytes()[:4096] else None


@cache
def network_plugins() -> Path | None:
    """The folder of the CNI plugins."""
    folders = map(Path, _NETWORK_FOLDERS)
    return next((folder for folder in folders if all((folder / name).exists() for name in _NETWORK_PLUGINS)), None)


def architecture() -> str:
    """This machine's, as images name it."""
    return {"x86_64": "amd64", "aarch64": "arm64"}.get(platform.machine(), platform.machine())


def _can_isolate() -> bool:
    command = ["unshare", "--mount", "--pid", "--fork", "--mount-proc", "mount", "-t", "tmpfs", "none", "/mnt"]
    return not subprocess.run(command, check=False, capture_output=True, timeout=30).returncode
