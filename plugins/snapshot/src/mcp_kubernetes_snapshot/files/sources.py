"""The bytes of a snapshot, where they lie: files of a folder, members of an archive, and what was converted.

An object is kept as file, offset and size. A file of a folder is opened anew for each read, and refused if it is not
the one that was looked at when the snapshot was opened; so links that were put in its place since lead nowhere.
"""

from __future__ import annotations

import io
import mmap
import os
import re
import stat
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple, Protocol

_SMALL = 1 << 20
"""A file of no more bytes is read at once: to map one takes longer than to read it."""

_SHORTER = "it is shorter than it was when the snapshot was opened"
_WINDOW = 8 << 20
_LONGEST_LINE = 1 << 16


class Changed(OSError):
    """A file is not what it was when the snapshot was opened."""


class Extent(NamedTuple):
    """A piece of one of the sources."""

    source: int
    offset: int
    size: int


class Source(Protocol):
    """Something that holds bytes and stays as it is."""

    def read(self, offset: int, size: int) -> bytes:
        """That many bytes from there. Raises OSError."""

    @contextmanager
    def view(self, offset: int, size: int) -> Iterator[memoryview]:
        """That many bytes from there, mapped into memory while they are looked at. Raises OSError."""

    def close(self) -> None:
        """Give back what it holds."""


def _identity(found: os.stat_result) -> str:
    """What tells a file from any other, and from what it was before somebody wrote to it; a text is smallest."""
    return f"{found.st_dev} {found.st_ino} {found.st_size} {found.st_mtime_ns}"


class FolderFile:
    """A file of a folder; nothing is held open between reads. Small, for there may be hundreds of thousands."""

    __slots__ = ("_identity", "_path")

    def __init__(self, path: str, found: os.stat_result) -> None:
        self._path = path
        self._identity = _identity(found)

    def read(self, offset: int, size: int) -> bytes:
        """That many bytes from there. Raises OSError."""
        with self._opened() as descriptor:
            return os.pread(descriptor, size, offset)

    @contextmanager
    def view(self, offset: int, size: int) -> Iterator[memoryview]:
        """That many bytes from there, mapped into memory. Raises OSError."""
        with self._opened() as descriptor, mapped(descriptor, offset, size) as view:
            yield view

    def close(self) -> None:
        """Nothing is held."""

    @contextmanager
    def _opened(self) -> Iterator[int]:
        descriptor = os.open(self._path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            found = os.fstat(descriptor)
            if not stat.S_ISREG(found.st_mode) or _identity(found) != self._identity:
                raise Changed("it is not the file that was there when the snapshot was opened")
            yield descriptor
        finally:
            os.close(descriptor)


class OpenFile:
    """An archive, or a temporary file of ours: held open, so nobody can exchange it."""

    def __init__(self, file: io.FileIO) -> None:
        self.file = file

    @classmethod
    def temporary(cls) -> OpenFile:
        """An empty file without a name, to write to; it is gone when it is closed."""
        descriptor, name = tempfile.mkstemp(prefix="mcp-kubernetes-snapshot-")
        Path(name).unlink()
        return cls(io.FileIO(descriptor, "r+"))

    def write(self, data: bytes) -> tuple[int, int]:
        """Add to the end; offset and size of what was added."""
        offset = self.file.seek(0, os.SEEK_END)
        self.file.write(data)
        return offset, len(data)

    def read(self, offset: int, size: int) -> bytes:
        """That many bytes from there."""
        return os.pread(self.file.fileno(), size, offset)

    @contextmanager
    def view(self, offset: int, size: int) -> Iterator[memoryview]:
        """That many bytes from there, mapped into memory. Raises OSError."""
        with mapped(self.file.fileno(), offset, size) as view:
            yield view

    def close(self) -> None:
        """Close it; a temporary file is gone then."""
        self.file.close()


@contextmanager
def mapped(descriptor: int, offset: int, size: int) -> Iterator[memoryview]:
    """A part of a file in memory, as far as it is looked at; the pages are given back afterwards. Raises OSError."""
    if size <= _SMALL:
        content = os.pread(descriptor, size, offset)
        if len(content) < size:
            raise Changed(_SHORTER)
        yield memoryview(content)
        return
    before = offset % mmap.ALLOCATIONGRANULARITY
    try:
        found = mmap.mmap(descriptor, before + size, prot=mmap.PROT_READ, offset=offset - before)
    except ValueError:
        raise Changed(_SHORTER) from None
    with found, memoryview(found) as whole, whole[before:] as view:
        yield view


def searched(pattern: re.Pattern[bytes], view: memoryview, start: int = 0) -> Iterator[re.Match[bytes]]:
    """All matches from `start` on, each within a line. What was searched is given back, window after window."""
    while start < len(view):
        until = min(start + _WINDOW, len(view))
        for found in pattern.finditer(view, start, min(until + _LONGEST_LINE, len(view))):
            if found.start() >= until:
                break
            yield found
        forget(view)
        start = until


def forget(view: memoryview) -> None:
    """Give back the memory of what was looked at; whoever looks again gets it from the file again."""
    if isinstance(view.obj, mmap.mmap) and hasattr(mmap, "MADV_DONTNEED"):
        view.obj.madvise(mmap.MADV_DONTNEED)
