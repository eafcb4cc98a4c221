"""Requests of the contract, as they go over the wire, and their answers without what no two clusters share."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from typing import Any

from mcp_kubernetes.spi import Request
from tests.snapshot.contract import comparable

MERGE = "application/merge-patch+json"
JSON = "application/json"
TABLE = f"{JSON};as=Table;v=v1;g=meta.k8s.io"
PARTIAL = f"{JSON};as=PartialObjectMetadata;v=v1;g=meta.k8s.io"
PARTIALS = f"{JSON};as=PartialObjectMetadataList;v=v1;g=meta.k8s.io"
AGGREGATED = f"{JSON};g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
AGGREGATED_BETA = f"{JSON};g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList"

TOKEN = "the token of the answer before"  # noqa: S105 - stands for a continue token
VERSION = "the version of the answer before"
"""Stand for what the answer before had in its metadata."""

CONFIGS = "/api/v1/namespaces/shop/configmaps"
PODS = "/api/v1/namespaces/shop/pods"
CERTIFICATES = "/apis/example.com/v1/namespaces/shop/certificates"
TRIAL = "/api/v1/namespaces/shop-test/configmaps"


@dataclass(frozen=True, kw_only=True)
class Ask:
    """One request."""

    method: str
    path: str
    accept: str
    query: dict[str, str]
    body: Any
    form: str

    def request(self, before: dict[str, Any]) -> Request:
        """As it is sent; `before` are the metadata of the answer before."""
        meant = {TOKEN: before.get("continue", ""), VERSION: before.get("resourceVersion", "")}
        query = tuple((name, meant.get(value, value)) for name, value in self.query.items())
        headers = [("Accept", self.accept), *([("Content-Type", self.form)] if self.form else [])]
        body = None if self.body is None else json.dumps(self.body).encode()
        return Request(method=self.method, path=self.path, query=query, headers=tuple(headers), body=body)

    def listed(self) -> Ask:
        """The list that a watch goes on from."""
        return replace(self, accept=JSON, query={})


def ask(path: str, accept: str = JSON, *, method: str = "GET", body: Any = None, form: str = "", **query: str) -> Ask:
    """A request; `continue_` is `continue`."""
    named = {name.replace("continue_", "continue"): value for name, value in query.items()}
    form = form or (JSON if body is not None else "")
    return Ask(method=method, path=path, accept=accept, query=named, body=body, form=form)


def watch(path: str, accept: str = JSON, **query: str) -> Ask:
    """A watch of two seconds: time enough for what is there, also on a busy machine."""
    return ask(path, accept, watch="true", timeoutSeconds="2", **query)


def config(name: str, **metadata: Any) -> dict[str, Any]:
    """A ConfigMap."""
    metadata = {"name": name, "namespace": "shop-test", **metadata}
    return {"apiVersion": "v1", "kind": "ConfigMap", "metadata": metadata, "data": {"a": "1"}}


def create(name: str, **metadata: Any) -> Ask:
    """Make a ConfigMap."""
    return ask(TRIAL, method="POST", body=config(name, **metadata))


def merge(name: str, patch: Any) -> Ask:
    """Change one."""
    return ask(f"{TRIAL}/{name}", method="PATCH", body=patch, form=MERGE)


def delete(name: str, **query: str) -> Ask:
    """Remove one."""
    return ask(f"{TRIAL}/{name}", method="DELETE", **query)


_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
_UID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_NUMBER = re.compile(r"(current: |too old resource version: 1 \()\d+")
_MASK = re.compile(r"<masked: [^>]*>|hunter2hunter2")

PASSED_OVER = {
    "managedFields": "nobody owns fields in a snapshot",
    "storageVersionHash": "aggregated discovery does not tell it, and nobody reads it but who moves stored objects",
    "serverAddressByClientCIDRs": "a snapshot has no address",
}
"""Fields that a snapshot leaves out, or leaves empty."""

_VARYING = {"resourceVersion": "VERSION", "continue": "TOKEN"}


def normal(found: Any, *, described: bool) -> Any:
    """What is decoded, without what no two clusters have in common, and columns `described` or not."""
    if isinstance(found, list):
        return [normal(each, described=described) for each in found]
    if isinstance(found, str):
        return _text(found)
    if not isinstance(found, dict):
        return found
    left = {key: value for key, value in found.items() if key not in PASSED_OVER}
    if not described and {"name", "type", "format", "description", "priority"} == left.keys():
        left["description"] = ""
    left |= {key: word for key, word in _VARYING.items() if left.get(key)}
    if left.get("kind") == "APIResourceList":
        # Those of custom kinds come in the order in which the API server heard of them.
        left["resources"] = sorted(left["resources"], key=lambda each: each["name"])
    return {key: normal(value, described=described) for key, value in left.items()}


def _text(found: str) -> str:
    for pattern, word in ((_UID, "UID"), (_TIME, "TIME"), (_NUMBER, r"\1N"), (_MASK, "MASKED")):
        found = pattern.sub(word, found)
    return comparable(found)
