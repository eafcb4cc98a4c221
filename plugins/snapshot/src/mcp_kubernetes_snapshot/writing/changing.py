"""From a request that changes something to the answer of an API server, and to what is to be kept of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import msgspec

from mcp_kubernetes_snapshot.api.negotiating import OBJECTS, Form, negotiated
from mcp_kubernetes_snapshot.api.objects import alone
from mcp_kubernetes_snapshot.api.query import first
from mcp_kubernetes_snapshot.api.selecting import Item
from mcp_kubernetes_snapshot.api.status import Refusal, bad_request, not_allowed, not_served
from mcp_kubernetes_snapshot.contents import Edit, KindKey, Record
from mcp_kubernetes_snapshot.writing.deleting import deleted, is_over, last_seen
from mcp_kubernetes_snapshot.writing.drafting import changed, created
from mcp_kubernetes_snapshot.writing.options import check_object, deletion, is_dry, media_type
from mcp_kubernetes_snapshot.writing.patching import APPLY, check_format, patched
from mcp_kubernetes_snapshot.writing.refusing import (
    already_exists,
    check_form,
    check_identity,
    check_name,
    check_preconditions,
    check_replicas,
    check_versions,
    ending,
    no_namespace,
)
from mcp_kubernetes_snapshot.writing.scales import scale_of, scaled

if TYPE_CHECKING:
    from mcp_kubernetes.spi import APIPath, Request, Response
    from mcp_kubernetes_snapshot.api.answering import Answering
    from mcp_kubernetes_snapshot.served import Served

_NAMESPACES = ("v1", "Namespace")
_VERBS = {
    ("POST", False): "create",
    ("PUT", True): "update",
    ("PATCH", True): "patch",
    ("DELETE", True): "delete",
    ("DELETE", False): "deletecollection",
}
"""By method, and whether an object is named."""

_OF_ONE = frozenset({"get", "update", "patch", "delete"})

_WRITTEN = frozenset({"status", "scale"})


Edits = tuple[Edit, ...]
"""In their order; each makes a version of its own."""


@dataclass(frozen=True, kw_only=True)
class Changing:
    """Carries out one request against one state, behind so many edits. What it raises is a Refusal."""

    state: Answering
    request: Request
    target: APIPath
    served: Served
    edits_before: int = 0

    def change(self) -> tuple[Response, Edits]:
        """The answer, and what has changed: nothing for a dry run, nor where all is as it was."""
        self.state.check_namespace(self.served, self.target)
        self._check_verb()
        self._check_subresource()
        if self.request.method != "DELETE":
            is_dry(self.request)
        match self.request.method, bool(self.target.name):
            case "POST", False:
                return self._create(self._body(), self._namespace)
            case "PATCH", True:
                return self._patch()
            case "PUT", True:
                return self._put()
            case "DELETE", True:
                return self.delete()
            case "DELETE", False:
                return self._delete_all()
        raise not_allowed()

    def _check_verb(self) -> None:
        verbs = self.served.entry["verbs"]
        verb = _VERBS.get((self.request.method, bool(self.target.name)))
        if verb in verbs or self.target.subresource:
            return
        raise self.state.nothing_at(self.target.path) if self._name and _OF_ONE.isdisjoint(verbs) else not_allowed()

    def _check_subresource(self) -> None:
        subresource = self.target.subresource
        if subresource and subresource not in _WRITTEN:
            raise not_served("nothing runs in a snapshot, and of an object only itself, status and scale are written")
        self.state.check_subresource(self.served, self.target)

    def _create(self, body: Mapping[str, Any], namespace: str) -> tuple[Response, Edits]:
        if (body.get("metadata") or {}).get("resourceVersion"):
            raise Refusal(500, "", "resourceVersion should not be set on objects to be created")
        made = created(body, self.served, namespace, self.state.contents.as_of)
        name = str(made["metadata"].get("name") or "")
        check_identity(self.served, body, name, namespace)
        self._check_namespace(namespace, name)
        if self.state.contents.find(self._kind, namespace, name):
            raise already_exists(self.served, name)
        check_name(self.served, name)
        check_replicas(self.served, made)
        return self._kept(made, status=201)

    def _patch(self) -> tuple[Response, Edits]:
        how = media_type(self.request)
        check_format(how, self.served)
        if how == APPLY and self.state.contents.find(self._kind, self._namespace, self._name) is None:
            return self._create(self._body(), self._namespace)
        before = self._found()
        if self.target.subresource == "scale":
            after = patched(scale_of(before, self.served), self._decoded(), how, self.served)
        else:
            after = patched(before, self._decoded(), how, self.served)
        return self._update(before, after)

    def _put(self) -> tuple[Response, Edits]:
        body = self._body()
        if not (body.get("metadata") or {}).get("name"):
            of = f"the name of the object ({self._name} based on URL) was undeterminable"
            raise bad_request(f"{of}: name must be provided")
        return self._update(self._found(), body)

    def _update(self, before: Mapping[str, Any], sent: Mapping[str, Any]) -> tuple[Response, Edits]:
        check_form(sent)
        metadata = sent.get("metadata") or {}
        if self.target.subresource == "scale":
            check_versions(self.served, metadata, before["metadata"])
            sent = scaled(before, sent, self.served)
        check_identity(self.served, sent, self._name, self._namespace)
        check_versions(self.served, metadata, before["metadata"])
        after = changed(before, sent, self.served, self.target.subresource)
        check_replicas(self.served, after)
        if after == before:
            return self._answer(after, 200), ()
        if is_over(after):
            return self._answer(after, 200), self._edit(after, None)
        return self._kept(after, status=200)

    def delete(self) -> tuple[Response, Edits]:
        """The same for the deletion of one object."""
        options, before = self._options, self._found()
        check_preconditions(self.served, options.get("preconditions") or {}, before["metadata"])
        left = deleted(before, options, self.served, self.state.contents.as_of)
        if left == before:
            return self._answer(before, 200), ()
        if left is not None:
            return self._kept(left, status=200)
        last = last_seen(before, self.served, self.state.contents.as_of)
        if last is None:
            return self._gone(str(before["metadata"].get("uid", ""))), self._edit(before, None)
        marked = self._kept(last, status=200)[1]
        last["metadata"] |= {"resourceVersion": str(self._version + 1)} if marked else {}
        return self._answer(last, 200), (*marked, *self._edit(before, None))

    def _delete_all(self) -> tuple[Response, Edits]:
        """All that a list would hold; the answer is that list."""
        query, form, contents = first(self.request.query), self._form, self.state.contents.ahead()
        found = self.state.selected(self.served, self.target, query, contents)
        answer = self.state.listed(self.served, found, query, form, contents)
        edits: list[Edit] = []
        for item in found.items:
            target = replace(self.target, name=item.record.name)
            edits += replace(self, target=target, edits_before=len(edits)).delete()[1]
        return answer, tuple(edits)

    def _gone(self, uid: str) -> Response:
        group = {"group": self.served.group} if self.served.group else {}
        details = {"name": self._name, **group, "kind": self.served.plural, "uid": uid}
        body = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details}
        return self.state.ok(self.served, msgspec.json.encode(body))

    def _kept(self, found: dict[str, Any], status: int) -> tuple[Response, Edits]:
        found["metadata"] |= {} if self._is_dry else {"resourceVersion": str(self._version)}
        return self._answer(found, status), self._edit(found, msgspec.json.encode(found))

    def _answer(self, found: Mapping[str, Any], status: int) -> Response:
        if self.target.subresource == "scale":
            return self.state.ok(self.served, msgspec.json.encode(scale_of(found, self.served)), status)
        metadata = found["metadata"]
        record = Record(self._namespace, str(metadata["name"]), str(metadata.get("resourceVersion", "")), 0, 0, 0)
        item = Item(record, msgspec.json.encode(found))
        shown = self.state.shown(self.served, item, first(self.request.query), self._form)
        return self.state.ok(self.served, shown, status)

    def _edit(self, found: Mapping[str, Any], raw: bytes | None) -> Edits:
        return () if self._is_dry else (Edit(self._kind, self._namespace, str(found["metadata"]["name"]), raw),)

    def _check_namespace(self, namespace: str, name: str) -> None:
        """A folder of manifests need not hold its namespaces; where there are any, all are taken to be there."""
        contents = self.state.contents
        if not namespace or not contents.records.get(_NAMESPACES):
            return
        record = contents.find(_NAMESPACES, "", namespace)
        if record is None:
            raise no_namespace(namespace)
        if msgspec.json.decode(contents.read(record))["metadata"].get("deletionTimestamp"):
            raise ending(self.served, name, namespace)

    def _found(self) -> dict[str, Any]:
        raw = self.state.read(self.served, self.target)
        found: dict[str, Any] = msgspec.json.decode(alone(raw, self.served))
        return found

    def _body(self) -> dict[str, Any]:
        if self.request.method != "PATCH":
            check_object(self.request)
        body: dict[str, Any] = self._decoded()
        check_form(body)
        return body

    def _decoded(self) -> Any:
        try:
            return msgspec.json.decode(self.request.body or b"")
        except (msgspec.DecodeError, RecursionError):
            raise bad_request("the body of the request is no JSON that can be read") from None

    @property
    def _kind(self) -> KindKey:
        return self.served.api_version, self.served.kind

    @property
    def _namespace(self) -> str:
        return (self.target.namespace or "") if self.served.namespaced else ""

    @property
    def _version(self) -> int:
        """That an object gets which is written now."""
        return self.state.contents.version + self.edits_before + 1

    @property
    def _name(self) -> str:
        return self.target.name or ""

    @property
    def _form(self) -> Form:
        return negotiated(self.request, OBJECTS)

    @cached_property
    def _options(self) -> dict[str, Any]:
        return deletion(self.request, self._decoded() if self.request.body else None)

    @property
    def _is_dry(self) -> bool:
        return bool(self._options["dryRun"]) if self.request.method == "DELETE" else is_dry(self.request)
