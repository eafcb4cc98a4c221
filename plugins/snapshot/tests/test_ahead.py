"""Reading ahead gives what reading gives, in whatever order pieces are asked for, and asks the files less often."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from mcp_kubernetes_snapshot.files.ahead import ReadingAhead
from mcp_kubernetes_snapshot.files.sources import Extent, FolderFile

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_SIZE = 3 << 20


@pytest.fixture
def files(tmp_path: Path) -> list[FolderFile]:
    for number in range(9):
        (tmp_path / str(number)).write_bytes(random.Random(number).randbytes(_SIZE))  # noqa: S311
    return [FolderFile(str(path), path.stat()) for path in sorted(tmp_path.iterdir())]


def _pieces(order: random.Random) -> Iterator[Extent]:
    """Runs of neighbours in some file, forwards or backwards, with a large one now and then."""
    for _ in range(200):
        source, place = order.randrange(9), order.randrange(_SIZE)
        for _ in range(order.randrange(20)):
            size = order.choice((1, 700, 4_000, 600_000))
            yield Extent(source, place, size)
            place = max(0, place + order.choice((size, size, size, 50_000, -size)))


@pytest.mark.parametrize("seed", range(5))
def test_what_is_read_ahead_is_what_lies_there(files: list[FolderFile], seed: int) -> None:
    ahead = ReadingAhead(files)
    for extent in _pieces(random.Random(seed)):  # noqa: S311
        assert ahead.piece(extent) == files[extent.source].read(extent.offset, extent.size)


def test_neighbours_are_read_together(files: list[FolderFile], tmp_path: Path) -> None:
    """The file is changed behind its back, and refused as soon as it is read again: not before a window has passed."""
    ahead = ReadingAhead(files)
    ahead.piece(Extent(0, 0, 1_000))
    ahead.piece(Extent(0, 1_000, 1_000))
    (tmp_path / "0").write_bytes(b"other")
    assert ahead.piece(Extent(0, 100_000, 1_000))
    with pytest.raises(OSError, match="not the file"):
        ahead.piece(Extent(0, 500_000, 1_000))
