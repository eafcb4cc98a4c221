"""What stands for a hidden value: its size, and a keyed digest bound to object and field.

Two reads can be compared ("unchanged") without learning anything about the value. The key lives as long as the
process.
"""

from __future__ import annotations

import binascii
import hashlib
import hmac
import os
import re
from base64 import b64decode
from typing import Any

MARKER = "<masked: "
"""How every masked value begins."""

_MARK = re.compile(rf"{MARKER}[0-9]+ bytes, [0-9a-f]{{8}}>")
_KEY = os.urandom(32)


def mark(owner: bytes, place: str, key: str, value: bytes) -> str:
    """The mask of a value. `owner` tells the object, `place` and `key` the field in it."""
    digest = hmac.new(_KEY, digestmod=hashlib.sha256)
    for part in (owner, place.encode(), key.encode(), value):
        digest.update(len(part).to_bytes(8) + part)
    return f"{MARKER}{len(value)} bytes, {digest.hexdigest()[:8]}>"


def is_mark(value: object) -> bool:
    """Whether a value is such a mask, as a whole: it hides nothing that could be masked once more."""
    return isinstance(value, str) and _MARK.fullmatch(value) is not None


def decoded(place: str, value: Any) -> bytes:
    """The value as whoever put it into the Secret's `place` knows it."""
    if not isinstance(value, str):
        return repr(value).encode()
    try:
        return b64decode(value) if place == "data" else value.encode()
    except (binascii.Error, ValueError):
        return value.encode()
