"""From a request that changes something to the answer of an API server, and to what is to be kept of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

import msgspec

from mcp_kubernetes_snapshot.api.objects import alone
from mcp_kubernetes_snapshot.api.status import Refusal, bad_request, not_allowed, not_served
from mcp_kubernetes_snapshot.contents import KindKey
from mcp_kubernetes_snapshot.writing.deleting import deleted, is_over, last_seen
from mcp_kubernetes_snapshot.writing.drafting import changed, created
from mcp_kubernetes_snapshot.writing.patching import APPLY, patched
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
_WRITTEN = frozenset({"status", "scale"})


class Edit(NamedTuple):
    """An object that is to be kept in this form, or to be gone."""

    kind: KindKey
    namespace: str
    name: str
    raw: bytes | None


class _DeleteOptions(msgspec.Struct, rename="camel"):
    preconditions: dict[str, str | None] | None = None
    propagation_policy: str | None = None
    grace_period_seconds: int | None = None
    dry_run: list[str] | None = None


@dataclass(frozen=True, kw_only=True)
class Changing:
    """Carries out one request against one state. What it raises is a Refusal."""

    state: Answering
    request: Request
    target: APIPath
    served: Served

    def change(self) -> tuple[Response, Edit | None]:
        """The answer, and what has changed: nothing for a dry run, nor where all is as it was."""
        self._check_subresource()
        match self.request.method, bool(self.target.name):
            case "POST", False:
                return self._create(self._body(), self._namespace)
            case "PATCH", True:
                return self._patch()
            case "PUT", True:
                return self._update(self._found(), self._body())
            case "DELETE", True:
                return self._delete()
        raise not_allowed("the server does not allow this method on the requested resource")

    def _check_subresource(self) -> None:
        subresource = self.target.subresource
        if subresource and subresource not in _WRITTEN:
            raise not_served("nothing runs in a snapshot, and of an object only itself, status and scale are written")
        self.state.check_subresource(self.served, self.target)

    def _create(self, body: Mapping[str, Any], namespace: str) -> tuple[Response, Edit | None]:
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

    def _patch(self) -> tuple[Response, Edit | None]:
        media_type = self._header("content-type").partition(";")[0].strip()
        if media_type == APPLY and self.state.contents.find(self._kind, self._namespace, self._name) is None:
            return self._create(self._body(), self._namespace)
        before = self._found()
        if self.target.subresource == "scale":
            after = patched(scale_of(before, self.served), self._decoded(), media_type, self.served)
        else:
            after = patched(before, self._decoded(), media_type, self.served)
        return self._update(before, after)

    def _update(self, before: Mapping[str, Any], sent: Mapping[str, Any]) -> tuple[Response, Edit | None]:
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
            return self._answer(after, 200), None
        if is_over(after):
            return self._answer(after, 200), self._edit(after, None)
        return self._kept(after, status=200)

    def _delete(self) -> tuple[Response, Edit | None]:
        before, options = self._found(), self._options()
        check_preconditions(self.served, options.get("preconditions") or {}, before["metadata"])
        left = deleted(before, options, self.served, self.state.contents.as_of)
        if left is not None:
            return self._kept(left, status=200)
        last = last_seen(before, self.served, self.state.contents.as_of)
        answer = self._answer(last, 200) if last else self._gone(str(before["metadata"].get("uid", "")))
        return answer, self._edit(before, None)

    def _options(self) -> dict[str, Any]:
        """How to delete."""
        try:
            found = msgspec.convert(self._decoded() if self.request.body else {}, _DeleteOptions)
        except msgspec.ValidationError as error:
            raise bad_request(f"the options are not of the form that they have: {error}") from None
        options: dict[str, Any] = msgspec.to_builtins(found)
        return options

    def _gone(self, uid: str) -> Response:
        group = {"group": self.served.group} if self.served.group else {}
        details = {"name": self._name, **group, "kind": self.served.plural, "uid": uid}
        body = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Success", "details": details}
        return self.state.ok(self.served, msgspec.json.encode(body))

    def _kept(self, found: dict[str, Any], status: int) -> tuple[Response, Edit | None]:
        found["metadata"]["resourceVersion"] = str(self.state.contents.version + 1)
        return self._answer(found, status), self._edit(found, msgspec.json.encode(found))

    def _answer(self, found: Mapping[str, Any], status: int) -> Response:
        if self.target.subresource == "scale":
            return self.state.ok(self.served, msgspec.json.encode(scale_of(found, self.served)), status)
        return self.state.ok(self.served, alone(msgspec.json.encode(found), self.served), status)

    def _edit(self, found: Mapping[str, Any], raw: bytes | None) -> Edit | None:
        return None if self._is_dry else Edit(self._kind, self._namespace, str(found["metadata"]["name"]), raw)

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
        body: dict[str, Any] = self._decoded()
        check_form(body)
        return body

    def _decoded(self) -> Any:
        try:
            return msgspec.json.decode(self.request.body or b"")
        except (msgspec.DecodeError, RecursionError):
            raise bad_request("the body of the request is no JSON that can be read") from None

    def _header(self, name: str) -> str:
        return next((value for key, value in self.request.headers if key.lower() == name), "")

    @property
    def _kind(self) -> KindKey:
        return self.served.api_version, self.served.kind

    @property
    def _namespace(self) -> str:
        return (self.target.namespace or "") if self.served.namespaced else ""

    @property
    def _name(self) -> str:
        return self.target.name or ""

    @property
    def _is_dry(self) -> bool:
        """A delete with a body takes its options from there alone."""
        if self.request.method == "DELETE" and self.request.body:
            return self._options().get("dryRun") == ["All"]
        return dict(self.request.query).get("dryRun") == "All"
