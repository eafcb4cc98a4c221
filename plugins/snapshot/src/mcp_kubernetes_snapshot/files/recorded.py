"""What `mcp-kubernetes snapshot` recorded of an API server itself: files named by the paths that were asked for."""

from __future__ import annotations

from pathlib import PurePosixPath

FOLDER = ("mcp-kubernetes", "server")


def path_of(name: PurePosixPath) -> str | None:
    """The path that a file holds the answer to: `/version` for `mcp-kubernetes/server/version`. None for others."""
    parts = name.parts
    for place in range(len(parts) - len(FOLDER)):
        if parts[place : place + len(FOLDER)] == FOLDER:
            return "/" + "/".join(parts[place + len(FOLDER) :])
    return None
