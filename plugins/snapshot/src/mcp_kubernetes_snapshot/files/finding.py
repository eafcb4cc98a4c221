"""The files of a snapshot: what lies in a folder or in an archive, compressed or not. Nothing is unpacked beside it.

Links are never followed, and names never become paths: a member of an archive is read where it lies, so what it
calls itself leads nowhere.
"""

from __future__ import annotations

import io
import os
import stat
import tarfile
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path, PurePosixPath

from mcp_kubernetes_snapshot.files import zips
from mcp_kubernetes_snapshot.files.layouts.names import is_archive, may_matter
from mcp_kubernetes_snapshot.files.links import leaves, report_link
from mcp_kubernetes_snapshot.files.progress import Progress
from mcp_kubernetes_snapshot.files.report import Report
from mcp_kubernetes_snapshot.files.sources import FolderFile, OpenFile, Source
from mcp_kubernetes_snapshot.files.unpacking import NotUnpacked, Refused, Unpacking, content_of, window

_DEEPEST = 40
"""Folders within folders; a must-gather has ten."""

_PACKED = (".gz", ".bz2", ".xz")


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
    unpacking = Unpacking(most_bytes, progress)
    handed_out: set[int] = set()
    try:
        for found in _everything(path, report, unpacking):
            is_packed = found.name.name.endswith(_PACKED) and not found.alone
            for each in _unpacked(found, report, unpacking) if is_packed else (found,):
                if isinstance(each.source, OpenFile):
                    handed_out.add(id(each.source))
                yield each
    finally:
        unpacking.close_all_but(handed_out)


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


def _everything(path: Path, report: Report, unpacking: Unpacking) -> Iterator[Found]:
    if path.is_dir():
        yield from _in_folder(path, PurePosixPath(), report, _DEEPEST)
        return
    opened = unpacking.archive(OpenFile(io.FileIO(path)))
    yield from _in_file(opened, _inner(PurePosixPath(path.name)), report, unpacking)


def _in_file(opened: OpenFile, name: PurePosixPath, report: Report, unpacking: Unpacking) -> Iterator[Found]:
    if _is_tar(opened):
        yield from _in_tar(opened, report)
    elif opened.read(0, 4) in zips.MAGIC:
        for member, source, offset, size in zips.members(opened, report, unpacking, _is_wanted):
            yield Found(name=member, source=source, offset=offset, size=size)
    else:
        yield Found(name=name, source=opened, offset=0, size=os.fstat(opened.file.fileno()).st_size, alone=True)


def _unpacked(found: Found, report: Report, unpacking: Unpacking) -> Iterator[Found]:
    """A compressed member with what it holds, if that may be wanted."""
    if not _is_wanted(found.name):
        yield found
        return
    try:
        content = content_of(found.source.read(found.offset, 8), window(found.source, found.offset, found.size))
        inner = replace(found, name=_inner(found.name))
        if content is not None:
            source, offset, size = unpacking.piece(content, found.size)
            inner = replace(inner, source=source, offset=offset, size=size)
    except (NotUnpacked, Refused) as error:
        report.add(str(error), str(found.name))
    except OSError:
        report.add("cannot be read", str(found.name))
    else:
        yield inner


def _is_wanted(name: PurePosixPath) -> bool:
    return not is_archive(name) and may_matter(_inner(name))


def _inner(name: PurePosixPath) -> PurePosixPath:
    """The name of what is in a compressed file."""
    return name.with_suffix("") if name.suffix in _PACKED else name


def _in_folder(folder: Path, below: PurePosixPath, report: Report, deeper: int) -> Iterator[Found]:
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError:
        report.add("cannot be read", str(below))
        return
    for entry in entries:
        name = below / entry.name
        if entry.is_symlink():
            report_link(report, name, str(Path(folder, entry.name).readlink()))
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
        report_link(report, name, member.linkname, hard=member.islnk())
    elif not member.isreg() or member.issparse():
        report.add("is no file", member.name)
    elif leaves(name):
        report.add("has a name that leaves the archive", member.name)
    elif member.offset_data + member.size > end:
        report.add("is damaged", member.name)
    else:
        yield Found(name=name, source=opened, offset=member.offset_data, size=member.size)
