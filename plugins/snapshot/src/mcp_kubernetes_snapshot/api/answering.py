"""From a request to what an API server would answer. Synchronous: it runs in a thread, for it reads files."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import msgspec

from mcp_kubernetes.spi import APIPath, Request, Response, UnparsablePath
from mcp_kubernetes_snapshot.api.discovery import discovery, is_discovery
from mcp_kubernetes_snapshot.api.logs import log, pod_of
from mcp_kubernetes_snapshot.api.negotiating import OBJECTS, Form, negotiated
from mcp_kubernetes_snapshot.api.objects import alone, check_number, in_list, metadata_alone
from mcp_kubernetes_snapshot.api.paging import Page, page
from mcp_kubernetes_snapshot.api.query import ListOptions, Query, check_single, first
from mcp_kubernetes_snapshot.api.reviews import REVIEWS, review
from mcp_kubernetes_snapshot.api.selecting import Item, Selection
from mcp_kubernetes_snapshot.api.status import (
    JSON,
    NoPage,
    Refusal,
    not_allowed,
    not_found,
    not_served,
    unreadable,
    warned,
)
from mcp_kubernetes_snapshot.api.tables import Tabulator
from mcp_kubernetes_snapshot.catalog import Catalog
from mcp_kubernetes_snapshot.contents import Contents, Record
from mcp_kubernetes_snapshot.served import Served
from mcp_kubernetes_snapshot.writing.scales import scale_of

_READ_ONLY = "a snapshot can only be read: there is no API server to change or to reach into"
_SERVER = ("/version", "/healthz", "/livez", "/readyz", "/openapi", "/metrics", "/logs")
_NOT_HELD = "the snapshot holds objects and logs, and no other subresource"
_CHECKS = frozenset({"/livez", "/readyz"})
_TEXT = {"content-type": "text/plain; charset=utf-8"}
CHANGES = frozenset({"POST", "PUT", "PATCH", "DELETE"})
"""Methods that change something, unless they ask for a review."""


@dataclass(frozen=True, kw_only=True)
class Answering:
    """Answers for one state of a snapshot. Where it is `writable`, changes are not carried out here, but elsewhere."""

    contents: Contents
    catalog: Catalog
    writable: bool = False

    def answer(self, request: Request) -> Response:
        """What the API server would say; never raises."""
        try:
            return self._answer(request)
        except Refusal as refusal:
            return refusal.response()
        except OSError:
            return unreadable().response()

    def changes(self, request: Request) -> bool:
        """Whether it asks for a change, and for nothing that runs. Raises Refusal."""
        target = self.target(request)
        is_review = request.method == "POST" and target.resource in REVIEWS
        return request.method in CHANGES and bool(target.resource) and not is_review and not request.upgrades

    def target(self, request: Request) -> APIPath:
        """What it is about. Raises Refusal."""
        try:
            return APIPath.of(request.path.removesuffix("/"))
        except UnparsablePath:
            raise self.nothing_at(request.path) from None

    def _answer(self, request: Request) -> Response:
        target = self.target(request)
        if not target.resource:
            return self._server(request, target.path)
        if request.method == "POST" and target.resource in REVIEWS and target.name is None:
            return review(target.resource, request.body or b"", may_change=self.writable)
        served = self.served(target)
        with warned(served.warning):
            return self._resource(request, served, target)

    def _resource(self, request: Request, served: Served, target: APIPath) -> Response:
        if request.method != "GET" or request.upgrades:
            changes = request.method in CHANGES or request.upgrades
            raise not_allowed(_READ_ONLY) if changes else not_allowed()
        query = first(request.query)
        if (served.group, served.plural, target.subresource) == ("", "pods", "log"):
            return self._log(served, target, query)  # text, whatever else would do
        form = negotiated(request, OBJECTS)
        if target.name is None:
            return self.list(served, target, query, form)
        return self._one(served, target, query, form)

    def _log(self, served: Served, target: APIPath, query: Query) -> Response:
        pod = pod_of(self.read(served, target))
        pieces = self.contents.logs.get((target.namespace or "", target.name or ""), ())
        return log(pod, pieces, query, self.contents.as_of, self.contents.piece)

    def _server(self, request: Request, path: str) -> Response:
        if is_discovery(path):
            return discovery(request, path, self.catalog)
        body = self.contents.document(path)
        if body is None:
            raise self.nothing_at(path)
        if request.method != "GET":
            raise not_allowed()
        is_json = body.lstrip().startswith(b"{")
        if path in _CHECKS and "verbose" not in first(request.query) and b"[-]" not in body:
            body = b"ok"  # what was recorded are the single checks
        return Response(status=200, headers=JSON if is_json else _TEXT, body=body)

    def nothing_at(self, path: str) -> Refusal:
        """What an API server says of a path at which nothing is, or why a snapshot has nothing there."""
        root, group, *_ = [*path[1:].split("/"), ""]
        if root == "api" or (root == "apis" and self.catalog.is_built_in(group)):
            return not_served()
        if path.startswith(_SERVER):
            return not_served("the snapshot holds nothing of the API server itself but what kinds it serves")
        return NoPage()

    def served(self, target: APIPath) -> Served:
        """What is served there. Raises Refusal."""
        served = self.catalog.find(target.group, target.version, target.resource)
        if served is None or (
            target.namespace is not None and not served.namespaced and target.resource != "namespaces"
        ):
            raise self.nothing_at(target.path)
        return served

    def check_subresource(self, served: Served, target: APIPath) -> None:
        """Raise Refusal where objects of this kind have no such subresource."""
        if not target.subresource or target.subresource in served.subresources:
            return
        raise not_found(served.group, served.plural, target.name or "") if served.is_custom else not_served()

    def list(self, served: Served, target: APIPath, query: Query, form: Form) -> Response:
        """A list, or a page of one. Raises Refusal."""
        contents = self.contents.ahead()
        return self.listed(served, self.selected(served, target, query, contents), query, form, contents)

    def selected(self, served: Served, target: APIPath, query: Query, contents: Contents) -> Page:
        """What a list holds, or a page of one. Raises Refusal."""
        self.check_listed(served, target)
        asked = ListOptions.of(query)
        selection = Selection.of(asked, target.namespace, served)
        return page(self.records(served), asked, selection, contents.read, contents.version)

    def check_listed(self, served: Served, target: APIPath) -> None:
        """Raise Refusal where there is no list: what can only be created in a namespace has no path without one."""
        if "list" not in served.entry["verbs"]:
            raise self.nothing_at(target.path) if served.namespaced and target.namespace is None else not_allowed()

    def check_namespace(self, served: Served, target: APIPath) -> None:
        """Raise Refusal where a namespace is missing: in all of them together, things can be listed and no more."""
        if not served.namespaced or target.namespace is not None:
            return
        is_listed = target.name is None and not served.is_custom and "list" in served.entry["verbs"]
        raise not_allowed() if is_listed else self.nothing_at(target.path)

    def records(self, served: Served) -> Sequence[Record]:
        """Where all objects of that kind lie."""
        return self.contents.records.get((served.api_version, served.kind), ())

    def listed(self, served: Served, found: Page, query: Query, form: Form, contents: Contents) -> Response:
        """The answer that holds it. Raises Refusal."""
        return self.ok(served, self._list_of(served, found, query, form, contents))

    def _list_of(self, served: Served, found: Page, query: Query, form: Form, contents: Contents) -> bytes:
        if form.kind == "Table":
            return Tabulator.of(query, form, served, contents).list(found.items, found.metadata)
        raws = [item.read(contents.read) for item in found.items]
        head = {"kind": served.list_kind or f"{served.kind}List", "apiVersion": served.api_version}
        items: list[Any] = [in_list(raw, served) for raw in raws] if not form.kind else []
        metadata = {"continue": "", **found.metadata} if served.is_custom and not form.kind else found.metadata
        if form.kind:
            check_number(form, served, is_list=True)
            head = {"kind": form.kind, "apiVersion": form.api_version}
            items = [metadata_alone(raw, form) for raw in raws]
        return msgspec.json.encode({**head, "metadata": metadata, "items": items})

    def _one(self, served: Served, target: APIPath, query: Query, form: Form) -> Response:
        self._check_readable(served, target)
        record = self._record(served, target)
        raw = self.contents.read(record)
        if target.subresource == "scale":
            return self.ok(served, msgspec.json.encode(scale_of(msgspec.json.decode(raw), served)))
        check_single(query, self.contents.version)
        return self.ok(served, self.shown(served, Item(record, raw), query, form))

    def shown(self, served: Served, item: Item, query: Query, form: Form) -> bytes:
        """One object, in the form that is wanted. Raises Refusal."""
        raw = item.read(self.contents.read)
        if form.kind == "Table":
            return Tabulator.of(query, form, served, self.contents).single(item)
        if form.kind:
            check_number(form, served, is_list=False)
            return msgspec.json.encode(metadata_alone(raw, form))
        return alone(raw, served)

    def _check_readable(self, served: Served, target: APIPath) -> None:
        """Raise Refusal for subresources that nobody reads, and for those that are not in a snapshot."""
        below = target.subresource
        if below in served.subresources and "get" not in served.verbs_of(below):
            raise not_allowed()
        self.check_subresource(served, target)
        if below and below != "scale" and not served.answers_itself(below):
            raise not_served(_NOT_HELD)

    def read(self, served: Served, target: APIPath) -> bytes:
        """The JSON of one object. Raises Refusal where there is none."""
        return self.contents.read(self._record(served, target))

    def _record(self, served: Served, target: APIPath) -> Record:
        if served.namespaced and target.namespace is None:
            raise self.nothing_at(target.path)
        namespace = (target.namespace or "") if served.namespaced else ""
        record = self.contents.find((served.api_version, served.kind), namespace, target.name or "")
        if record is None:
            raise not_found(served.group, served.plural, target.name or "")
        return record

    def ok(self, served: Served, body: bytes, status: int = 200) -> Response:
        """The answer, and what has to be known of it: the kind is deprecated, or the snapshot not complete."""
        return Response(status=status, headers=JSON | self.warnings(served), body=body)

    def warnings(self, served: Served) -> dict[str, str]:
        """The header of warnings, if there are any."""
        missing = self.contents.report.warning()
        warnings = ", ".join(filter(None, (served.warning, f'299 - "{missing}"' if missing else "")))
        return {"warning": warnings} if warnings else {}
