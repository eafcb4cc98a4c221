"""What a program prints, as much of it as is worth keeping: its beginning and its end.

Half a credential would not be known for one. So what was around the cut is remembered, too, and a credential that the
cut goes through is redacted here, where it can still be seen whole.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from mcp_kubernetes.redact import REDACTED, credentials

_KEY = re.compile(rb"-----(BEGIN|END) [A-Z0-9 ]{0,40}PRIVATE KEY-----")
_BEGUN = b"-----BEGIN PRIVATE KEY-----"
_LONGEST_MARK = 64
_AROUND = 16_384
"""Bytes that are remembered on either side of a cut; tokens are shorter, and of keys it is known where they begin."""

_PIECES = re.compile(rb"\A[\x80-\xbf]{1,3}|[\xc0-\xff][\x80-\xbf]{0,2}\Z")
"""What a cut leaves of a character in UTF-8, at the beginning or at the end."""


@dataclass(frozen=True, kw_only=True)
class Excerpt:
    """Output as text. `left_out` bytes are missing in its middle; `is_text` tells whether all of it was UTF-8."""

    text: str
    left_out: int = 0
    is_text: bool = True


class Captured:
    """Keeps at most `limit` bytes of a stream, half of them from its beginning and half from its end.

    `size` counts all that came. Bytes are decoded at the very end, so a character may come in pieces.
    """

    def __init__(self, limit: int) -> None:
        self.size = 0
        self._half = max(limit // 2, 1)
        self._head = bytearray()
        self._tail = bytearray()
        self._after_head = b""
        self._before_tail = b""
        self._in_key = False
        """Whether a private key is under way where `_before_tail` begins."""

    def feed(self, data: memoryview) -> None:
        """Take the next bytes."""
        self.size += len(data)
        room = self._half - len(self._head)
        self._head += data[:room] if room > 0 else b""
        self._tail += data[room:] if room > 0 else data
        if len(self._tail) > 2 * self._half + _AROUND:
            self._drop(len(self._tail) - self._half)

    def excerpt(self, limit: int) -> Excerpt:
        """The beginning, a line that tells what is missing, and the end: no more than `limit` bytes of UTF-8 in all."""
        found, aim = self._excerpt(limit), limit
        while (size := len(found.text.encode())) > limit and aim > _LONGEST_MARK:
            aim = min(aim * limit // size, aim - _LONGEST_MARK)  # what is no UTF-8 takes three bytes for one
            found = self._excerpt(aim)
        return found

    def _excerpt(self, limit: int) -> Excerpt:
        whole = bytes(self._head + self._tail)
        if self.size <= min(limit, len(whole)):
            return _excerpt([whole], 0)
        half = max(min(self._half, limit // 2), 1)
        has_dropped = self.size > len(whole)
        after = bytes(self._head[half:]) + self._after_head if has_dropped else whole[half:]
        before = self._before_tail + bytes(self._tail[:-half]) if has_dropped else whole[:-half]
        head, tail = whole[:half], whole[-half:]
        return _excerpt(
            [_ended(head, after), _begun(before, tail, in_key=self._in_key)], self.size - len(head) - len(tail)
        )

    def _drop(self, count: int) -> None:
        dropped = bytes(self._tail[:count])
        if not self._after_head:
            self._after_head = dropped[:_AROUND]
            self._in_key = _ends_in_key(bytes(self._head), dropped, begins_in_key=False)
        dropped = self._before_tail + dropped
        self._before_tail, older = dropped[-_AROUND:], dropped[:-_AROUND]
        self._in_key = _ends_in_key(older, self._before_tail, begins_in_key=self._in_key)
        del self._tail[:count]


def _ends_in_key(text: bytes, following: bytes, *, begins_in_key: bool) -> bool:
    """Whether a private key is under way where `text` ends. A mark may reach into what follows."""
    marks = _KEY.finditer(text + following[:_LONGEST_MARK])
    last = [mark[1] for mark in marks if mark.start() < len(text)][-1:]
    return last == [b"BEGIN"] if last else begins_in_key


def _ended(head: bytes, after: bytes) -> bytes:
    """The beginning, without a credential that goes on after it."""
    start, _ = _through(head + after[:_AROUND], len(head))
    return _PIECES.sub(b"", head) if start is None else head[:start] + REDACTED.encode()


def _begun(before: bytes, tail: bytes, *, in_key: bool) -> bytes:
    """The end, without a credential that began before it."""
    before = _BEGUN * in_key + before
    _, end = _through(before + tail, len(before))
    return _PIECES.sub(b"", tail, 1) if end is None else REDACTED.encode() + tail[end - len(before) :]


def _through(data: bytes, cut: int) -> tuple[int, int] | tuple[None, None]:
    """Where the credential begins and ends that the cut goes through, if one is there."""
    found = credentials(data.decode("latin-1"))  # each byte is one character
    return next(((start, end) for start, end in found if start < cut < end), (None, None))


def _excerpt(parts: list[bytes], left_out: int) -> Excerpt:
    gap = f"\n… {left_out:,} bytes are left out here …\n"
    text = gap.join(part.decode(errors="replace") for part in parts)
    return Excerpt(text=text, left_out=left_out, is_text="\ufffd" not in text)
