"""The lines of a log where they lie, in the form in which a kubelet gives them: the last ones, those since a time.

A log is one piece or several, the oldest first: what the kubelet put aside stands before what it still wrote to. Such
files are as the container runtime wrote them (`2026-01-01T10:00:00.5Z stdout F text`), where a long line is in parts.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from mcp_kubernetes_snapshot.files.sources import Extent

_DAY = rb"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d"
# A kubelet writes nine digits, always; programs that write the time themselves mostly fewer.
_STAMP = re.compile(rb"^(" + _DAY + rb")\.\d{9}(Z|[+-]\d\d:\d\d) ?", re.MULTILINE)
_RUNTIME = re.compile(rb"^(" + _DAY + rb"(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)) (?:stdout|stderr) ([PF])(?::\S*)? ?(.*)$")
_BLOCK = 1 << 20
_LONGEST_STAMP = 64
_SECOND = 1_000_000_000

Read = Callable[[Extent], bytes]


@dataclass(frozen=True, kw_only=True)
class Asked:
    """Which lines, and how. `began` and `ended` are the bounds of logs whose lines have no times, as far as known."""

    ended: datetime
    began: datetime | None = None
    since: datetime | None = None
    tail: int | None = None
    stamps: bool = False


@dataclass(frozen=True, kw_only=True)
class LogText:
    """The log as it lies there; `rotated` are the pieces that the container runtime wrote."""

    rotated: Sequence[Extent]
    written: Extent | None
    read: Read

    def has_times(self) -> bool:
        """Whether a kubelet's time stands in front of its lines."""
        if self.rotated or self.written is None:
            return True
        return _STAMP.match(self.read(_part(self.written, 0, _LONGEST_STAMP))) is not None

    def lines(self, asked: Asked) -> bytes:
        """The lines that are asked for. Raises what `read` raises.

        Where they have no times and these are wanted, each has one of its own, a nanosecond before that of the next
        one, and the last `ended`: so the ends of several logs stand together, lines keep their order, and whoever goes
        on from one of them finds it again. The first of all has `began`. `since` makes no difference then.
        """
        is_whole, text = self._tail(asked.tail)
        if not self.has_times():
            return _numbered(text, asked, is_whole=is_whole) if asked.stamps else text
        if asked.since:
            text = b"".join(_since(text, asked.since))
        return text if asked.stamps else _STAMP.sub(b"", text)

    def _tail(self, wanted: int | None) -> tuple[bool, bytes]:
        """The last lines, and whether these are all that were written."""
        size = self.written.size if self.written else 0
        begin, found = (0, 0) if self.written is None else _last(self.written, wanted, self.read)
        end = self.read(_part(self.written, begin, size)) if self.written else b""
        missing = None if wanted is None else wanted - found
        return begin == 0, self._put_aside(missing) + end

    def _put_aside(self, wanted: int | None) -> bytes:
        if wanted is not None and wanted <= 0:
            return b""
        text = b"".join(line for each in self.rotated for line in _as_kubelet(self.read(each)))
        return text if wanted is None else b"\n".join(text.split(b"\n")[-wanted - 1 :])


def _part(extent: Extent, begin: int, end: int) -> Extent:
    return Extent(extent.source, extent.offset + begin, min(end, extent.size) - begin)


def _last(extent: Extent, wanted: int | None, read: Read) -> tuple[int, int]:
    """Where the last lines begin, and how many there are. Read from the end on, so that a long log costs nothing."""
    if not wanted:
        return (0 if wanted is None else extent.size), 0
    begin, found = extent.size, 0
    while begin and found <= wanted:
        until, begin = begin, max(begin - _BLOCK, 0)
        block = read(_part(extent, begin, until))
        place = len(block) - (until == extent.size and block.endswith(b"\n"))
        while found < wanted and (place := block.rfind(b"\n", 0, place)) >= 0:
            found += 1
        if found == wanted and place >= 0:
            return begin + place + 1, found
    return begin, found + bool(extent.size)


def _as_kubelet(text: bytes) -> Iterator[bytes]:
    """The lines of a container runtime without what only it needs, and those whole that it wrote in parts."""
    is_open = False
    for line in text.removesuffix(b"\n").split(b"\n"):
        found = _RUNTIME.match(line)
        if found is None:
            yield line + b"\n"
            continue
        stamp, tag, rest = found.groups()
        is_partial = tag == b"P"
        yield (b"" if is_open else _nine_digits(stamp) + b" ") + rest + (b"" if is_partial else b"\n")
        is_open = is_partial


def _nine_digits(stamp: bytes) -> bytes:
    head, _, rest = stamp.partition(b".")
    digits = re.match(rb"\d*", rest)[0] if rest else b""  # type: ignore[index]
    zone = rest[len(digits) :] if rest else head[19:]
    return head[:19] + b"." + digits[:9].ljust(9, b"0") + zone


def _since(text: bytes, since: datetime) -> Iterator[bytes]:
    """Lines of that second and later ones."""
    wanted = since.astimezone(UTC).replace(microsecond=0, tzinfo=None)
    first = wanted.isoformat().encode()
    for line in text.splitlines(keepends=True):
        found = _STAMP.match(line)
        if found and (found[1] >= first if found[2] == b"Z" else _in_utc(found) >= wanted):
            yield line


def _in_utc(found: re.Match[bytes]) -> datetime:
    try:
        return datetime.fromisoformat((found[1] + found[2]).decode()).astimezone(UTC).replace(tzinfo=None)
    except (ValueError, OverflowError):
        return datetime.min  # noqa: DTZ901 - compared with others without a zone


def _numbered(text: bytes, asked: Asked, *, is_whole: bool) -> bytes:
    if not text:
        return text
    lines = text.removesuffix(b"\n").split(b"\n")
    first = _nanoseconds(asked.ended) - len(lines) + 1
    times = [*range(first, first + len(lines))]
    if is_whole and asked.began:
        times[0] = min(first, _nanoseconds(asked.began))
    return b"".join(_moment(time) + line + b"\n" for time, line in zip(times, lines, strict=True))


def _nanoseconds(moment: datetime) -> int:
    return int(moment.timestamp()) * _SECOND


def _moment(nanoseconds: int) -> bytes:
    second = datetime.fromtimestamp(nanoseconds // _SECOND, UTC)
    return f"{second:%Y-%m-%dT%H:%M:%S}.{nanoseconds % _SECOND:09d}Z ".encode()
