"""The events of a watch, as they are sent: one line of JSON each."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec

from mcp_kubernetes_snapshot.api.objects import alone, in_version, metadata_alone
from mcp_kubernetes_snapshot.api.selecting import Item
from mcp_kubernetes_snapshot.api.status import Refusal
from mcp_kubernetes_snapshot.contents import Change, Record
from mcp_kubernetes_snapshot.watching.watch import Watch

_LAST_INITIAL = {"k8s.io/initial-events-end": "true"}


def error(refusal: Refusal) -> bytes:
    """The event that ends a watch."""
    return _line("ERROR", msgspec.json.encode(refusal.status()))


class Events:
    """Makes the events of one watch, in their order: of its tables, the first one has the columns."""

    def __init__(self, watch: Watch) -> None:
        self._watch = watch
        self._read = watch.state.contents.read
        self._has_columns = False

    def of_what_is_there(self, records: Iterable[Record]) -> bytes:
        """ADDED, for each of those that is selected. Raises OSError."""
        found = (self._watch.selection.matches(record, self._read) for record in records)
        return b"".join(self._event("ADDED", item) for item in found if item)

    def of_changes(self, changes: Iterable[Change]) -> bytes:
        """Those of the changes that touch what is selected. Raises OSError."""
        return b"".join(line for change in changes for line in self._of(change))

    def bookmark(self, version: int, *, last_initial: bool = False) -> bytes:
        """Up to which version everything was told; the last one of what was there says so."""
        metadata: dict[str, Any] = {"resourceVersion": str(version)}
        metadata |= {"annotations": _LAST_INITIAL} if last_initial else {}
        record = Record("", "", str(version), 0, 0, 0)
        raw = msgspec.json.encode({"metadata": metadata, **self._watch.served.empty})
        return self._event("BOOKMARK", Item(record, raw))

    def _of(self, change: Change) -> Iterator[bytes]:
        """An object that leaves the selection is gone for whoever watches, one that enters it is new."""
        selection = self._watch.selection
        before = selection.matches(change.before, self._read) if change.before else None
        after = selection.matches(change.after, self._read) if change.after else None
        if after:
            yield self._event("MODIFIED" if before else "ADDED", after)
        elif before:
            yield self._event("DELETED", self._as_of(before, str(change.version)))

    def _as_of(self, item: Item, version: str) -> Item:
        """What was there last, with the version in which it is not any more."""
        raw = in_version(item.read(self._read), version)
        return Item(msgspec.structs.replace(item.record, version=version), raw)

    def _event(self, kind: str, item: Item) -> bytes:
        return _line(kind, self._shown(item))

    def _shown(self, item: Item) -> bytes:
        watch = self._watch
        if watch.tabulator:
            with_columns, self._has_columns = not self._has_columns, True
            return watch.tabulator.event(item, with_columns=with_columns)
        raw = item.read(self._read)
        return msgspec.json.encode(metadata_alone(raw, watch.form)) if watch.form.kind else alone(raw, watch.served)


def _line(kind: str, shown: bytes) -> bytes:
    return b'{"type":"%b","object":%b}\n' % (kind.encode(), shown)
