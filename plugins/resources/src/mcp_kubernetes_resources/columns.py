"""Columns as kubectl's custom-columns writes them: `NAME:.metadata.name,IMAGE:.spec.containers[*].image`.

https://kubernetes.io/docs/reference/kubectl/#custom-columns

A column may also be a path alone; its last key is its header then. Cells are what kubectl prints, except that maps
are compact JSON, since Go's own form of them cannot be read back, and that a list shows its items, as several values
do.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import Any

from mcp_kubernetes import InvalidArguments

NONE = "<none>"
"""What a cell shows where an object has no value, as in kubectl."""

_MOST = 40
_HINT = "For example NAME:.metadata.name,NODE:.spec.nodeName"
_QUOTED = r"\"[^\"]*\"|'[^']*'"
_PART = re.compile(rf"(?:\\.|{_QUOTED}|\[(?:{_QUOTED}|[^\]\"'])*\]|[^,\[\"'\\])+")
_HEADER = re.compile(r"([^.:\[\]{}'\"@$\s][^:\[\]{}'\"]*):(.*)", re.DOTALL)
_LAST_KEY = re.compile(r"['\"](?P<quoted>[^'\"]+)['\"]\]\Z|(?P<bare>[\w/-]+)[^\w]*\Z")


def parse(text: str, parameter: str) -> dict[str, str]:
    """Path by header. Raises InvalidArguments, which names `parameter`."""
    columns: dict[str, str] = {}
    for part in parts(text, parameter):
        header, path = _column(part)
        if header in columns:
            raise InvalidArguments(f"{parameter} has two columns of one name.", hint="Name each differently: A:.a,B:.b")
        columns[header] = path
    if len(columns) > _MOST:
        raise InvalidArguments(f"{parameter} takes at most {_MOST} columns.", hint=_HINT)
    return columns


def parts(text: str, parameter: str) -> Iterator[str]:
    """The text between commas, all of it: commas in brackets and in quotes are a path's own.

    Raises InvalidArguments, which names `parameter`.
    """
    at = 0
    while True:
        part = _PART.match(text, at)
        if part is None or not part[0].strip():
            raise InvalidArguments(f"At character {at + 1} of {parameter} a column is expected.", hint=_HINT)
        yield part[0].strip()
        at = part.end()
        if at == len(text):
            return
        if text[at] != ",":
            raise InvalidArguments(
                f"At character {at + 1} of {parameter} a bracket or a quote is opened and not closed.", hint=_HINT
            )
        at += 1


def _column(part: str) -> tuple[str, str]:
    if found := _HEADER.match(part):
        return found[1].strip(), found[2].strip()
    last = _LAST_KEY.search(part)
    return ((last["quoted"] or last["bare"]) if last else part).upper(), part


def cell(value: Any) -> str:
    """One value of a path, or the list of several, as a cell."""
    if isinstance(value, list):
        return ",".join(map(_shown, value)) or NONE
    return NONE if value is None else _shown(value)


def cells(row: Iterable[Any]) -> list[str]:
    """A row of such cells."""
    return [cell(value) for value in row]


def _shown(value: Any) -> str:
    if isinstance(value, str):
        return value
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
