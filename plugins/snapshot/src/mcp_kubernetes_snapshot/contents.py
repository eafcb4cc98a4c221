"""What an opened snapshot holds: its objects by kind, in the order of an API server, and the moment that it shows."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import NamedTuple

import msgspec

from mcp_kubernetes_snapshot.files.ahead import ReadingAhead
from mcp_kubernetes_snapshot.files.logs import LogKey
from mcp_kubernetes_snapshot.files.progress import Progress
from mcp_kubernetes_snapshot.files.reading import Read, Reading
from mcp_kubernetes_snapshot.files.recorded import Finished, RecordedTable
from mcp_kubernetes_snapshot.files.report import Report
from mcp_kubernetes_snapshot.files.sources import Extent, OpenFile, Source

_UTC = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")
_DIGITS = re.compile(r"[0-9]{1,18}\Z")

KindKey = tuple[str, str]
"""apiVersion and kind."""


class Record(msgspec.Struct, frozen=True, gc=False):
    """Where one object lies. Small, for there may be hundreds of thousands."""

    namespace: str
    name: str
    version: str
    source: int
    offset: int
    size: int

    @property
    def key(self) -> str:
        """What an API server sorts by."""
        return key_of(self.namespace, self.name)


def key_of(namespace: str, name: str) -> str:
    """What an API server sorts the objects of one kind by."""
    return f"{namespace}/{name}" if namespace else name


class Edit(NamedTuple):
    """An object that is to be kept in this form, or to be gone."""

    kind: KindKey
    namespace: str
    name: str
    raw: bytes | None


class Change(NamedTuple):
    """One object before and after; None where it was not there yet, or is not any more. Each has its own version."""

    kind: KindKey
    version: int
    before: Record | None
    after: Record | None


class LogPiece(NamedTuple):
    """Where a container's log lies, and whether it is that of the container before; `rotated` as in LogKey."""

    container: str
    previous: bool
    extent: Extent
    rotated: str = ""


@dataclass(frozen=True, kw_only=True)
class Contents:
    """All that is known of a snapshot once it was gone through; objects stay in their files.

    `documents` are the API server's answers to paths that are no objects, such as /version, and `tables` its own tables
    by the places of their lists, as far as they were recorded. `plurals` are what kinds are called in paths, by group
    and kind, as the places of files tell it.
    """

    records: Mapping[KindKey, Sequence[Record]]
    logs: Mapping[tuple[str, str], Sequence[LogPiece]]
    documents: Mapping[str, Extent]
    tables: Mapping[str, RecordedTable]
    plurals: Mapping[tuple[str, str], str]
    report: Report
    as_of: datetime
    version: int
    sources: Sequence[Source]
    _ahead: ReadingAhead | None = None

    @classmethod
    def of(cls, path: Path, progress: Progress, most_bytes: int) -> Contents:
        """Go through the files at `path`. Raises Refused, and OSError where it cannot be read."""
        report = Report()
        reading = Reading(report=report, progress=progress)
        gathering = _Gathering(report)
        try:
            for read in reading.objects(path, most_bytes):
                gathering.add(read)
        except BaseException:
            _close(reading.sources)
            raise
        gathering.saw(reading.collected)
        return cls(
            records={kind: sorted(found.values(), key=lambda r: r.key) for kind, found in gathering.found.items()},
            logs=_by_pod(reading.logs),
            documents=reading.documents,
            tables=reading.tables,
            plurals=reading.plurals,
            report=report,
            as_of=_recorded(reading.finished)
            or gathering.newest()
            or datetime.fromtimestamp(path.stat().st_mtime, UTC).replace(microsecond=0),
            version=gathering.version,
            sources=reading.sources,
        )

    def find(self, kind: KindKey, namespace: str, name: str) -> Record | None:
        """The one object of that name; None where there is none."""
        records = self.records.get(kind, ())
        key = key_of(namespace, name)
        place = bisect_left(records, key, key=lambda record: record.key)
        return records[place] if place < len(records) and records[place].key == key else None

    def ahead(self) -> Contents:
        """The same for one request that reads many objects, one behind the other."""
        return replace(self, _ahead=ReadingAhead(self.sources))

    def in_default(self, namespaced: Collection[KindKey]) -> Contents:
        """The same with objects of these kinds that name no namespace in `default`, as kubectl has it."""
        moved = {kind: _in_default(self.records[kind]) for kind in namespaced if kind in self.records}
        return replace(self, records={**self.records, **moved})

    def writable(self) -> Contents:
        """The same with a place for what is written: an unnamed temporary file, gone when the snapshot is closed."""
        return replace(self, sources=[*self.sources, OpenFile.temporary()])

    def edited(self, edits: Sequence[Edit]) -> tuple[Contents, Sequence[Change]]:
        """The next state of one that is writable, and the changes that lead to it. This one stays as it is."""
        lists = {kind: [*self.records.get(kind, ())] for kind in {edit.kind for edit in edits}}
        versions = range(self.version + 1, self.version + 1 + len(edits))
        changes = [self._change(lists[edit.kind], edit, v) for v, edit in zip(versions, edits, strict=True)]
        return replace(self, records={**self.records, **lists}, version=self.version + len(edits)), changes

    def _change(self, records: list[Record], edit: Edit, version: int) -> Change:
        """Carry out one edit in the list of its kind."""
        key = key_of(edit.namespace, edit.name)
        place = bisect_left(records, key, key=lambda record: record.key)
        before = records[place] if place < len(records) and records[place].key == key else None
        after = None
        if edit.raw is not None:
            after = Record(edit.namespace, edit.name, str(version), *self._written(edit.raw))
        records[place : place + bool(before)] = [after] if after else []
        return Change(edit.kind, version, before, after)

    def _written(self, raw: bytes) -> Extent:
        scratch = self.sources[-1]
        if not isinstance(scratch, OpenFile):
            raise TypeError("the snapshot was not opened to be changed")
        return Extent(len(self.sources) - 1, *scratch.write(raw))

    def read(self, record: Record) -> bytes:
        """The JSON of an object. Raises OSError where its file is not as it was."""
        return self.piece(Extent(record.source, record.offset, record.size))

    def piece(self, extent: Extent) -> bytes:
        """The bytes that lie there. Raises OSError where the file is not as it was."""
        if self._ahead:
            return self._ahead.piece(extent)
        return self.sources[extent.source].read(extent.offset, extent.size)

    def document(self, path: str) -> bytes | None:
        """What the API server answered there, if that was recorded."""
        found = self.documents.get(path)
        return self.piece(found) if found else None

    def row(self, place: str, record: Record) -> bytes | None:
        """An object's row in the API server's own table, but for the object; None if it was not recorded as it is."""
        table = self.tables.get(place)
        found = table and table.rows.get((record.namespace, record.name))
        return self.piece(found[1]) if found and found[0] == record.version else None

    def close(self) -> None:
        """Give back the files that are held open."""
        _close(self.sources)


class _Gathering:
    """Collects records, one for each object."""

    def __init__(self, report: Report) -> None:
        self.found: dict[KindKey, dict[tuple[str, str], Record]] = {}
        self.version = 1
        self._report = report
        self._newest = ""
        self._now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")

    def add(self, read: Read) -> None:
        """Take an object in; of two with one name the newer stays, and of equally new ones the first."""
        meta = read.meta
        record = Record(meta.namespace, meta.name, meta.resource_version, *read.extent)
        kind = self.found.setdefault((read.api_version, read.kind), {})
        before = kind.get((meta.namespace, meta.name))
        if before is not None:
            self._report.add(
                "is there twice; the newer one counts", f"{read.kind} {record.key} in {read.file}", lost=False
            )
        if before is None or _number(record.version) > _number(before.version):
            kind[meta.namespace, meta.name] = record
        self.version = max(self.version, _number(record.version))
        self.saw(*read.times)

    def saw(self, *times: str) -> None:
        """Take note of moments that the snapshot tells of."""
        self._newest = max([self._newest, *(time for time in times if _UTC.match(time) and time <= self._now)])

    def newest(self) -> datetime | None:
        """When the last change was made that an object tells of."""
        found = _UTC.match(self._newest)
        return datetime.fromisoformat(found[0]).replace(tzinfo=UTC) if found else None


def _recorded(finished: Finished | None) -> datetime | None:
    found = _UTC.match(finished.time) if finished else None
    return datetime.fromisoformat(found[0]).replace(tzinfo=UTC) if found else None


def _number(version: str) -> int:
    return int(version) if _DIGITS.match(version) else 0


def _in_default(records: Sequence[Record]) -> Sequence[Record]:
    if all(record.namespace for record in records):
        return records
    moved = [msgspec.structs.replace(each, namespace=each.namespace or "default") for each in records]
    return sorted({record.key: record for record in moved}.values(), key=lambda record: record.key)


def _by_pod(logs: Mapping[LogKey, Extent]) -> dict[tuple[str, str], list[LogPiece]]:
    found: dict[tuple[str, str], list[LogPiece]] = {}
    for key, extent in logs.items():
        found.setdefault((key.namespace, key.pod), []).append(
            LogPiece(key.container, key.previous, extent, key.rotated)
        )
    return found


def _close(sources: Iterable[Source]) -> None:
    for source in sources:
        source.close()
