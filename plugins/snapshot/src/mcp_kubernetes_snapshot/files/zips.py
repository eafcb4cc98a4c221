"""The members of a zip. Stored ones are read where they lie; deflated ones are unpacked, if they may be wanted.

What the index says is believed only as far as it agrees with the file: where a member lies, that no two share bytes,
and how large it is once it was unpacked.
"""

from __future__ import annotations

import io
import os
import stat
import struct
import zipfile
from collections.abc import Callable, Iterator, Sequence
from itertools import pairwise
from pathlib import PurePosixPath

from mcp_kubernetes_snapshot.files.layouts.names import why_passed_over
from mcp_kubernetes_snapshot.files.links import leaves
from mcp_kubernetes_snapshot.files.report import Report
from mcp_kubernetes_snapshot.files.sources import OpenFile
from mcp_kubernetes_snapshot.files.unpacking import NotUnpacked, Refused, Unpacking

MAGIC = (b"PK\x03\x04", b"PK\x05\x06")
_CHUNK = 1 << 20
_MOST_INDEX = 32 << 20
"""Bytes, enough for some hundred thousand members: the index is held in memory while the snapshot is opened."""

_ENCRYPTED = 0x1
_LOCAL = struct.Struct("<4s22xHH")
_BROKEN = (zipfile.BadZipFile, zipfile.LargeZipFile, NotImplementedError, ValueError, struct.error, OverflowError)

Member = tuple[PurePosixPath, OpenFile, int, int]
"""Its name, and where its bytes are: file, offset and size."""


class _Bounded(io.FileIO):
    """A file of which nobody reads very much at once: the library reads the index in one go, however large."""

    def read(self, size: int | None = -1, /) -> bytes:
        if size is not None and size > _MOST_INDEX:
            raise Refused(f"has an index of more than {_MOST_INDEX >> 20} MiB")
        return super().read(_MOST_INDEX if size is None or size < 0 else size)


def members(
    opened: OpenFile, report: Report, unpacking: Unpacking, may_matter: Callable[[PurePosixPath], bool]
) -> Iterator[Member]:
    """All regular files of the archive but those that cannot matter. Raises Refused."""
    with _Bounded(os.dup(opened.file.fileno())) as file:
        try:
            archive = zipfile.ZipFile(file)
        except _BROKEN:
            raise Refused("is damaged: its index cannot be read to the end") from None
        with archive:
            infos = archive.infolist()
            if any(info.flag_bits & _ENCRYPTED for info in infos):
                raise Refused("is encrypted: unpack it with its password, and give the folder")
            sharing = _sharing(infos)
            for info in infos:
                name = PurePosixPath(info.filename)
                if problem := _problem(info, name, sharing):
                    report.add(problem, info.filename)
                elif not info.is_dir() and not may_matter(name):
                    report.add(why_passed_over(name), info.filename, lost=False)
                elif not info.is_dir():
                    yield from _member(archive, info, opened, report, unpacking)


def _problem(info: zipfile.ZipInfo, name: PurePosixPath, sharing: frozenset[int]) -> str:
    mode = info.external_attr >> 16
    if leaves(name):
        return "has a name that leaves the archive"
    if stat.S_ISLNK(mode):
        return "is a link"
    if stat.S_IFMT(mode) not in {0, stat.S_IFREG, stat.S_IFDIR}:
        return "is no file"
    return "is damaged: it shares its bytes with another file" if info.header_offset in sharing else ""


def _sharing(infos: Sequence[zipfile.ZipInfo]) -> frozenset[int]:
    """Where members begin that end behind the beginning of another one."""
    ordered = sorted(infos, key=lambda info: info.header_offset)
    found: set[int] = set()
    for one, other in pairwise(ordered):
        if one.header_offset + _LOCAL.size + one.compress_size > other.header_offset:
            found |= {one.header_offset, other.header_offset}
    return frozenset(found)


def _member(
    archive: zipfile.ZipFile, info: zipfile.ZipInfo, opened: OpenFile, report: Report, unpacking: Unpacking
) -> Iterator[Member]:
    try:
        if info.compress_type == zipfile.ZIP_STORED:
            place = opened, *_stored(info, opened)
        else:
            place = unpacking.piece(_deflated(archive, info), info.compress_size)
    except NotUnpacked as error:
        report.add(str(error), info.filename)
    else:
        yield PurePosixPath(info.filename), *place


def _stored(info: zipfile.ZipInfo, opened: OpenFile) -> tuple[int, int]:
    """Offset and size. Raises NotUnpacked where the index and the file disagree."""
    head = opened.read(info.header_offset, _LOCAL.size)
    magic, name, extra = _LOCAL.unpack(head) if len(head) == _LOCAL.size else (b"", 0, 0)
    offset = info.header_offset + _LOCAL.size + name + extra
    end = os.fstat(opened.file.fileno()).st_size
    if magic != MAGIC[0] or info.file_size != info.compress_size or offset + info.file_size > end:
        raise NotUnpacked("is damaged: its index says something else than it does")
    return offset, info.file_size


def _deflated(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> Iterator[bytes]:
    if info.compress_type != zipfile.ZIP_DEFLATED:
        raise NotUnpacked("is compressed in a way that is not read here")
    size = 0
    try:
        with archive.open(info) as content:
            while chunk := content.read(_CHUNK):
                size += len(chunk)
                yield chunk
    except _BROKEN:
        raise EOFError from None
    if size != info.file_size:
        raise EOFError
