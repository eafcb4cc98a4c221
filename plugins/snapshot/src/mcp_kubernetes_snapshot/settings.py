"""Which files are clusters, and how much of them is taken in."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from pydantic import field_validator

from mcp_kubernetes import Settings, setting


class SnapshotSettings(Settings):
    """The section `snapshot`."""

    paths: tuple[Path, ...] = setting(
        (),
        flag="--snapshot",
        help="Folder, file, tar (compressed or not) or zip to serve as a cluster (repeatable).",
    )
    writable: bool = setting(
        default=False,
        flag="--snapshot-writable",
        help="Let snapshots be changed, in memory: the files stay as they are.",
    )
    max_unpacked_mib: int = setting(
        4096, ge=1, help="MiB that a snapshot may unpack to. A larger archive is refused, a larger file in it left out."
    )

    @field_validator("paths")
    @classmethod
    def _exist(cls, paths: Sequence[Path]) -> Sequence[Path]:
        if not all(path.is_dir() or path.is_file() for path in paths):
            raise ValueError("it names something that is no file and no folder")
        return paths

    def idle(self) -> dict[str, str]:
        """Without a snapshot there is nothing to unpack, nor to change."""
        return {} if self.paths else dict.fromkeys(("max_unpacked_mib", "writable"), "no --snapshot is given")
