"""The file that a recording grows in: a tar to which whole lists are added, so that it can be taken up again.

After each list stands a member that says so, and how many objects it has. What stands behind the last one of these is
cut off before a recording goes on: half a list is worth nothing.
"""

from __future__ import annotations

import io
import os
import tarfile
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from mcp_kubernetes_snapshot.files.recorded import DONE, Question

_BLOCK = 512

DOCUMENTS = "documents"
LOGS = "logs/"
"""What stands before the names of pods whose logs are recorded."""


class OtherRecording(Exception):
    """The file that was begun is of another cluster, or of other kinds or namespaces."""


@dataclass
class Archive:
    """What is recorded so far. Use it as a context manager; only `finish` gives the file its name.

    `done` has how many objects or logs belong to each key that is complete.
    """

    path: Path
    question: Question
    done: dict[str, int] = field(default_factory=dict)
    _file: io.BufferedRandom | None = None
    _safe: int = 0

    @property
    def partial(self) -> Path:
        """Where it grows."""
        return self.path.with_name(f"{self.path.name}.part")

    @property
    def lists(self) -> list[int]:
        """How many objects each list has that is recorded."""
        return [count for key, count in self.done.items() if not key.startswith((DOCUMENTS, LOGS))]

    @property
    def logs(self) -> int:
        """How many logs are recorded."""
        return sum(count for key, count in self.done.items() if key.startswith(LOGS))

    def __enter__(self) -> Self:
        descriptor = os.open(self.partial, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        self._file = os.fdopen(descriptor, "r+b")
        try:
            self._take_up()
        except BaseException:
            self._file.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        if self._file:
            self._file.close()

    def add(self, name: str, body: bytes) -> None:
        """Add a member."""
        member = tarfile.TarInfo(name)
        member.size, member.mtime, member.mode = len(body), int(time.time()), 0o600
        self._open.write(member.tobuf(tarfile.PAX_FORMAT))
        self._open.write(body + bytes(-len(body) % _BLOCK))

    def complete(self, key: str, count: int = 0) -> None:
        """All `count` things that belong to `key` were added, and are kept from now on."""
        self.add(f"{DONE}/{key}", b"%d" % count)
        self._open.flush()
        self._safe = self._open.tell()
        self.done[key] = count

    def drop(self) -> None:
        """Forget what was added since something was last complete."""
        self._open.seek(self._safe)
        self._open.truncate()

    def finish(self) -> int:
        """End the tar and give the file its name; its size in bytes."""
        self._open.write(bytes(2 * _BLOCK))
        self._open.flush()
        os.fsync(self._open.fileno())
        size = self._open.tell()
        self.partial.replace(self.path)
        return size

    @property
    def _open(self) -> io.BufferedRandom:
        if self._file is None:
            raise ValueError("the archive is not open")
        return self._file

    def _take_up(self) -> None:
        """Go on behind what is complete, or begin."""
        begun = False
        for name, body, end in _members(self._open):
            if name == Question.NAME:
                begun = self._is_ours(body)
                self._safe = end
            elif name.startswith(f"{DONE}/"):
                self.done[name.removeprefix(f"{DONE}/")] = int(body)
                self._safe = end
        self.drop()
        if not begun:
            self.add(Question.NAME, self.question.encoded())
            self._safe = self._open.tell()

    def _is_ours(self, body: bytes) -> bool:
        if body != self.question.encoded():
            raise OtherRecording
        return True


def _members(file: io.BufferedRandom) -> Iterator[tuple[str, bytes, int]]:
    """Name, content of what is small, and end of each whole member; what is damaged ends it."""
    size = os.fstat(file.fileno()).st_size
    place = 0
    while place + _BLOCK <= size:
        file.seek(place)
        try:
            member = tarfile.TarInfo.frombuf(file.read(_BLOCK), "utf-8", "strict")
        except tarfile.HeaderError:
            return
        end = place + _BLOCK + member.size + (-member.size % _BLOCK)
        if end > size:
            return
        yield member.name, file.read(member.size) if member.size < 1 << 20 else b"", end
        place = end
