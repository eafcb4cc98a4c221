"""A token in a file that somebody else renews, as kubelets do for the ServiceAccounts of their pods."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from mcp_kubernetes.errors import CredentialsError
from mcp_kubernetes.files import read_file
from mcp_kubernetes.kube.cluster import ClusterEntry, Credentials

_TOKEN_AGE = 60.0

Clock = Callable[[], float]
"""Seconds that never go back."""


def is_token(text: str) -> bool:
    """Whether this can stand in an Authorization header without changing it."""
    return text.isascii() and text.isprintable() and " " not in text


class TokenFile:
    """A way to sign in: the file's token, read again each minute and on refusal."""

    def __init__(self, path: Path, owner: str, clock: Clock = time.monotonic) -> None:
        """`owner` begins the sentences about the file: 'The user "admin" in /home/me/.kube/config'."""
        self._path = path
        self._owner = owner
        self._clock = clock
        self._token: str | None = None
        self._read_at = 0.0

    async def sign(self, credentials: Credentials, _entry: ClusterEntry, refused: Credentials | None, /) -> Credentials:
        """Add the token of the file."""
        if not self._is_fresh() or (refused is not None and refused.token == self._token):
            self._token, self._read_at = await self._read_anew(), self._clock()
        return replace(credentials, token=self._token)

    def _is_fresh(self) -> bool:
        return self._token is not None and self._clock() - self._read_at < _TOKEN_AGE

    async def _read_anew(self) -> str:
        """A caller that gives up while the file is read leaves things as they were: others sign in meanwhile."""
        try:
            return await asyncio.to_thread(self._read)
        except CredentialsError:
            self._token = None
            raise

    def _read(self) -> str:
        try:
            content = read_file(self._path)
        except OSError as error:
            raise self._unusable(f"cannot be read: {error.strerror}") from None
        token = content.decode("ascii", "replace").strip()
        if not token:
            raise self._unusable("is empty")
        if not is_token(token):
            raise self._unusable("holds something that is no token")
        return token

    def _unusable(self, problem: str) -> CredentialsError:
        return CredentialsError(
            f"{self._owner} signs in with the token file {self._path}, which {problem}.",
            hint="Call again once whoever renews that file has put a token there.",
        )
