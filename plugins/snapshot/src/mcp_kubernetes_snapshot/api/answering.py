"""From a request to what an API server would answer. Synchronous: it runs in a thread, for it reads files."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from mcp_kubernetes.spi import APIPath, Request, Response, UnparsablePath
from mcp_kubernetes_snapshot.api.logs import log, pod_of
from mcp_kubernetes_snapshot.api.objects import alone, in_list, metadata_alone
from mcp_kubernetes_snapshot.api.paging import Item, Options, page
from mcp_kubernetes_snapshot.api.reviews import REVIEWS, review
from mcp_kubernetes_snapshot.api.status import JSON, Refusal, not_allowed, not_found, not_served, unreadable
from mcp_kubernetes_snapshot.api.tables import Tabulator
from mcp_kubernetes_snapshot.catalog import Catalog
from mcp_kubernetes_snapshot.contents import Contents, Record
from mcp_kubernetes_snapshot.served import Served
from mcp_kubernetes_snapshot.writing.scales import scale_of

_READ_ONLY = "a snapshot can only be read: there is no API server to change or to reach into"
_FIXED = "a snapshot does not change, so there is nothing to watch: list instead"
_PARTIAL = re.compile(r"as=PartialObjectMetadata")
_SUBRESOURCES = frozenset({"", "status"})
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
        is_review = request.method == "POST" and self.target(request).resource in REVIEWS
        return request.method in CHANGES and not is_review and not request.upgrades

    def target(self, request: Request) -> APIPath:
        """What it is about. Raises Refusal."""
        try:
            return APIPath.of(request.path)
        except UnparsablePath:
            raise not_served() from None

    def _answer(self, request: Request) -> Response:
        target = self.target(request)
        if request.method == "POST" and target.resource in REVIEWS and target.name is None:
            return review(target.resource, request.body or b"", may_change=self.writable)
        if request.method != "GET" or request.upgrades:
            raise not_allowed(_READ_ONLY)
        return self._resource(request, target) if target.resource else self._server(request)

    def _server(self, request: Request) -> Response:
        if request.path in {"/api", "/apis"}:
            return self._discovery(request)
        if body := self.contents.document(request.path):
            is_json = body.lstrip().startswith(b"{")
            return Response(status=200, headers=JSON if is_json else {"content-type": "text/plain"}, body=body)
        raise not_served("the snapshot holds nothing of the API server itself but what kinds it serves")

    def _discovery(self, request: Request) -> Response:
        document = {
            "kind": "APIGroupDiscoveryList",
            "apiVersion": "apidiscovery.k8s.io/v2",
            "metadata": {},
            "items": self.catalog.groups(request.path),
        }
        body = msgspec.json.encode(document)
        etag = f'"{hashlib.sha256(body).hexdigest().upper()}"'
        if dict(request.headers).get("If-None-Match") == etag:
            return Response(status=304, headers={"etag": etag})
        return Response(status=200, headers={**JSON, "etag": etag}, body=body)

    def served(self, target: APIPath) -> Served:
        """What is served there. Raises Refusal."""
        served = self.catalog.find(target.group, target.version, target.resource)
        if served is None or (
            target.namespace is not None and not served.namespaced and target.resource != "namespaces"
        ):
            raise not_served()
        return served

    def check_subresource(self, served: Served, target: APIPath) -> None:
        """Raise Refusal where objects of this kind have no such subresource."""
        if not target.subresource or target.subresource in served.subresources:
            return
        raise not_found(served.group, served.plural, target.name or "") if served.is_custom else not_served()

    def _resource(self, request: Request, target: APIPath) -> Response:
        served = self.served(target)
        query = dict(request.query)
        if query.get("watch") in {"true", "1"}:
            raise not_allowed(_FIXED)
        accept = next((value for key, value in request.headers if key.lower() == "accept"), "")
        if target.name is None:
            return self._list(served, target, query, accept)
        return self._one(served, target, query, accept)

    def _list(self, served: Served, target: APIPath, query: Mapping[str, str], accept: str) -> Response:
        if "list" not in served.entry["verbs"]:
            raise not_allowed("the server does not allow this method on the requested resource")
        version = self.contents.version
        options = Options.of(query, target.namespace, served, version)
        records = self.contents.records.get((served.api_version, served.kind), ())
        found = page(records, options, self.contents.read, version)
        if "as=Table" in accept:
            return self.ok(served, self._tabulator(served, query).list(found.items, found.metadata))
        raws = [item.read(self.contents.read) for item in found.items]
        if _PARTIAL.search(accept):
            items: list[Any] = [metadata_alone(raw) for raw in raws]
            kind, version_of = "PartialObjectMetadataList", "meta.k8s.io/v1"
        else:
            items = [in_list(raw, served) for raw in raws]
            kind, version_of = served.list_kind or f"{served.kind}List", served.api_version
        body = {"kind": kind, "apiVersion": version_of, "metadata": found.metadata, "items": items}
        return self.ok(served, msgspec.json.encode(body))

    def _one(self, served: Served, target: APIPath, query: Mapping[str, str], accept: str) -> Response:
        raw = self.read(served, target)
        if (served.group, served.plural, target.subresource) == ("", "pods", "log"):
            pieces = self.contents.logs.get((target.namespace or "", target.name or ""), ())
            return log(
                pod_of(raw), pieces, query, self.contents.as_of, lambda e: self.contents.sources[e[0]].read(*e[1:])
            )
        if target.subresource == "scale":
            self.check_subresource(served, target)
            return self.ok(served, msgspec.json.encode(scale_of(msgspec.json.decode(raw), served)))
        if target.subresource not in _SUBRESOURCES:
            raise not_served("the snapshot holds objects and logs, and no other subresource")
        if "as=Table" in accept:
            record = self._record(served, target)
            return self.ok(served, self._tabulator(served, query).single(Item(record, raw)))
        if _PARTIAL.search(accept):
            return self.ok(served, msgspec.json.encode(metadata_alone(raw)))
        return self.ok(served, alone(raw, served))

    def read(self, served: Served, target: APIPath) -> bytes:
        """The JSON of one object. Raises Refusal where there is none."""
        return self.contents.read(self._record(served, target))

    def _record(self, served: Served, target: APIPath) -> Record:
        if served.namespaced and target.namespace is None:
            raise not_served()
        namespace = (target.namespace or "") if served.namespaced else ""
        record = self.contents.find((served.api_version, served.kind), namespace, target.name or "")
        if record is None:
            raise not_found(served.group, served.plural, target.name or "")
        return record

    def _tabulator(self, served: Served, query: Mapping[str, str]) -> Tabulator:
        include = query.get("includeObject") or "Metadata"
        return Tabulator(served=served, contents=self.contents, include=include)

    def ok(self, served: Served, body: bytes, status: int = 200) -> Response:
        """The answer, and what has to be known of it: the kind is deprecated, or the snapshot not complete."""
        missing = self.contents.report.warning()
        warnings = ", ".join(filter(None, (served.warning, f'299 - "{missing}"' if missing else "")))
        return Response(status=status, headers=JSON | ({"warning": warnings} if warnings else {}), body=body)
