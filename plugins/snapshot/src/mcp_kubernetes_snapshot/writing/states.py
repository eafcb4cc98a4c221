"""The states of a snapshot: one for ever, or one after the other where it may be changed.

A state never changes, so a list is read page by page in the state in which it was begun, as from an API server.
"""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import TYPE_CHECKING

from mcp_kubernetes_snapshot.api.answering import CHANGES
from mcp_kubernetes_snapshot.api.negotiating import finished
from mcp_kubernetes_snapshot.api.paging import version_of
from mcp_kubernetes_snapshot.api.query import Query, first
from mcp_kubernetes_snapshot.api.status import Refusal, unreadable, warned
from mcp_kubernetes_snapshot.catalog import Catalog
from mcp_kubernetes_snapshot.watching.bell import Bell
from mcp_kubernetes_snapshot.watching.changes import Changes
from mcp_kubernetes_snapshot.writing.changing import Changing

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from mcp_kubernetes.spi import Request, Response
    from mcp_kubernetes_snapshot.api.answering import Answering
    from mcp_kubernetes_snapshot.contents import Contents, Edit, KindKey

_MOST = 200
"""Older states are forgotten; whoever reads on in one of them is told 410."""

_CRD = "CustomResourceDefinition"


class States:
    """Answers in the state that is asked for. Synchronous, and asked from several threads.

    `changes` lead from each state to the next, and `bell` rings once the next one is there.
    """

    def __init__(self, first: Answering, catalog: Callable[[Contents], Catalog]) -> None:
        self._catalog = catalog
        self._states = {first.contents.version: first}
        self._lock = threading.Lock()
        self.present = first
        self.changes = Changes()
        self.bell = Bell()

    def answer(self, request: Request) -> Response:
        """What an API server would say; never raises."""
        return finished(request, self._answer(request))

    def _answer(self, request: Request) -> Response:
        if not self.present.writable or request.method not in CHANGES:
            return self._at(first(request.query)).answer(request)
        try:
            return self._change(request) if self.present.changes(request) else self.present.answer(request)
        except Refusal as refusal:
            return refusal.response()
        except OSError:
            return unreadable().response()

    def _change(self, request: Request) -> Response:
        target = self.present.target(request)
        with self._lock:
            state = self.present
            served = state.served(target)
            with warned(served.warning):
                response, edits = Changing(state=state, request=request, target=target, served=served).change()
            if edits:
                self._go_on(edits)
        if edits:
            self.bell.ring()
        return response

    def _at(self, query: Query) -> Answering:
        return self._states.get(version_of(query), self.present)

    def _go_on(self, edits: Sequence[Edit]) -> None:
        before = self.present.contents
        contents, changes = before.edited(edits)
        for change in changes:
            self.changes.add(change)
        served_anew = any(_is_served_anew(kind, before, contents) for kind in {edit.kind for edit in edits})
        catalog = self._catalog(contents) if served_anew else self.present.catalog
        self.present = replace(self.present, contents=contents, catalog=catalog)
        self._states[contents.version] = self.present
        if len(self._states) > _MOST:
            del self._states[next(iter(self._states))]


def _is_served_anew(kind: KindKey, before: Contents, after: Contents) -> bool:
    return kind[1] == _CRD or not (before.records.get(kind) and after.records[kind])
