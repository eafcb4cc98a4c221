"""Logs of containers: between the marks of `kubectl cluster-info dump`, or in files that are laid out by pods."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import NamedTuple

from mcp_kubernetes_snapshot.files.sources import searched

# Without `^`, which is slow to search for: that a mark begins its line is looked at afterwards.
_START = re.compile(rb"==== START logs for container (\S+) of pod (\S+)/(\S+) ====\r?\n")
_END = re.compile(rb"==== END logs for container \S+ of pod \S+ ====\r?(?:\n|\Z)")
_NEWLINE = ord("\n")
_FILES = {
    "current.log": False,
    "current.insecure.log": False,
    "previous.log": True,
    "previous.insecure.log": True,
}
_ROTATED = re.compile(r"([0-9]{1,6})\.log\.(.+)")


@dataclass(frozen=True, kw_only=True)
class LogKey:
    """Whose log it is: of the container as it ran then, or of the one before it.

    `rotated` is the name of a file that the kubelet had put aside, which begins with the number of the restart.
    """

    namespace: str
    pod: str
    container: str
    previous: bool = False
    rotated: str = ""


class Marked(NamedTuple):
    """A log between marks: whose it is, where the first mark begins, where the log lies, where the second one ends."""

    key: LogKey
    first: int
    start: int
    end: int
    last: int


def marked(view: memoryview) -> Iterator[Marked]:
    """All logs between marks."""
    place = 0
    while start := _at_line(_START, view, place):
        end = _at_line(_END, view, start.end())
        until = end.start() if end else len(view)
        container, namespace, pod = (part.decode(errors="replace") for part in start.groups())
        place = end.end() if end else until
        key = LogKey(namespace=namespace, pod=pod, container=container)
        yield Marked(key, start.start(), start.end(), until, place)


def _at_line(mark: re.Pattern[bytes], view: memoryview, place: int) -> re.Match[bytes] | None:
    """The next mark at the beginning of a line."""
    return next(
        (each for each in searched(mark, view, place) if not each.start() or view[each.start() - 1] == _NEWLINE), None
    )


def name_of(key: LogKey) -> str:
    """Where a must-gather puts that log."""
    file = "previous.log" if key.previous else "current.log"
    return f"namespaces/{key.namespace}/pods/{key.pod}/{key.container}/{key.container}/logs/{file}"


def key_of(name: PurePosixPath) -> LogKey | None:
    """Whose log a file is, if it lies where one of the layouts puts logs."""
    parts = name.parts
    if len(parts) < 4:
        return None
    if parts[-2] == "logs":
        return _gathered(parts[:-2], parts[-1])
    if parts[-3] == "logs" and parts[-2] == "rotated":
        return _gathered(parts[:-3], parts[-1], is_rotated=True)
    if parts[-4] == "logs":
        return _by_pod(parts)
    is_captured = parts[-4] == "pods" and parts[-6:-5] == ("core_v1",) and parts[-1] == f"{parts[-2]}.log"
    return LogKey(namespace=parts[-5], pod=parts[-3], container=parts[-2]) if is_captured else None


def _gathered(folders: tuple[str, ...], file: str, *, is_rotated: bool = False) -> LogKey | None:
    """As `oc adm inspect` puts them: `{namespace}/pods/{pod}/{container}/{container}/logs/current.log`."""
    is_twice = len(folders) >= 5 and folders[-4] == "pods" and folders[-1] == folders[-2]
    place = folders[:-1] if is_twice else folders
    if len(place) < 4 or place[-3] != "pods":
        return None
    whose = LogKey(namespace=place[-4], pod=place[-2], container=place[-1])
    if is_rotated:
        return replace(whose, rotated=file) if _ROTATED.fullmatch(file) else None
    return replace(whose, previous=_FILES[file]) if file in _FILES else None


def _by_pod(parts: tuple[str, ...]) -> LogKey | None:
    """`logs/{namespace}/{pod}/{container}.log`, in `pods` of Troubleshoot or at the top of support-bundle-kit."""
    ending, previous = (".log", "-previous.log") if parts[-5:-4] == ("pods",) else (".log", ".log.1")
    file = parts[-1]
    if file.endswith("-logs-errors.log"):
        return None
    for end, is_previous in ((previous, True), (ending, False)):
        if file.endswith(end) and len(file) > len(end):
            return LogKey(namespace=parts[-3], pod=parts[-2], container=file.removesuffix(end), previous=is_previous)
    return None


def restart_of(rotated: str) -> int:
    """Which run of a container a rotated file is of: 0 for the first one."""
    found = _ROTATED.fullmatch(rotated)
    return int(found[1]) if found else 0


def age_of(rotated: str) -> str:
    """What rotated files of one run are sorted by: the time in their names."""
    found = _ROTATED.fullmatch(rotated)
    return found[2] if found else ""
