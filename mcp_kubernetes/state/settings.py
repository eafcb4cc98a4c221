"""The section `state` of the configuration: where what outlives a call is kept, and who can open it."""

from __future__ import annotations

from pathlib import Path

from pydantic import field_validator

from mcp_kubernetes.settings import Settings, setting
from mcp_kubernetes.state.keys import read
from mcp_kubernetes.store import MemoryStore


class StateSettings(Settings):
    """What is kept beyond a call, for this process or for replicas to share."""

    store: str = setting(
        MemoryStore.name,
        flag="--state-store",
        help="Where changes that can be undone and open approvals are kept: memory, sqlite, or a plugin's, as valkey.",
    )
    file: Path | None = setting(
        None, flag="--state-file", help="The file of --state-store sqlite, for server processes on one machine."
    )
    key_file: Path | None = setting(
        None,
        flag="--state-key-file",
        help="Keys for cursors, changes and approvals, one a line (openssl rand -hex 32): the first seals, each opens.",
    )

    @field_validator("file")
    @classmethod
    def _usable(cls, path: Path | None) -> Path | None:
        if path is not None:
            from mcp_kubernetes.state.sqlite import check_file  # start-up does without it where nobody names a file

            check_file(path)
        return path

    @field_validator("key_file")
    @classmethod
    def _readable(cls, path: Path | None) -> Path | None:
        if path is not None:
            read(path)
        return path
