"""From the files of a snapshot to its objects and logs. Of an object it keeps where it lies, and not what it holds."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

import msgspec

from mcp_kubernetes import InvalidArguments, read_manifests
from mcp_kubernetes_snapshot.files import json_pieces, yaml_pieces
from mcp_kubernetes_snapshot.files.finding import Found, found_in
from mcp_kubernetes_snapshot.files.json_pieces import Head, Meta, Piece
from mcp_kubernetes_snapshot.files.layouts.asides import Aside, aside_of, operand_version
from mcp_kubernetes_snapshot.files.layouts.names import is_bare, why_passed_over
from mcp_kubernetes_snapshot.files.layouts.told import NOTHING, Told, told_by
from mcp_kubernetes_snapshot.files.logs import LogKey, key_of, marked
from mcp_kubernetes_snapshot.files.progress import Progress
from mcp_kubernetes_snapshot.files.recorded import (
    Finished,
    RecordedTable,
    TablePage,
    is_finished,
    is_note,
    is_table,
    path_of,
)
from mcp_kubernetes_snapshot.files.report import Report
from mcp_kubernetes_snapshot.files.sources import Extent, OpenFile, Source, forget

_OBJECTS = frozenset({".json", ".yaml", ".yml"})
_SAYS_VERSION = b"apiVersion"
_MARKED = b"==== START logs for container "
_SNIFFED = 4096
_MOST_ASIDE = 16 << 20
_FORGOTTEN = 8 << 20
"""So much of a file is looked at before its pages are given back."""

MOST_BYTES = 3 << 20
"""The API server takes no larger object, so there is none."""

_API_VERSION = re.compile(r"([a-z0-9]([-a-z0-9.]*[a-z0-9])?/)?v[a-z0-9]+\Z")
_KIND = re.compile(r"[A-Z][A-Za-z0-9]*\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """An object: what it is, and where its JSON lies."""

    api_version: str
    kind: str
    meta: Meta
    times: tuple[str, ...]
    extent: Extent
    file: str


@dataclass(kw_only=True)
class Reading:
    """Goes through the files once. What is no JSON already is kept as such in a temporary file."""

    report: Report
    progress: Progress
    sources: list[Source] = field(default_factory=list)
    logs: dict[LogKey, Extent] = field(default_factory=dict)
    documents: dict[str, Extent] = field(default_factory=dict)
    tables: dict[str, RecordedTable] = field(default_factory=dict)
    finished: Finished | None = None
    collected: str = ""
    plurals: dict[tuple[str, str], str] = field(default_factory=dict)
    _told: Told = NOTHING
    _operand: bytes | None = None
    _numbers: dict[int, int] = field(default_factory=dict)
    _before: int = 0
    _forgotten: int = 0
    _converted: OpenFile | None = None

    def objects(self, path: Path, most_bytes: int) -> Iterator[Read]:
        """All objects of the snapshot at `path`. Raises Refused, and OSError where `path` itself cannot be read."""
        for found in found_in(path, self.report, self.progress, most_bytes):
            self._before = self.progress.done
            if isinstance(found.source, OpenFile):
                self._number(found.source)  # whatever is in it, it has to be closed
            try:
                yield from self._file(found)
            except OSError:
                self.report.add("cannot be read", str(found.name))
            self.progress.done = self._before + found.size
            if not isinstance(found.source, OpenFile):
                self._numbers.pop(id(found.source), None)  # a file of a folder is not met again
        if self._operand and "/version" not in self.documents:
            self.documents["/version"] = self._kept(self._operand)

    def _file(self, found: Found) -> Iterator[Read]:
        with found.source.view(found.offset, found.size) as view:
            start = bytes(view[:_SNIFFED])
            if path := path_of(found.name):
                self.documents[path] = Extent(self._number(found.source), found.offset, found.size)
            elif is_table(found.name):
                self._table(bytes(view), str(found.name))
            elif is_note(found.name):
                self._note(found.name, bytes(view))
            elif key := key_of(found.name):
                self._log(key, Extent(self._number(found.source), found.offset, found.size))
            elif aside := self._aside(found, view):
                self._take(aside)
            elif is_dump(found, start):
                self._told = told_by(found.name)
                yield from self._dump(found, view)
            else:
                self.report.add(why_passed_over(found.name), str(found.name), lost=False)

    def _log(self, key: LogKey, place: Extent) -> None:
        """Of one that is there twice, or as two files of which one is empty, the larger one is kept."""
        if key not in self.logs or place.size > self.logs[key].size:
            self.logs[key] = place

    def _aside(self, found: Found, view: memoryview) -> Aside | None:
        read = aside_of(found.name)
        try:
            return read(found.name, bytes(view)) if read and len(view) <= _MOST_ASIDE else None
        except (msgspec.DecodeError, RecursionError):
            return None

    def _take(self, aside: Aside) -> None:
        for path, body in aside.documents.items():
            self.documents.setdefault(path, self._kept(body))
        for each in aside.uncollected:
            self.report.add("could not be collected", each)
        self.collected = max(self.collected, aside.time)

    def _table(self, raw: bytes, name: str) -> None:
        try:
            page = msgspec.json.decode(raw, type=TablePage)
        except msgspec.DecodeError:
            self.report.add("is no recorded table that can be read", name)
            return
        table = self.tables.setdefault(page.place, RecordedTable(page.columns))
        for row in page.rows:
            shown = {"cells": row.cells} | ({"conditions": row.conditions} if row.conditions else {})
            place = self._kept(msgspec.json.encode(shown))
            table.rows[row.of.namespace, row.of.name] = row.of.version, place

    def _note(self, name: PurePosixPath, raw: bytes) -> None:
        if not is_finished(name):
            return
        try:
            self.finished = msgspec.json.decode(raw, type=Finished)
        except msgspec.DecodeError:
            self.report.add("is no end of a recording that can be read", str(name))
            return
        for each in self.finished.left_out:
            self.report.add("was left out when the cluster was recorded", each)

    def _dump(self, found: Found, view: memoryview) -> Iterator[Read]:
        """Documents, and the logs that may stand between them."""
        place = 0
        for log in marked(view):
            yield from self._between(found, view, place, log.first)
            extent = Extent(self._number(found.source), found.offset + log.start, log.end - log.start)
            self._log(log.key, extent)
            place = log.last
        yield from self._between(found, view, place, len(view))

    def _between(self, found: Found, view: memoryview, start: int, end: int) -> Iterator[Read]:
        if bytes(view[start : min(end, start + _SNIFFED)]).lstrip()[:1] in {b"{", b"["}:
            yield from self._documents(found, view, start, end)
        else:
            with view[start:end] as part:
                yield from self._yaml(found, part, start)

    def _documents(self, found: Found, view: memoryview, start: int, end: int) -> Iterator[Read]:
        with view[start:end] as part:
            for piece in json_pieces.pieces(part):
                if isinstance(piece, json_pieces.Damaged):
                    self.report.add(str(piece), str(found.name), lost=piece.lost)
                    continue
                place = Extent(self._number(found.source), found.offset + start + piece.start, piece.end - piece.start)
                yield from self._object(bytes(part[piece.start : piece.end]), piece, place, str(found.name))
                self._passed(view, start + piece.end)

    def _passed(self, view: memoryview, place: int) -> None:
        """Go past a place in a file: count it, and now and then give back the memory of what lies before it."""
        self.progress.done = self._before + place
        if not 0 <= place - self._forgotten < _FORGOTTEN:
            self._forgotten = place
            forget(view)

    def _yaml(self, found: Found, view: memoryview, start: int) -> Iterator[Read]:
        for place, piece in yaml_pieces.pieces(view, MOST_BYTES):
            self._passed(view, start + place)
            if not piece.strip():
                continue
            if _SAYS_VERSION not in piece:
                self.report.add("is no Kubernetes object", str(found.name), lost=False)
                continue
            try:
                manifests = read_manifests(piece.decode(), what="file")
            except (InvalidArguments, UnicodeDecodeError):
                self.report.add("is no Kubernetes object that can be read", str(found.name))
                continue
            for manifest in manifests:
                raw = msgspec.json.encode(manifest.value)
                yield from self._object(raw, None, self._kept(raw), str(found.name))

    def _kept(self, raw: bytes) -> Extent:
        if self._converted is None:
            self._converted = OpenFile.temporary()
        return Extent(self._number(self._converted), *self._converted.write(raw))

    def _object(self, raw: bytes, piece: Piece | None, place: Extent, file: str) -> Iterator[Read]:
        of = (piece and piece.of) or self._told.of
        try:
            found = (piece and piece.head) or msgspec.json.decode(raw, type=Head)
            raw.decode()
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
            self.report.add("is no Kubernetes object that can be read", file)
            return
        api_version = found.api_version or (of.api_version if of else "")
        kind = found.kind or (of.kind.removesuffix("List") if of else "")
        if not (found.metadata and found.metadata.name and _API_VERSION.match(api_version) and _KIND.match(kind)):
            self.report.add("is no Kubernetes object", file, lost=False)
            return
        self._learn(api_version, kind, found.metadata.name, raw)
        yield Read(
            api_version=api_version, kind=kind, meta=found.metadata, times=_times(found), extent=place, file=file
        )

    def _learn(self, api_version: str, kind: str, name: str, raw: bytes) -> None:
        """What an object tells beside itself: how its kind is called in paths, or what API server there is."""
        group = api_version.rpartition("/")[0]
        if self._told.plural and self._told.group == group:
            self.plurals.setdefault((group, kind), self._told.plural)
        if kind == "ClusterOperator" and name == "kube-apiserver" and (body := operand_version(raw)):
            self._operand = body

    def _number(self, source: Source) -> int:
        number = self._numbers.setdefault(id(source), len(self.sources))
        if number == len(self.sources):
            self.sources.append(source)
        return number


def is_dump(found: Found, start: bytes) -> bool:
    """Whether there may be objects in a file, or logs between marks, by its name and by how it begins."""
    return found.alone or found.name.suffix in _OBJECTS or is_bare(found.name) or _MARKED in start


def _times(found: Head) -> tuple[str, ...]:
    meta = found.metadata or Meta()
    changes = [change.time for change in meta.managed_fields or ()]
    return tuple(filter(None, (meta.creation_timestamp, found.last_timestamp, found.event_time, *changes)))
