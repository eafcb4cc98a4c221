"""What is watched: from when on, selected how, shown how. Read off a request, in one state of a snapshot."""

from __future__ import annotations

from dataclasses import dataclass

from mcp_kubernetes.spi import APIPath, Request
from mcp_kubernetes_snapshot.api.answering import Answering
from mcp_kubernetes_snapshot.api.negotiating import OBJECTS, Form, negotiated
from mcp_kubernetes_snapshot.api.query import ListOptions, first, flag, number_of, too_new
from mcp_kubernetes_snapshot.api.selecting import Selection
from mcp_kubernetes_snapshot.api.status import JSON, Refusal, warned
from mcp_kubernetes_snapshot.api.tables import Tabulator
from mcp_kubernetes_snapshot.contents import KindKey
from mcp_kubernetes_snapshot.served import Served


@dataclass(frozen=True, kw_only=True)
class Watch:
    """One watch. `state` is the one that it began in; changes after `since` are its events."""

    state: Answering
    served: Served
    selection: Selection
    form: Form
    tabulator: Tabulator | None
    asked: ListOptions
    since: int

    @property
    def headers(self) -> dict[str, str]:
        """Of the answer."""
        return JSON | self.state.warnings(self.served)

    @property
    def kind(self) -> KindKey:
        """Whose changes count."""
        return self.served.api_version, self.served.kind

    @property
    def refusal(self) -> Refusal | None:
        """Why it cannot even begin; told by an event, for the answer is under way by then."""
        present = self.state.contents.version
        waits = self.asked.initial and number_of(self.asked.version) > present
        return too_new(self.asked.version, present) if waits else None

    @property
    def marks_the_end_of_what_is_there(self) -> bool:
        """Whether a bookmark says that all that is there was told."""
        return self.asked.begins_with_what_is_there and self.asked.bookmarks


def is_watch(request: Request) -> bool:
    """Whether the answer to it would be a watch, if it is for a list."""
    return request.method == "GET" and not request.upgrades and bool(flag(first(request.query), "watch"))


def begun(state: Answering, request: Request) -> Watch | None:
    """The watch that is asked for; None where its path is none of a list. Raises Refusal."""
    target = state.target(request)
    if not target.resource or target.name is not None:
        return None
    served = state.served(target)
    with warned(served.warning):
        return _of(state, request, target, served)


def _of(state: Answering, request: Request, target: APIPath, served: Served) -> Watch:
    state.check_listed(served, target)
    if "watch" not in served.entry["verbs"]:
        raise _unwatched(served)
    form = negotiated(request, OBJECTS)
    query = first(request.query)
    asked = ListOptions.of(query)
    return Watch(
        state=state,
        served=served,
        selection=Selection.of(asked, target.namespace, served),
        form=form,
        tabulator=Tabulator.of(query, form, served, state.contents) if form.kind == "Table" else None,
        asked=asked,
        since=_since(asked, state.contents.version),
    )


def _unwatched(served: Served) -> Refusal:
    text = f'watch is not supported on resources of kind "{served.plural}"'
    return Refusal(405, "MethodNotAllowed", text, {"kind": served.plural})


def _since(asked: ListOptions, present: int) -> int:
    try:
        version = number_of(asked.version)
    except ValueError as error:
        raise Refusal(500, "", str(error)) from None
    return present if asked.begins_with_what_is_there or not version else version
