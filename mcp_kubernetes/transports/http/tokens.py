"""Tokens from a file of hashes, each with the user and the groups it stands for; read anew when it has changed.

A line is `sha256-of-the-token,user,"group,group"`; empty lines and lines that begin with # are passed over. A hash of a
token that was drawn at random (`openssl rand -hex 32`) gives nothing away, and needs no slow function.
"""

from __future__ import annotations

import csv
import hashlib
import hmac
import logging
import re
from pathlib import Path
from typing import NamedTuple

from mcp_kubernetes.files import stamp
from mcp_kubernetes.identity import Identity

_log = logging.getLogger(__name__)

_HASH = re.compile(r"[0-9a-f]{64}")


class Entry(NamedTuple):
    """One line: the hash of a token, and whom it stands for."""

    digest: bytes
    identity: Identity


class TokenFile:
    """The tokens of one file. Raises ValueError for one that cannot be used.

    One that cannot be used later lets nobody in until it can: a token that was taken out must not go on being good.
    """

    name = "token-file"
    issuer = ""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stamp = stamp(path)
        self._entries = read(path)

    async def verify(self, token: str) -> Identity | None:
        """The identity of a token in the file. How long it takes does not depend on how much of a hash fits."""
        self._refresh()
        digest = hashlib.sha256(token.encode()).hexdigest().encode()
        found: Identity | None = None
        for entry in self._entries:
            if hmac.compare_digest(entry.digest, digest):
                found = entry.identity
        return found

    def _refresh(self) -> None:
        now = stamp(self._path)
        if now == self._stamp:
            return
        self._stamp = now
        try:
            self._entries = read(self._path)
            _log.info("The token file was read anew: %d tokens.", len(self._entries))
        except ValueError as error:
            self._entries = []
            _log.error("The token file is not valid, so it lets nobody in: %s.", error)


def read(path: Path) -> list[Entry]:
    """The tokens of a file. Raises ValueError with the end of the sentence "The token file is not valid: …"."""
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except UnicodeDecodeError:
        raise ValueError("it is not UTF-8") from None
    except OSError as error:
        raise ValueError(f"it cannot be read ({error.strerror})") from None
    entries = [_entry(number, line) for number, line in enumerate(lines, 1) if line.strip() and line[0] != "#"]
    if not entries:
        raise ValueError("it holds no token")
    if len({entry.digest for entry in entries}) < len(entries):
        raise ValueError("it has one token twice, so it is not clear whose that is")
    return entries


def _entry(number: int, line: str) -> Entry:
    digest, user, groups, *more = [*(field.strip() for field in next(csv.reader([line]))), "", ""]
    if not _HASH.fullmatch(digest) or not user or any(more):
        raise ValueError(
            f"line {number} is not `sha256-of-the-token,user,groups`, with 64 lower-case hexadecimal digits for the "
            'hash, and with several groups in quotes ("a,b")'
        )
    named = tuple(group.strip() for group in groups.split(",") if group.strip())
    return Entry(digest.encode(), Identity(subject=user, issuer=TokenFile.name, username=user, groups=named))
