"""The kubelet's timestamps, with which it begins each line: in nanoseconds, and in the node's own time zone."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from functools import lru_cache

_STAMP = re.compile(rb"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(Z|[+-]\d\d:\d\d)\Z")
_SECOND = 1_000_000_000


def split(line: bytes) -> tuple[int | None, bytes]:
    """A line's time, in nanoseconds since 1970, and its text. Without a timestamp it is all text."""
    head, space, text = line.partition(b" ")
    time = instant(head)
    return (time, text) if time is not None and space else (None, line)


def instant(stamp: bytes) -> int | None:
    """Nanoseconds since 1970; None for what is no timestamp."""
    found = _STAMP.match(stamp)
    if found is None:
        return None
    seconds = _seconds(found[1] + found[3])
    return None if seconds is None else seconds * _SECOND + int((found[2] or b"0").ljust(9, b"0"))


@lru_cache(4_096)
def _seconds(text: bytes) -> int | None:
    try:
        return int(datetime.fromisoformat(text.decode()).timestamp())
    except ValueError:
        return None


def shown(time: int) -> str:
    """In UTC, to the millisecond."""
    moment = datetime.fromtimestamp(time // _SECOND, UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{time % _SECOND // 1_000_000:03d}Z"


def whole_second(time: int) -> str:
    """The second that it is in, as the API server takes times."""
    return f"{datetime.fromtimestamp(time // _SECOND, UTC):%Y-%m-%dT%H:%M:%SZ}"
