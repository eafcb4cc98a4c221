"""Whether the name that stands in one place of a JSON text is that of a value beside it, however far away.

A pair such as a variable of a container says `name` in one field and `value` in another. Where the map around a name
can be read by itself it tells; where it cannot, any `value` in the text counts.
"""

from __future__ import annotations

import re
from json import JSONDecoder
from typing import Any

_NAMED = re.compile(rb"(?:name|key)\\*\"\s*:\s*\\*\"\Z")
_FIRST = re.compile(rb"\{\s*\\*\"name\\*\"\s*:\s*\\*\"\Z")
_PAIR = re.compile(rb"value\\*\"\s*:")
_BEFORE = 24
_LONGEST_MAP = 4_096
"""Bytes of a map that is read by itself."""

_decode = JSONDecoder().raw_decode


def is_named(low: bytes, start: int) -> bool:
    """Whether the text that begins here is an option, or what another value is called."""
    return low[start : start + 1] == b"-" or _NAMED.search(low[max(0, start - _BEFORE) : start]) is not None


def has_value(raw: bytes, low: bytes, start: int, following: bytes | None, *, cut: bool) -> bool:
    """Whether the name that begins at `start` stands beside a value, or is an option before its argument.

    `low` is `raw` in lower case, `following` the key after the name. With `cut`, what comes after a nested map may
    be a part of another object.
    """
    if not is_named(low, start):
        return False
    if low[start : start + 1] == b"-" or following == b"value":
        return True
    if cut and following == b"valuefrom" and _FIRST.search(low[max(0, start - _BEFORE) : start]):
        return False  # in the order in which an API server writes a variable, its value would have come before
    around = _map_around(raw, start, cut=cut)
    return _PAIR.search(low) is not None if around is None else "value" in around


def _map_around(raw: bytes, start: int, *, cut: bool) -> dict[str, Any] | None:
    """The map in which the text at `start` is a value; None if that cannot surely be told."""
    begin = raw.rfind(b"{", max(0, start - _LONGEST_MAP), start)
    text = raw[begin : start + _LONGEST_MAP].decode("latin-1") if begin >= 0 else ""
    try:
        found, end = _decode(text)
    except (ValueError, RecursionError):
        return None
    surely = begin + end > start and not (cut and "{" in text[1:end])
    return found if surely and isinstance(found, dict) else None
