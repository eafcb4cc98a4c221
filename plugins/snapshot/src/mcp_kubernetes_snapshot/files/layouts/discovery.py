"""What a cluster's own API server said that it serves, in whichever form it was collected, as aggregated discovery."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec

_LIST = {"kind": "APIGroupDiscoveryList", "apiVersion": "apidiscovery.k8s.io/v2", "metadata": {}}


class _Kind(msgspec.Struct):
    kind: str


class _Below(msgspec.Struct):
    subresource: str


class _Entry(msgspec.Struct, rename="camel"):
    resource: str
    response_kind: _Kind
    scope: str
    verbs: list[str]
    short_names: list[str] = []
    singular_resource: str = ""
    subresources: list[_Below] = []


class _Version(msgspec.Struct):
    version: str
    resources: list[_Entry] = []


class _Name(msgspec.Struct):
    name: str = ""


class _Group(msgspec.Struct):
    metadata: _Name
    versions: list[_Version]


class _Groups(msgspec.Struct):
    kind: str
    items: list[_Group]


class _Resource(msgspec.Struct, rename="camel"):
    name: str
    kind: str
    singular_name: str = ""
    namespaced: bool = False
    verbs: list[str] | None = None
    short_names: list[str] | None = None
    categories: list[str] | None = None
    group: str = ""
    version: str = ""


class _ResourceList(msgspec.Struct, rename="camel"):
    group_version: str
    resources: list[_Resource] | None = None


def is_aggregated(body: bytes) -> bool:
    """Whether all is there that is read of aggregated discovery, in the form in which it is read."""
    try:
        return msgspec.json.decode(body, type=_Groups).kind == _LIST["kind"]
    except (msgspec.DecodeError, RecursionError):
        return False


def aggregated(lists: bytes) -> dict[str, bytes]:
    """The bodies of /api and /apis, made of a JSON array of APIResourceLists. Raises msgspec.DecodeError."""
    found: dict[str, dict[str, list[Any]]] = {}
    for each in msgspec.json.decode(lists, type=list[_ResourceList]):
        group, _, version = each.group_version.rpartition("/")
        entries = _entries(group, version, each.resources or [])
        found.setdefault(group, {}).setdefault(version, []).extend(entries)
    groups = [
        {
            "metadata": {"name": group} if group else {},
            "versions": [{"version": version, "resources": entries} for version, entries in versions.items()],
        }
        for group, versions in found.items()
    ]
    core, named = ([g for g in groups if bool(g["metadata"]) is is_named] for is_named in (False, True))
    return {"/api": _document(core), "/apis": _document(named)}


def _document(groups: Sequence[dict[str, Any]]) -> bytes:
    return msgspec.json.encode({**_LIST, "items": groups})


def _entries(group: str, version: str, resources: Sequence[_Resource]) -> list[dict[str, Any]]:
    found = {each.name: _entry(group, version, each) for each in resources if "/" not in each.name}
    for each in resources:
        name, _, subresource = each.name.partition("/")
        if subresource and name in found:
            kind = _kind(group, version, each)
            below = {"subresource": subresource, "responseKind": kind, "verbs": each.verbs or []}
            found[name].setdefault("subresources", []).append(below)
    return list(found.values())


def _entry(group: str, version: str, each: _Resource) -> dict[str, Any]:
    entry = {
        "resource": each.name,
        "responseKind": _kind(group, version, each),
        "scope": "Namespaced" if each.namespaced else "Cluster",
        "singularResource": each.singular_name or each.kind.lower(),
        "verbs": each.verbs or [],
    }
    more = {"shortNames": each.short_names, "categories": each.categories}
    return entry | {key: value for key, value in more.items() if value}


def _kind(group: str, version: str, each: _Resource) -> dict[str, str]:
    return {"group": each.group or group, "version": each.version or version, "kind": each.kind}
