"""What a program prints, as much of it as is worth keeping: its beginning and its end.

A cut must not free a credential of what it is known by, so both ends stop between words, and an end that begins
inside of a private key says so.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_MARK = re.compile(rb"-----(BEGIN|END) [A-Z0-9 ]{0,40}PRIVATE KEY-----")
_LONGEST_MARK = 64
_BEGUN = b"-----BEGIN PRIVATE KEY-----\n"
"""Before an end that begins inside of a key: what redacts whole keys redacts it then."""

_WORD = 4_096
"""Bytes without a space after which it is no word any more: the longest credentials are shorter."""

_SPACE = re.compile(rb"\s")


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
        self._before = b""
        """The last bytes that were dropped: a mark may have begun in them."""
        self._in_key = False

    def feed(self, data: memoryview) -> None:
        """Take the next bytes."""
        self.size += len(data)
        room = self._half - len(self._head)
        self._head += data[:room] if room > 0 else b""
        self._tail += data[room:] if room > 0 else data
        if len(self._tail) > 2 * self._half:
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
            return _decoded(whole, b"", 0)
        half = max(min(self._half, limit // 2), 1)
        head, tail = _to_last_space(whole[:half]), _from_first_space(whole[-half:])
        has_dropped = self.size > len(whole)
        before = self._before + bytes(self._tail[:-half]) if has_dropped else whole[:-half]
        begun = _BEGUN if _ends_in_key(before, whole[-half:], self._in_key) else b""
        return _decoded(head, begun + tail, self.size - len(head) - len(tail))

    def _drop(self, count: int) -> None:
        dropped, following = self._before + bytes(self._tail[:count]), bytes(self._tail[count:][:_LONGEST_MARK])
        self._in_key = _ends_in_key(dropped, following, self._in_key)
        self._before = dropped[-_LONGEST_MARK:]
        del self._tail[:count]


def _ends_in_key(text: bytes, following: bytes, begins_in_key: bool) -> bool:
    """Whether a private key is under way where `text` ends. A mark may reach into what follows."""
    marks = _MARK.finditer(text + following[:_LONGEST_MARK])
    last = [mark[1] for mark in marks if mark.start() < len(text)][-1:]
    return last == [b"BEGIN"] if last else begins_in_key


def _to_last_space(data: bytes) -> bytes:
    spaces = [match.start() for match in _SPACE.finditer(data, max(len(data) - _WORD, 0))]
    return data[: spaces[-1]] if spaces else data


def _from_first_space(data: bytes) -> bytes:
    found = _SPACE.search(data, 0, _WORD)
    return data[found.end() :] if found else data


def _decoded(head: bytes, tail: bytes, left_out: int) -> Excerpt:
    gap = f"\n… {left_out:,} bytes are left out here …\n" if left_out else ""
    text = head.decode(errors="replace") + gap + tail.decode(errors="replace")
    return Excerpt(text=text, left_out=left_out, is_text="\ufffd" not in text)
