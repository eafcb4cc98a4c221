"""The states of a snapshot: one for ever, or one after the other where it may be changed.

A state never changes, so a list is read page by page in the state in which it was begun, as from an API server.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from mcp_kubernetes_snapshot.api.answering import CHANGES
from mcp_kubernetes_snapshot.api.paging import version_of
from mcp_kubernetes_snapshot.api.status import Refusal, unreadable
from mcp_kubernetes_snapshot.catalog import Catalog
from mcp_kubernetes_snapshot.writing.changing import Changing, Edit

if TYPE_CHECKING:
    from collections.abc import Callable

    from mcp_kubernetes.spi import Request, Response
    from mcp_kubernetes_snapshot.api.answering import Answering
    from mcp_kubernetes_snapshot.contents import Contents

_MOST = 200
"""Older states are forgotten; whoever reads on in one of them is told 410."""

_CRD = "CustomResourceDefinition"


class States:
    """Answers in the state that is asked for. Synchronous, and asked from several threads."""

    def __init__(self, first: Answering, catalog: Callable[[Contents], Catalog]) -> None:
        self._catalog = catalog
        self._states = {first.contents.version: first}
        self._lock = threading.Lock()
        self.present = first

    def answer(self, request: Request) -> Response:
        """What an API server would say; never raises."""
        if not self.present.writable or request.method not in CHANGES:
            return self._at(dict(request.query)).answer(request)
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
            changing = Changing(state=state, request=request, target=target, served=state.served(target))
            response, edit = changing.change()
            if edit is not None:
                self._go_on(edit)
        return response

    def _at(self, query: Mapping[str, str]) -> Answering:
        return self._states.get(version_of(query), self.present)

    def _go_on(self, edit: Edit) -> None:
        before = self.present.contents
        contents = before.edited(*edit)
        serves_anew = edit.kind[1] == _CRD or not (before.records.get(edit.kind) and contents.records[edit.kind])
        catalog = self._catalog(contents) if serves_anew else self.present.catalog
        self.present = replace(self.present, contents=contents, catalog=catalog)
        self._states[contents.version] = self.present
        self._states.pop(contents.version - _MOST, None)
