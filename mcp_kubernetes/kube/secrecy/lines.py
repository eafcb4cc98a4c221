"""Text that arrives in pieces: made whole lines, and cleared of credentials before anybody sees them.

A credential may be split over two pieces, and a private key over many lines, so neither is looked at alone.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from mcp_kubernetes.cutting import MARK
from mcp_kubernetes.redact import REDACTED, redact

LONGEST_LINE = 65_536
"""Bytes of a line that are kept; how many more it had is said at its end."""

LONGEST_KEY = 32_768
"""Bytes in which a private key ends, with what may stand before each of its lines; then what follows is text again."""

_BEGIN = re.compile(rb"-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----")
_END = re.compile(rb"-----END [A-Z0-9 ]*PRIVATE KEY-----")
_WORD = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._~+/=-"
_REDACTED = REDACTED.encode()


class Lines:
    """Give it pieces, and it gives blocks of whole lines. What it holds back is less than a line."""

    def __init__(self) -> None:
        self._held = b""
        self._missing = 0
        self._in_key = 0

    @property
    def is_in_key(self) -> bool:
        """Whether a private key has begun, and not ended yet."""
        return self._in_key > 0

    def feed(self, piece: bytes) -> bytes:
        """The lines that are whole now, each with its line break."""
        whole, line_break, rest = (self._held + piece).rpartition(b"\n")
        if line_break:
            whole = self._cleared(b"".join(self._shortened(whole + b"\n")))
        self._hold(rest)
        return whole

    def end(self) -> bytes:
        """The last line, if nothing ended it."""
        held, self._held = b"".join(self._shortened(self._held)), b""
        return self._cleared(held)

    def _hold(self, rest: bytes) -> None:
        """Keep the beginning of a line, and count what of it is not kept."""
        self._held = rest[:LONGEST_LINE]
        self._missing += len(rest) - len(self._held)

    def _shortened(self, text: bytes) -> Iterator[bytes]:
        """The text with a mark in each line that is too long; of the first, some may be missing already."""
        at = 0
        while self._missing or len(text) - at > LONGEST_LINE:
            end = -1 if self._missing else text.rfind(b"\n", at, at + LONGEST_LINE + 1)
            if end >= 0:
                yield text[at : end + 1]
            else:
                end = text.find(b"\n", at)
                end = len(text) if end < 0 else end
                yield self._cut(text[at:end]) + text[end : end + 1]
            at = min(end + 1, len(text))
        yield text[at:]

    def _cut(self, line: bytes) -> bytes:
        """What was cut may be half a credential, so no word is cut."""
        kept = line[:LONGEST_LINE].rstrip(_WORD)
        missing, self._missing = self._missing + len(line) - len(kept), 0
        return kept + f"{MARK}(+{missing:,} bytes)".encode()

    def _cleared(self, text: bytes) -> bytes:
        if self._in_key:
            # The line break after the key was written when it began.
            text = self._after_key(text).removeprefix(b"\n")
        if not (b"PRIVATE KEY-----" in text and _BEGIN.search(text)):
            return _redacted(text)
        return self._without_keys(text)

    def _without_keys(self, text: bytes) -> bytes:
        cleared, at = [], 0
        while begin := _BEGIN.search(text, at):
            cleared += [_redacted(text[at : begin.start()]), _REDACTED]
            self._in_key = 1
            rest = self._after_key(text[begin.end() :])
            at = len(text) - len(rest)
            if self._in_key or text[at - 1 : at] == b"\n":
                cleared.append(b"\n")
        return b"".join([*cleared, _redacted(text[at:])])

    def _after_key(self, text: bytes) -> bytes:
        """What follows the key that had begun; if its end is nowhere near, the next line that is too far for it."""
        left = LONGEST_KEY - self._in_key
        if (end := _END.search(text, 0, left)) is not None:
            self._in_key = 0
            return text[end.end() :]
        if len(text) < left:
            self._in_key += len(text)
            return b""
        self._in_key = 0
        return text[text.find(b"\n", left) + 1 :] if b"\n" in text[left:] else b""


def may_hold_credentials(text: bytes) -> bool:
    """Whether there is a hint of one; said of nearly all text at a gigabyte a second."""
    if b".eyJ" in text or b"PRIVATE KEY-----" in text:
        return True
    lowered = text.lower()
    return b"bearer" in lowered or b"basic" in lowered


def _redacted(text: bytes) -> bytes:
    if not may_hold_credentials(text):
        return text
    return redact(text.decode(errors="surrogateescape")).encode(errors="surrogateescape")
