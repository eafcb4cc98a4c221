"""Logs of containers: between the marks of `kubectl cluster-info dump`, or in the files of a must-gather."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath

from mcp_kubernetes_snapshot.files.sources import searched

# Without `^`, which is slow to search for: that a mark begins its line is looked at afterwards.
_START = re.compile(rb"==== START logs for container (\S+) of pod (\S+)/(\S+) ====\r?\n")
_END = re.compile(rb"==== END logs for container \S+ of pod \S+ ====\r?(?:\n|\Z)")
_NEWLINE = ord("\n")
_FILES = {"current.log": False, "previous.log": True}


@dataclass(frozen=True, kw_only=True)
class LogKey:
    """Whose log it is: of the container as it ran then, or of the one before it."""

    namespace: str
    pod: str
    container: str
    previous: bool = False


def marked(view: memoryview) -> Iterator[tuple[LogKey, int, int, int]]:
    """Each marked log: whose it is, where it begins and ends, and where its mark begins."""
    place = 0
    while start := _at_line(_START, view, place):
        end = _at_line(_END, view, start.end())
        until = end.start() if end else len(view)
        container, namespace, pod = (part.decode(errors="replace") for part in start.groups())
        yield LogKey(namespace=namespace, pod=pod, container=container), start.end(), until, start.start()
        place = end.end() if end else until


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
    """Whose log a file is, if it lies where a must-gather puts logs.

    `namespaces/{namespace}/pods/{pod}/{container}/{container}/logs/current.log`
    """
    parts = name.parts
    if len(parts) < 8 or parts[-1] not in _FILES or parts[-2] != "logs" or parts[-6] != "pods":
        return None
    return LogKey(namespace=parts[-7], pod=parts[-5], container=parts[-4], previous=_FILES[parts[-1]])
