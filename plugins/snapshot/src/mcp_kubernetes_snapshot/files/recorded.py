"""How a recording of `mcp-kubernetes snapshot` is laid out, below the folder `mcp-kubernetes`.

`question.json` says what was to be recorded, `finished.json` when it was and what is missing. `server/` holds the API
server's answers to paths that are no objects; `lists/` pages of objects, each beside the page of the API server's own
table (`.table.json`), which has a row for each object and names it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import Any, ClassVar

import msgspec

from mcp_kubernetes_snapshot.files.sources import Extent

ROOT = "mcp-kubernetes"
DONE = f"{ROOT}/done"
LISTS = f"{ROOT}/lists"
FINISHED = f"{ROOT}/finished.json"
_SERVER = (ROOT, "server")
_TABLE = ".table.json"


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """What is to be recorded; two that are alike can be one recording. `logs` are lines of each container's log."""

    NAME: ClassVar[str] = f"{ROOT}/question.json"

    server: str
    namespaces: Sequence[str]
    kinds: Sequence[str]
    logs: int

    def encoded(self) -> bytes:
        """As it stands in the file."""
        return msgspec.json.encode(self)


class Finished(msgspec.Struct, frozen=True, kw_only=True):
    """The end of a recording: the moment that it shows, and what is not in it."""

    time: str
    left_out: Sequence[str] = ()

    def encoded(self) -> bytes:
        """As it stands in the file."""
        return msgspec.json.encode(self)


class Named(msgspec.Struct):
    """What tells the object of a row from others, and one state of it from the next."""

    name: str = ""
    namespace: str = ""
    version: str = ""


class Row(msgspec.Struct):
    """A row of a recorded table: its cells and conditions are as the API server sent them."""

    of: Named
    cells: msgspec.Raw
    conditions: Any = None


class TablePage(msgspec.Struct, kw_only=True):
    """A page of a table. `place` is that of its list: `apis/apps/v1/deployments`."""

    place: str
    columns: list[dict[str, Any]]
    rows: list[Row]


@dataclass
class RecordedTable:
    """A table as a whole: its columns, and by namespace and name the version of an object and where its row lies."""

    columns: list[dict[str, Any]]
    rows: dict[tuple[str, str], tuple[str, Extent]] = field(default_factory=dict)


def document_name(path: str, body: bytes) -> str:
    """Where the answer to a path is kept."""
    ending = "json" if body.lstrip()[:1] == b"{" else "txt"
    return f"{'/'.join(_SERVER)}{path}.{ending}"


def table_name(name: str) -> str:
    """Where the table beside a page of objects is kept."""
    return name.removesuffix(".json") + _TABLE


def path_of(name: PurePosixPath) -> str | None:
    """The path that a file holds the answer to: `/version` for `server/version.json`. None for others."""
    below = _below(name, _SERVER)
    return f"/{below.with_suffix('')}" if below else None


def is_table(name: PurePosixPath) -> bool:
    """Whether it is a page of a table."""
    return name.name.endswith(_TABLE) and _below(name, tuple(LISTS.split("/"))) is not None


def is_finished(name: PurePosixPath) -> bool:
    """Whether it says how the recording ended."""
    return name.name == PurePosixPath(FINISHED).name and name.parent.name == ROOT


def is_note(name: PurePosixPath) -> bool:
    """Whether it is only for whoever records."""
    return name.parent.name == ROOT or _below(name, tuple(DONE.split("/"))) is not None


def _below(name: PurePosixPath, folder: tuple[str, ...]) -> PurePosixPath | None:
    parts = name.parts
    for place in range(len(parts) - len(folder)):
        if parts[place : place + len(folder)] == folder:
            return PurePosixPath(*parts[place + len(folder) :])
    return None
