"""What is compressed is unpacked into unnamed temporary files, and all of that together stays within one limit.

What was unpacked once counts for ever, kept or not: so neither one member that never ends nor many of them can keep
a snapshot from being opened.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import os
import zlib
from collections.abc import Callable, Collection, Iterator
from dataclasses import dataclass, field
from typing import Any, BinaryIO

from mcp_kubernetes_snapshot.files.progress import Progress
from mcp_kubernetes_snapshot.files.sources import OpenFile, Source

_CHUNK = 1 << 20
_XZ_MEMORY = 256 << 20
"""What `xz -9` needs is a quarter of it; a file may claim that it needs gigabytes."""

_ZSTD = b"\x28\xb5\x2f\xfd"
_DAMAGED = (EOFError, zlib.error, gzip.BadGzipFile, lzma.LZMAError, ValueError)


class Refused(Exception):
    """The snapshot as a whole cannot be opened; the text ends a sentence about it."""


class NotUnpacked(Exception):
    """A member cannot be unpacked; the text ends a sentence about it."""


@dataclass
class Unpacking:
    """The temporary files of one opening, which hold at most `most_bytes` together.

    To `progress` it adds what is to be read of them.
    """

    most_bytes: int
    progress: Progress
    _spent: int = 0
    _opened: list[OpenFile] = field(default_factory=list)
    _pieces: OpenFile | None = None

    def archive(self, packed: OpenFile) -> OpenFile:
        """What `packed` holds, in a file of its own; `packed` itself where it is not compressed. Raises Refused.

        It is ours to close from now on.
        """
        self._opened.append(packed)
        content = content_of(packed.read(0, 8), packed.file)
        if content is None:
            return packed
        unpacked = self._temporary()
        try:
            size = self._write(self._counted(content, packed), unpacked)
        except NotUnpacked as error:
            raise Refused(str(error)) from None
        self.progress.total += size
        return unpacked

    def _counted(self, content: Iterator[bytes], packed: OpenFile) -> Iterator[bytes]:
        for chunk in content:
            self.progress.done = packed.file.tell()
            yield chunk

    def piece(self, content: Iterator[bytes], packed: int) -> tuple[OpenFile, int, int]:
        """Where the content of so many `packed` bytes lies now: file, offset and size. Raises NotUnpacked."""
        self.progress.done += packed
        file = self._pieces = self._pieces or self._temporary()
        begin = os.fstat(file.file.fileno()).st_size
        try:
            size = self._write(content, file)
        except NotUnpacked:
            file.file.truncate(begin)
            raise
        self.progress.total += size
        return file, begin, size

    def close_all_but(self, handed_out: Collection[int]) -> None:
        """Give back what nobody else knows of. What was handed out, by `id`, is closed by whoever has it."""
        for file in self._opened:
            if id(file) not in handed_out:
                file.close()

    def _temporary(self) -> OpenFile:
        file = OpenFile.temporary()
        self._opened.append(file)
        return file

    def _write(self, content: Iterator[bytes], into: OpenFile) -> int:
        size = 0
        for chunk in _sound(content):
            size += len(chunk)
            self._spend(len(chunk))
            into.write(chunk)
        return size

    def _spend(self, size: int) -> None:
        self._spent += size
        if self._spent > self.most_bytes:
            most = f"{self.most_bytes >> 20:,} MiB, the limit of snapshot.max_unpacked_mib"
            raise NotUnpacked(f"unpacks to more than {most}")


def _sound(content: Iterator[bytes]) -> Iterator[bytes]:
    problem = NotUnpacked("is damaged: it cannot be unpacked to its end")
    try:
        yield from content
    except _DAMAGED:
        raise problem from None
    except OSError as error:
        if error.errno is None:  # of bz2, and not of the file system
            raise problem from None
        raise


def content_of(start: bytes, packed: BinaryIO | io.RawIOBase) -> Iterator[bytes] | None:
    """What a file that begins so unpacks to, chunk after chunk; None where it is not compressed. Raises Refused.

    The chunks raise various errors where it is damaged.
    """
    if start.startswith(_ZSTD):
        raise Refused("is compressed with zstd, which is not read here: decompress it with `zstd -d`")
    form = next((form for magic, form in _FORMS.items() if start.startswith(magic)), None)
    return form(packed) if form else None


def window(source: Source, offset: int, size: int) -> BinaryIO:
    """A piece of a source as a file to read from."""
    return io.BufferedReader(_Window(source, offset, size), _CHUNK)


class _Window(io.RawIOBase):
    def __init__(self, source: Source, offset: int, size: int) -> None:
        self._source = source
        self._place = offset
        self._end = offset + size

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        found = self._source.read(self._place, min(len(buffer), self._end - self._place))
        buffer[: len(found)] = found
        self._place += len(found)
        return len(found)


def _gzip(packed: Any) -> Iterator[bytes]:
    with gzip.GzipFile(fileobj=packed) as content:
        while chunk := content.read(_CHUNK):
            yield chunk


def _xz(packed: Any) -> Iterator[bytes]:
    return _streams(packed, lambda: lzma.LZMADecompressor(memlimit=_XZ_MEMORY))


def _bzip2(packed: Any) -> Iterator[bytes]:
    return _streams(packed, bz2.BZ2Decompressor)


def _streams(packed: Any, new: Callable[[], Any]) -> Iterator[bytes]:
    """One compressed stream after the other, as `cat` joins them; zeros may stand between them."""
    decompressor, rest = new(), packed.read(_CHUNK)
    while rest or not decompressor.eof:
        if decompressor.eof:
            decompressor = new()
        if not rest and decompressor.needs_input:
            raise EOFError
        yield decompressor.decompress(rest, _CHUNK)
        rest = decompressor.unused_data.lstrip(b"\0") if decompressor.eof else b""
        if not rest and (decompressor.eof or decompressor.needs_input):
            rest = packed.read(_CHUNK)
            rest = rest.lstrip(b"\0") if decompressor.eof else rest


_FORMS: dict[bytes, Callable[[Any], Iterator[bytes]]] = {b"\x1f\x8b": _gzip, b"BZh": _bzip2, b"\xfd7zXZ\0": _xz}
