"""Which objects may hold something sensitive, told from their bytes without decoding them.

Nearly all objects hold nothing, and a page of them has megabytes. A search for a few short texts is fast, and what
stands around each of them tells whether it can matter. Too many may be suspected, but never too few: what is sensitive
is decided by `sensitive`, on the decoded object.
"""

from __future__ import annotations

import re
from functools import lru_cache

from mcp_kubernetes.kube.sensitive import is_sensitive

NAMES = (b"pass", b"pwd", b"secret", b"token", b"cred", b"auth", b"dsn", b"conn", b"key")
"""One of these is in every sensitive name, in lower case."""

_URL = b"://"
FORMS = (b"eyj", b"private key-----", b"bearer", b"basic", b"akia", b"asia", b"ghp_", b"glpat-", b"xox")
"""One of these, or the mark of a URL with a user, is in every credential of a known form, in lower case."""

_IN_NAME = re.compile(rb"[\w./-]*\Z")
_BEFORE = 160
_VALUE = re.compile(
    rb"""(?x) (?P<rest>[\w./-]*) [ ]? (?:
        \\*"\s*:\s*(?:\\*"(?!\\*")|\[(?!\s*\])|\{(?:\\*"\.\\*":\{\},)?\\*"v:)   # a key of texts, or of a set
      | (?P<end>\\*"\s*[,}]\s*(?:\\*"(?P<next>[\w-]*))?)  # the value of a name, or an item of a list
      | \\*'?[ ]*=|\\*['"]?[ ]*:[ ] )                     # an option, or a line of a file"""
)
_ESCAPES = re.compile(rb"\\u00(?!0|1|22|26|27|3[cCeE]|5[cC]|7[fF]|[89a-fA-F])")
"""Characters that no Kubernetes API server escapes: what is written with them cannot be searched for."""

_USER = re.compile(rb"[^\s/?#@:\"'<>]{0,128}:[^\s/?#\"'<>]{1,256}@")
_NAMED = re.compile(rb"(?:name|key)\\*\"\s*:\s*\\*\"\Z")
_FIRST = re.compile(rb"\{\s*\\*\"name\\*\"\s*:\s*\\*\"\Z")
_PAIR = re.compile(rb"value\\*\"\s*:")
_REST = re.compile(rb"[\w./-]*")
_AROUND = 72
_ROOM = 12
_APART = (b'"v:', b'},"value":"', b'],"value":"')
_PAIR_SPAN = 400
"""Bytes on either side of a name in which its value is looked for, where it is not the very next."""


def is_suspect(raw: bytes) -> bool:
    """Whether this JSON text may hold something sensitive."""
    low = raw.lower()
    if any(form in low for form in FORMS) or _has_user(low):
        return True
    if b"\\u00" in low and _ESCAPES.search(low):
        return True
    return any(_has_named(raw, low, name) for name in NAMES)


def without_repeats(body: bytes) -> bytes:
    """The JSON text of many objects with what they repeat only once: suspect if one of them is.

    Objects of a kind repeat nearly all of their maps. The text is cut where maps begin; where a name and its value
    may come apart by that, it is given back as it is.
    """
    if any(sign in body for sign in _APART):
        return body
    return b"{".join(set(body.split(b"{")))


def _has_user(low: bytes) -> bool:
    """Whether a URL with user and password is in there."""
    at = low.find(_URL)
    while at >= 0:
        if _USER.match(low, at + len(_URL)):
            return True
        at = low.find(_URL, at + len(_URL))
    return False


def _has_named(raw: bytes, low: bytes, hint: bytes) -> bool:
    at = low.find(hint)
    while at >= 0:
        end = at + len(hint)
        if not _is_known_harmless(raw[max(0, at - _AROUND) : end + _AROUND], min(at, _AROUND), len(hint)):
            found = _VALUE.match(low, end)
            if found and _may_name(raw, low, at, found):
                return True
        at = low.find(hint, end)
    return False


@lru_cache(maxsize=8_192)
def _is_known_harmless(around: bytes, at: int, size: int) -> bool:
    """Whether this alone tells that no sensitive name is there; the same few surroundings come again and again."""
    low = around.lower()
    found = _VALUE.match(low, at + size)
    rest = found.end() if found else _REST.match(low, at + size).end() + _ROOM  # type: ignore[union-attr]
    head = _IN_NAME.search(low, 0, at)
    start = head.start() if head else at
    if start < 2 or rest >= len(around) or (start < _ROOM and found and found["end"]):
        return False
    if found is None:
        return True
    name = around[start : found.end("rest")]
    if name.lower() == b"secret" or low[start - 1 : start] == b"\\":
        return False
    if found["end"] and start > _AROUND // 3 and not _is_named(low, start):
        return True
    return not is_sensitive(name.decode("ascii", "replace"))


def _may_name(raw: bytes, low: bytes, at: int, found: re.Match[bytes]) -> bool:
    """Whether a value may stand beside the name that begins before `at`."""
    head = _IN_NAME.search(low, max(0, at - _BEFORE), at)
    start = head.start() if head else at
    name = raw[start : found.end("rest")].decode("ascii", "replace")
    if name.lower() == "secret" and b"kind" in low[max(0, start - 16) : start]:
        return True
    # The letter of an escape, such as the n of a line break, looks like a part of the name.
    known = is_sensitive(name) or (low[start - 1 : start] == b"\\" and is_sensitive(name[1:]))
    return known and (found["end"] is None or _has_value(low, start, found))


def _has_value(low: bytes, start: int, found: re.Match[bytes]) -> bool:
    """Whether this value of a name stands beside another value, or is an option before its argument."""
    if not _is_named(low, start):
        return False
    if low[start : start + 1] == b"-":
        return True
    before = low[max(0, start - 24) : start]
    if _FIRST.search(before) and (found["next"] or b"value") in {b"value", b"valuefrom"}:
        return found["next"] == b"value"
    span = low[max(0, start - _PAIR_SPAN) : found.end() + _PAIR_SPAN]
    return _PAIR.search(span) is not None


def _is_named(low: bytes, start: int) -> bool:
    """Whether what begins here is an option, or what another value is called."""
    return low[start : start + 1] == b"-" or _NAMED.search(low[max(0, start - 24) : start]) is not None
