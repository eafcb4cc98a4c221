"""The two images that the node's pods run, made here: a test run needs no registry and no network.

One layer with a static busybox, in an archive of the form of `docker save`.
"""

from __future__ import annotations

import hashlib
import io
import json
import subprocess
import tarfile
from pathlib import Path
from typing import Final

from tests.cluster.node.parts import architecture

BUSYBOX: Final = "docker.io/library/busybox:stable"
"""A name under which somebody else's cluster would find one, too."""

PAUSE: Final = "localhost/pause:1"
"""What holds a pod's namespaces."""

_COMMANDS = {BUSYBOX: ["sh"], PAUSE: ["sleep", "2147483647"]}
_PATH = "PATH=/usr/bin:/bin"


def write(archive: Path, busybox: Path) -> None:
    """Write both images into one archive."""
    layer = _layer(busybox)
    digest = hashlib.sha256(layer).hexdigest()
    configurations = {image: _configuration(digest, command) for image, command in _COMMANDS.items()}
    names = {image: f"{hashlib.sha256(text).hexdigest()}.json" for image, text in configurations.items()}
    manifest = [{"Config": names[image], "RepoTags": [image], "Layers": [f"{digest}.tar"]} for image in names]
    with tarfile.open(archive, "w") as tar:
        _add(tar, f"{digest}.tar", layer)
        for image, text in configurations.items():
            _add(tar, names[image], text)
        _add(tar, "manifest.json", json.dumps(manifest).encode())


def _configuration(layer: str, command: list[str]) -> bytes:
    return json.dumps(
        {
            "architecture": architecture(),
            "os": "linux",
            "config": {"Cmd": command, "Env": [_PATH], "WorkingDir": "/"},
            "rootfs": {"type": "layers", "diff_ids": [f"sha256:{layer}"]},
        }
    ).encode()


def _layer(busybox: Path) -> bytes:
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w") as tar:
        for folder, mode in {"bin": 0o755, "etc": 0o755, "tmp": 0o1777}.items():
            entry = tarfile.TarInfo(folder)
            entry.type, entry.mode = tarfile.DIRTYPE, mode
            tar.addfile(entry)
        _add(tar, "bin/busybox", busybox.read_bytes(), 0o755)
        _add(tar, "etc/passwd", b"root:x:0:0:root:/:/bin/sh\n")
        for applet in _applets(busybox):
            entry = tarfile.TarInfo(f"bin/{applet}")
            entry.type, entry.linkname = tarfile.SYMTYPE, "busybox"
            tar.addfile(entry)
    return content.getvalue()


def _applets(busybox: Path) -> list[str]:
    listed = subprocess.run([busybox, "--list"], check=True, capture_output=True, encoding="utf-8", timeout=30)
    return [applet for applet in listed.stdout.split() if applet != "busybox"]


def _add(tar: tarfile.TarFile, name: str, content: bytes, mode: int = 0o644) -> None:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mode = len(content), mode
    tar.addfile(entry, io.BytesIO(content))
