"""Keys from a file that replicas share: read anew when it has changed, so that keys are renewed without a restart.

A new key goes to the end of the file first, for everybody to open with, and to its head when everybody has read it.
"""

from __future__ import annotations

import logging
from pathlib import Path

from mcp_kubernetes.files import read_file, stamp
from mcp_kubernetes.seal import KEY_BYTES

_log = logging.getLogger(__name__)


class KeyFile:
    """The keys of one file. Raises ValueError for one that cannot be used.

    One that cannot be used later leaves the keys as they are: what was sealed with them must go on being good.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stamp = stamp(path)
        self._keys = read(path)

    def __call__(self) -> tuple[bytes, ...]:
        """The keys as the file has them now."""
        now = stamp(self._path)
        if now != self._stamp:
            self._stamp = now
            self._renew()
        return self._keys

    def _renew(self) -> None:
        try:
            self._keys = read(self._path)
            _log.info("The file of keys was read anew: %d keys.", len(self._keys))
        except ValueError as error:
            _log.error("The file of keys is not valid, so the keys stay as they are: %s.", error)


def read(path: Path) -> tuple[bytes, ...]:
    """The keys of a file. Raises ValueError with the end of the sentence "The file is not valid: …"."""
    try:
        lines = read_file(path).decode("ascii").splitlines()
    except UnicodeDecodeError:
        raise ValueError("it is not plain text") from None
    except OSError as error:
        raise ValueError(f"it cannot be read ({error.strerror})") from None
    keys = tuple(_key(number, line) for number, line in enumerate(lines, 1) if line.strip() and line[0] != "#")
    if not keys:
        raise ValueError("it holds no key; openssl rand -hex 32 makes one")
    if len({*keys}) < len(keys):
        raise ValueError("it has one key twice")
    return keys


def _key(number: int, line: str) -> bytes:
    try:
        key = bytes.fromhex(line)
    except ValueError:
        key = b""
    if len(key) != KEY_BYTES:
        raise ValueError(
            f"line {number} is not {2 * KEY_BYTES} hexadecimal digits, as openssl rand -hex 32 prints them"
        )
    return key
