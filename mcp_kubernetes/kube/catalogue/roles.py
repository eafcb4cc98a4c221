"""What RBAC lacks for a request to be allowed, and the smallest role that would add it, as YAML to apply."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from typing import Any

from mcp_kubernetes.yaml_form import yaml_text

_API = "rbac.authorization.k8s.io"
_ACCOUNT = "system:serviceaccount:"


@dataclass(frozen=True, kw_only=True)
class Rule:
    """Verbs on one resource: a subresource is written as `pods/log`, and without a `namespace` it is of the cluster.

    A `path` of the server itself, such as /metrics, stands instead of a resource.
    """

    verbs: tuple[str, ...]
    group: str = ""
    resource: str = ""
    name: str = ""
    namespace: str | None = None
    path: str = ""

    def __str__(self) -> str:
        """As a sentence spells it: `get pods/log web-1 in the namespace shop`."""
        kind = ".".join(filter(None, (self.resource, self.group))) or self.path
        where = f"in the namespace {self.namespace}" if self.namespace else "at the cluster scope" * (not self.path)
        return " ".join(filter(None, (" and ".join(self.verbs), kind, self.name, where)))

    def review(self, verb: str) -> dict[str, Any]:
        """What a SelfSubjectAccessReview asks (authorization.k8s.io/v1)."""
        if self.path:
            return {"nonResourceAttributes": {"verb": verb, "path": self.path}}
        resource, _, subresource = self.resource.partition("/")
        asked = {"verb": verb, "group": self.group, "resource": resource, "subresource": subresource,
                 "namespace": self.namespace, "name": self.name}  # fmt: skip
        return {"resourceAttributes": {name: value for name, value in asked.items() if value}}

    def manifest(self, user: str) -> str:
        """A Role or ClusterRole with this rule alone, and the binding that gives it to `user`."""
        kind = "Role" if self.namespace else "ClusterRole"
        metadata = {"name": self._role_name(user), "namespace": self.namespace}
        metadata = {key: value for key, value in metadata.items() if value}
        head = {"apiVersion": f"{_API}/v1"}
        role = {**head, "kind": kind, "metadata": metadata, "rules": [self._rule()]}
        reference = {"apiGroup": _API, "kind": kind, "name": metadata["name"]}
        binding = {**head, "kind": f"{kind}Binding", "metadata": metadata, "roleRef": reference,
                   "subjects": [_subject(user)]}  # fmt: skip
        return f"{yaml_text(role)}\n---\n{yaml_text(binding)}"

    def _rule(self) -> dict[str, list[str]]:
        if self.path:
            return {"nonResourceURLs": [self.path], "verbs": [*self.verbs]}
        names = {"resourceNames": [self.name]} if self.name else {}
        return {"apiGroups": [self.group], "resources": [self.resource], **names, "verbs": [*self.verbs]}

    def _role_name(self, user: str) -> str:
        """Its end tells it from any other role, so applying it takes nothing from anybody."""
        said = json.dumps([user, self._rule(), self.namespace])
        what = (self.resource or self.path).strip("/").replace("/", "-")
        return f"{'-'.join(self.verbs)}-{what[:100]}-{hashlib.sha256(said.encode()).hexdigest()[:8]}"


def _subject(user: str) -> dict[str, str]:
    namespace, _, name = user.removeprefix(_ACCOUNT).partition(":")
    if user.startswith(_ACCOUNT) and name:
        return {"kind": "ServiceAccount", "name": name, "namespace": namespace}
    return {"apiGroup": _API, "kind": "User", "name": user}
