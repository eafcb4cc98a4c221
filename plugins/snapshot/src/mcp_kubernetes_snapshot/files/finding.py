"""The files of a snapshot: what lies in a folder, or in a tar, compressed or not. Nothing is unpacked beside it.

Links are never followed, and names never become paths: a member of an archive is read where it lies, so what it
calls itself leads nowhere.
"""

from __future__ import annotations

import gzip
import io
import os
import stat
import tarfile
import zlib
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from mcp_kubernetes_snapshot.files.progress import Progress
from mcp_kubernetes_snapshot.files.report import Report
from mcp_kubernetes_snapshot.files.sources import FolderFile, OpenFile, Source

_CHUNK = 1 << 20
_GZIP = b"\x1f\x8b"
_DEEPEST = 40
"""Folders within folders; a must-gather has ten."""


class Refused(Exception):
    """The snapshot as a whole cannot be opened; the text ends a sentence about it."""


@dataclass(frozen=True, kw_only=True)
class Found:
    """A file: its name below the snapshot's own folder, and where its bytes are.

    One that is `alone` was named by the operator: it holds objects, whatever it is called.
    """

    name: PurePosixPath
    source: Source
    offset: int
    size: int
    alone: bool = False


def found_in(path: Path, report: Report, progress: Progress, most_bytes: int) -> Iterator[Found]:
    """All regular files of a folder, an archive, or the one file that `path` is. Raises Refused and OSError.

    To `progress` it adds how much there is to go through, and what of it was unpacked.
    """
    progress.total = _size(path)
    if path.is_dir():
        yield from _in_folder(path, PurePosixPath(), report, _DEEPEST)
        return
    opened = OpenFile(io.FileIO(path))
    try:
        if opened.read(0, 2) == _GZIP:
            opened = _unpacked(opened, progress, most_bytes)
        yield from _in_file(opened, PurePosixPath(path.name.removesuffix(".gz")), report)
    except BaseException:
        opened.close()
        raise


def _size(path: Path) -> int:
    """How many bytes there are to be gone through, at most."""
    if not path.is_dir():
        return path.stat().st_size
    size = 0
    for folder, _, names in os.walk(path):
        for name in names:
            with suppress(OSError):
                size += os.lstat(f"{folder}/{name}").st_size
    return size


def _in_file(opened: OpenFile, name: PurePosixPath, report: Report) -> Iterator[Found]:
    if _is_tar(opened):
        yield from _in_tar(opened, report)
    else:
        yield Found(name=name, source=opened, offset=0, size=os.fstat(opened.file.fileno()).st_size, alone=True)


def _in_folder(folder: Path, below: PurePosixPath, report: Report, deeper: int) -> Iterator[Found]:
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError:
        report.add("cannot be read", str(below))
        return
    for entry in entries:
        name = below / entry.name
        if entry.is_symlink():
            report.add("is a link", str(name))
        elif entry.is_dir(follow_symlinks=False) and deeper:
            yield from _in_folder(folder / entry.name, name, report, deeper - 1)
        elif entry.is_dir(follow_symlinks=False):
            report.add("is nested too deeply", str(name))
        else:
            yield from _file(entry.path, entry.stat(follow_symlinks=False), name, report)


def _file(path: str, status: os.stat_result, name: PurePosixPath, report: Report) -> Iterator[Found]:
    if not stat.S_ISREG(status.st_mode):
        report.add("is no file", str(name))
        return
    yield Found(name=name, source=FolderFile(path, status), offset=0, size=status.st_size)


def _unpacked(packed: OpenFile, progress: Progress, most_bytes: int) -> OpenFile:
    """The content in a temporary file. Raises Refused where it is more than allowed, or damaged."""
    unpacked = OpenFile.temporary()
    try:
        packed.file.seek(0)
        with gzip.GzipFile(fileobj=packed.file) as content:
            while chunk := content.read(_CHUNK):
                size = sum(unpacked.write(chunk))
                _check_size(size, most_bytes)
                progress.done = packed.file.tell()
    except (EOFError, zlib.error, gzip.BadGzipFile):
        unpacked.close()
        raise Refused("is damaged: it cannot be unpacked to its end") from None
    except BaseException:
        unpacked.close()
        raise
    finally:
        packed.close()
    progress.total += os.fstat(unpacked.file.fileno()).st_size
    return unpacked


def _check_size(size: int, most: int) -> None:
    if size > most:
        raise Refused(f"unpacks to more than {most >> 20:,} MiB, the limit of snapshot.max_unpacked_mib")


def _is_tar(opened: OpenFile) -> bool:
    """By its magic, as `file` tells it: POSIX and GNU tar."""
    return opened.read(257, 5) == b"ustar"


def _in_tar(opened: OpenFile, report: Report) -> Iterator[Found]:
    opened.file.seek(0)
    end = os.fstat(opened.file.fileno()).st_size
    try:
        with tarfile.open(fileobj=opened.file, mode="r:", errorlevel=0) as archive:
            for member in archive:
                yield from _member(member, opened, end, report)
                archive.members.clear()  # type: ignore[attr-defined]  # or it keeps every header for as long as it is open
    except (tarfile.TarError, EOFError, ValueError, OverflowError, RecursionError):
        raise Refused("is damaged: its index cannot be read to the end") from None


def _member(member: tarfile.TarInfo, opened: OpenFile, end: int, report: Report) -> Iterator[Found]:
    name = PurePosixPath(member.name)
    if member.isdir():
        return
    if member.issym() or member.islnk():
        report.add("is a link", member.name)
    elif not member.isreg() or member.issparse():
        report.add("is no file", member.name)
    elif name.is_absolute() or ".." in name.parts:
        report.add("has a name that leaves the archive", member.name)
    elif member.offset_data + member.size > end:
        report.add("is damaged", member.name)
    else:
        yield Found(name=name, source=opened, offset=member.offset_data, size=member.size)
