"""What stands for a hidden value: its size, and a keyed digest bound to object and field.

Two reads can be compared ("unchanged") without learning anything about the value: at all replicas that have keys in
common, else at one process for as long as it lives.
"""

from __future__ import annotations

import binascii
import hashlib
import hmac
import re
from base64 import b64decode
from typing import Any, NewType

MARKER = "<masked: "
"""How every masked value begins."""

_MARK = re.compile(rf"{MARKER}[0-9]+ bytes, [0-9a-f]{{8}}>")
_OTHERS = frozenset({"***HIDDEN***"})
"""What programs that collect from clusters put there: Troubleshoot, pkg/redact in replicatedhq/troubleshoot."""

Owner = NewType("Owner", bytes)
"""An object, as its masks know it: a key of its own, made from the server's."""


def owned(key: bytes, told_by: bytes) -> Owner:
    """The owner that is told by these bytes."""
    return Owner(hmac.digest(key, told_by, "sha256"))


def mark(owner: Owner, place: str, key: str, value: bytes) -> str:
    """The mask of a value; `place` and `key` tell the field in its owner."""
    digest = hmac.new(owner, digestmod=hashlib.sha256)
    for part in (place.encode(), key.encode(), value):
        digest.update(len(part).to_bytes(8) + part)
    return f"{MARKER}{len(value)} bytes, {digest.hexdigest()[:8]}>"


def is_mark(value: object) -> bool:
    """Whether a value is such a mask, or another's, as a whole: it hides nothing that could be masked once more."""
    return isinstance(value, str) and (value in _OTHERS or _MARK.fullmatch(value) is not None)


def decoded(place: str, value: Any) -> bytes:
    """The value as whoever put it into the Secret's `place` knows it."""
    if not isinstance(value, str):
        return repr(value).encode()
    try:
        return b64decode(value) if place == "data" else value.encode()
    except (binascii.Error, ValueError):
        return value.encode()
