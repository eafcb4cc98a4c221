"""Which objects may hold something sensitive, told from their bytes without decoding them.

Nearly all objects hold nothing, and a page of them has megabytes. A search for a few short texts is fast, and what
stands around each of them tells whether it can matter. Too many may be suspected, but never too few: what is sensitive
is decided by `sensitive`, on the decoded object.
"""

from __future__ import annotations

import re
from functools import lru_cache

from mcp_kubernetes.kube.secrecy.pairs import has_value, is_named
from mcp_kubernetes.kube.secrecy.sensitive import is_sensitive

NAMES = (b"pass", b"pwd", b"secret", b"token", b"cred", b"auth", b"dsn", b"conn", b"key")
"""One of these is in every sensitive name, in lower case."""

FORMS = (b"eyj", b"private key-----", b"bearer", b"basic", b"akia", b"asia", b"ghp_", b"glpat-", b"xox")
"""One of these, or the mark of a URL with a user, is in every credential of a known form, in lower case."""

_URL = b"://"
_USER = re.compile(
    rb"[^\s/?#@:\"'<>]{0,128}(?::[^\s/?#\"'<>]{1,256}@|\{)|[^\s/?#@:\"'<>]{0,128}:[^\s/?#\"'<>]{0,256}\{"
)
"""User and password of a URL, or as much of it as is left where the text was cut."""

_VALUE = re.compile(
    rb"""(?x) (?P<option>[\w./-]*) [ ]? \\*(?: '?[ ]*= | ['"]?[ ]*:[ ] )  # an option, or a line of a file
    | (?P<rest> (?:[^"\\] | \\+[^"\\]){0,256}+ ) (?:
        \\*"\s*:\s*(?:\\*"(?!\\*")|\[(?!\s*\])|\{(?:\\*"\.\\*":\{\},)?\\*"v:)   # a key of texts, or of a set
      | (?P<end>\\*"\s*[,}]\s*(?:\\*"(?P<next>[\w-]*))?) )  # the value of a name, or an item of a list"""
)
_IN_NAME = re.compile(rb"[\w./-]*\Z")
_REST = re.compile(rb"[^\"]*")
_ESCAPED = re.compile(rb"\\+(?:u[0-9a-fA-F]{4}|[a-z])?")
_ESCAPES = re.compile(rb"\\u00(?!0|1|22|26|27|3[cCeE]|5[cC]|7[fF]|[89a-fA-F])")
"""Characters that no Kubernetes API server escapes: what is written with them cannot be searched for."""

_BEFORE = 1_024
_AROUND = 72
_ROOM = 24
_APART = (b'"v:', b'},"value":"')


def is_suspect(raw: bytes) -> bool:
    """Whether the JSON text of an object may hold something sensitive."""
    return _is_suspect(raw, cut=False)


def any_is_suspect(items: bytes) -> bool:
    """Whether one of many objects, a JSON list of them, may hold something sensitive.

    Objects of a kind repeat nearly all of their maps: the text is cut where maps begin, and each part searched once.
    Not where the name of a set and its members would come apart by that, or of a value that comes after a map.
    """
    if any(sign in items for sign in _APART):
        return _is_suspect(items, cut=False)
    return _is_suspect(b"{".join((*set(items.split(b"{")), b"")), cut=True)


def _is_suspect(raw: bytes, *, cut: bool) -> bool:
    low = raw.lower()
    if any(form in low for form in FORMS) or _has_user(low):
        return True
    if b"\\u00" in low and _ESCAPES.search(low):
        return True
    return any(_has_named(raw, low, name, cut=cut) for name in NAMES)


def _has_user(low: bytes) -> bool:
    """Whether a URL with user and password is in there."""
    at = low.find(_URL)
    while at >= 0:
        if _USER.match(low, at + len(_URL)):
            return True
        at = low.find(_URL, at + len(_URL))
    return False


def _has_named(raw: bytes, low: bytes, hint: bytes, *, cut: bool) -> bool:
    at = low.find(hint)
    while at >= 0:
        end = at + len(hint)
        if not _is_known_harmless(raw[max(0, at - _AROUND) : end + _AROUND], min(at, _AROUND), len(hint)):
            found = _VALUE.match(low, end)
            if found and _may_name(raw, low, at, found, cut=cut):
                return True
        at = low.find(hint, end)
    return False


@lru_cache(maxsize=8_192)
def _is_known_harmless(around: bytes, at: int, size: int) -> bool:
    """Whether this alone tells that no sensitive name is there; the same few surroundings come again and again."""
    low = around.lower()
    found = _VALUE.match(low, at + size)
    end = found.end() if found else _REST.match(low, at + size).end()  # type: ignore[union-attr]
    start = _start(low, at, found)
    if end + _ROOM >= len(around) or start is None or start < _ROOM:
        return False
    if found is None:
        return True
    if found["end"] and not is_named(low, start):
        return not _is_kind(low, start)
    return not is_sensitive(_name(around, start, found))


def _may_name(raw: bytes, low: bytes, at: int, found: re.Match[bytes], *, cut: bool) -> bool:
    """Whether a value may stand beside the name that begins before `at`."""
    start = _start(low, at, found)
    if start is None or _is_kind(low, start):
        return True
    known = is_sensitive(_name(raw, start, found))
    return known and (found["end"] is None or has_value(raw, low, start, found["next"], cut=cut))


def _start(low: bytes, at: int, found: re.Match[bytes] | None) -> int | None:
    """Where the name begins: a key or a text at its quote, an option at its first letter. None: too far away."""
    if found and found["rest"] is None:
        head = _IN_NAME.search(low, max(0, at - _BEFORE), at)
        return head.start() if head and at - head.start() < _BEFORE else None
    quote = low.rfind(b'"', max(0, at - _BEFORE), at)
    return quote + 1 if quote >= 0 else None


def _name(raw: bytes, start: int, found: re.Match[bytes]) -> str:
    """The name as words. The letter of an escape, such as the n of a line break, looks like a part of it."""
    begin = start - 1 if raw[start - 1 : start] == b"\\" else start
    end = found.end("rest" if found["option"] is None else "option")
    return _ESCAPED.sub(b" ", raw[begin:end]).decode("ascii", "replace")


def _is_kind(low: bytes, start: int) -> bool:
    return low.startswith(b"secret", start) and b"kind" in low[max(0, start - 16) : start]
