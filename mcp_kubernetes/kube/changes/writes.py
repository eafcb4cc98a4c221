"""One change as a value, and the request that it becomes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

from mcp_kubernetes.effects import Operation
from mcp_kubernetes.go_json import go_json
from mcp_kubernetes.kube.connection import Request
from mcp_kubernetes.kube.floor.bounds import dry

if TYPE_CHECKING:
    from mcp_kubernetes.kube.catalogue.resources import Resource
    from mcp_kubernetes.kube.changes.versions import Version

FIELD_MANAGER: Final = "mcp-kubernetes"
"""Under this name the API server remembers which fields we set (KEP-555)."""

JSON_PATCH: Final = "application/json-patch+json"
MERGE_PATCH: Final = "application/merge-patch+json"
PATCHES: Final[Mapping[str, str]] = {
    "strategic": "application/strategic-merge-patch+json",
    "merge": MERGE_PATCH,
    "json": JSON_PATCH,
}
"""Media type by how a patch is meant."""

_APPLY = "application/apply-patch+yaml"
_PLAIN = "application/json"
_METHODS = {Operation.CREATE: "POST", Operation.DELETE: "DELETE"}


@dataclass(frozen=True, kw_only=True)
class Write:
    """A change of one object. `body` is what is sent, JSON-ready; without a `name` the API server makes one.

    `uid` is that of the only object that may be meant; `confirm` the name that the caller repeated to be sure;
    `undoes` whether this reverses an earlier change.
    """

    operation: Operation
    resource: Resource
    namespace: str | None
    name: str | None
    body: Any
    media_type: str = ""
    subresource: str = ""
    force: bool = False
    uid: str | None = None
    confirm: str | None = None
    dry_run: bool = False
    undoes: bool = False

    @property
    def path(self) -> str:
        """Where the object, or its subresource, is read and changed."""
        return self.resource.path(self.namespace, self.name, self.subresource)

    @property
    def called(self) -> str:
        """The object as kubectl spells it."""
        return self.resource.called(self.name or "")

    @property
    def needs_approval(self) -> bool:
        """Whether it destroys something, takes it over, or takes a change back."""
        return self.operation is Operation.DELETE or self.force or self.undoes

    @property
    def described(self) -> str:
        """What is about to be done, for a person who has to approve of it."""
        verb = "Undo a change of" if self.undoes else "Delete" if self.operation is Operation.DELETE else "Take over"
        return f"{verb} {self.called}" + (f" in the namespace {self.namespace}" if self.namespace else "")

    @property
    def shows_fields(self) -> bool:
        """Whether it is worth telling which fields differ: one that comes or goes differs in all of them."""
        return self.operation not in {Operation.CREATE, Operation.DELETE}

    def pinned(self, before: Version | None) -> Write:
        """A delete of the very object that was read; any other change as it is."""
        if self.operation is not Operation.DELETE or before is None or self.uid:
            return self
        return replace(self, uid=before.uid)

    def request(self, version: str | None = None) -> Request:
        """The request. With `version`, it holds only for the object of that resourceVersion."""
        found = Request(
            method=_METHODS.get(self.operation, "PATCH"),
            path=self.resource.path(self.namespace) if self.operation is Operation.CREATE else self.path,
            query=self._query(),
            headers=(("Content-Type", self._media_type), ("Accept", _PLAIN)),
            body=go_json(self._body(version)),
        )
        return dry(found) if self.dry_run else found

    @property
    def takes_version(self) -> bool:
        """Whether the body has a place for the resourceVersion that it is meant for, and names none itself."""
        if self.operation in {Operation.CREATE, Operation.DELETE} or not isinstance(self.body, Mapping):
            return False
        metadata = self.body.get("metadata", {})
        return isinstance(metadata, Mapping) and "resourceVersion" not in metadata

    @property
    def _media_type(self) -> str:
        return self.media_type or (_APPLY if self.operation is Operation.APPLY else _PLAIN)

    def _query(self) -> tuple[tuple[str, str], ...]:
        if self.operation is Operation.DELETE:
            return ()
        common = (("fieldManager", FIELD_MANAGER), ("fieldValidation", "Strict"))
        return (*common, ("force", "true")) if self.force else common

    def _body(self, version: str | None) -> Any:
        if self.operation is Operation.DELETE:
            return {**self.body, "preconditions": {"uid": self.uid}} if self.uid else self.body
        if version and self.takes_version:
            return {**self.body, "metadata": {**self.body.get("metadata", {}), "resourceVersion": version}}
        return self.body
