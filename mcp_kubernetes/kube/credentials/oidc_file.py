"""The tokens of a kubeconfig's user where they are at home: in the file, which other programs read and write too.

Many issuers replace a refresh-token whenever it is used, and end the whole sign-in when an old one is used again.
So new tokens go back into the file, as with client-go, and what another process put there is found before an old
token is sent. Nothing else in the file changes: not a comment, not the order, not the mode.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import stat
import tempfile
import time
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager, suppress
from pathlib import Path
from typing import Any

from mcp_kubernetes.files import read_file
from mcp_kubernetes.kube.credentials.oidc_entry import Tokens
from mcp_kubernetes.kube.credentials.oidc_text import NotPossible, config_of, with_values
from mcp_kubernetes.kube.kubeconfig.plain_yaml import plain_yaml
from mcp_kubernetes.strict_yaml import InvalidYAML

_LOCK_ATTEMPTS = 20
_POLL = 0.05
_LONGEST_TURN = 30.0


class KeptTokens:
    """The tokens of the user `name` in the kubeconfig `path`."""

    def __init__(self, path: Path, name: str) -> None:
        self._path = path
        self._name = name

    def read(self) -> Tokens | None:
        """What the file holds now; None where that cannot be told."""
        try:
            config = config_of(plain_yaml(read_file(self._path)), self._name)
        except (OSError, InvalidYAML, NotPossible):
            return None
        return Tokens(id_token=_text(config, "id-token"), refresh_token=_text(config, "refresh-token"))

    def write(self, old: Tokens, new: Tokens) -> None:
        """Put `new` in place of `old`. What somebody else wrote meanwhile stays: it is newer.

        Raises NotPossible, and OSError, where the file must stay as it is.
        """
        values = _values(old, new)
        if not values:
            return
        with _locked(self._path):
            if self.read() == old:
                _replace(self._path, with_values(read_file(self._path), self._name, values))

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """One at a time among the servers that use this file; whoever waited finds what the one before wrote.

        Not client-go's lock: that must be held for an instant only, for kubectl does not wait, and it stays
        behind when its owner is killed.
        """
        file = _opened(self._path)
        try:
            if file is not None:
                await _wait_for(file)
            yield
        finally:
            if file is not None:
                os.close(file)


def _text(config: Mapping[str, Any], key: str) -> str | None:
    value = config.get(key)
    return value if isinstance(value, str) and value else None


def _values(old: Tokens, new: Tokens) -> dict[str, str]:
    pairs = (("id-token", old.id_token, new.id_token), ("refresh-token", old.refresh_token, new.refresh_token))
    return {key: after for key, before, after in pairs if after is not None and after != before}


def _opened(path: Path) -> int | None:
    with suppress(OSError):
        return os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    return None


async def _wait_for(file: int) -> None:
    """Until the file is ours; not for ever, and not where the file system knows no such locks."""
    with suppress(TimeoutError):
        async with asyncio.timeout(_LONGEST_TURN):
            while not _is_ours(file):  # noqa: ASYNC110 - a lock of the file system wakes nobody
                await asyncio.sleep(_POLL)


def _is_ours(file: int) -> bool:
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    except OSError:
        return True
    return True


@contextmanager
def _locked(path: Path) -> Iterator[None]:
    """Hold the lock that client-go takes while it writes a kubeconfig: an empty file beside it."""
    lock = path.with_name(f"{path.name}.lock")
    for attempt in range(_LOCK_ATTEMPTS):
        try:
            os.close(os.open(lock, os.O_CREAT | os.O_EXCL, 0))
            break
        except FileExistsError:
            if attempt == _LOCK_ATTEMPTS - 1:
                raise NotPossible(f"it is locked; if no program is at work on it, remove {lock}") from None
            time.sleep(_POLL)
    try:
        yield
    finally:
        lock.unlink(missing_ok=True)


def _replace(path: Path, content: bytes) -> None:
    """Write all or nothing, with owner and mode as they were; what a link leads to is replaced, not the link."""
    real = path.resolve(strict=True)
    was = real.stat()
    # Whoever made the file read-only meant it; the folder's permissions, and root's, would let us.
    if not was.st_mode & stat.S_IWUSR or not os.access(real, os.W_OK):
        raise NotPossible("it is read-only")
    descriptor, name = tempfile.mkstemp(prefix=f".{real.name}.", dir=real.parent)
    try:
        with open(descriptor, "wb") as file:  # noqa: PTH123 - an open descriptor, no path
            os.fchown(descriptor, was.st_uid, was.st_gid)
            os.fchmod(descriptor, stat.S_IMODE(was.st_mode))
            file.write(content)
            file.flush()
            os.fsync(descriptor)
        Path(name).replace(real)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
