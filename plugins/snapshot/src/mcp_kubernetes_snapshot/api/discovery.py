"""What is served, in each form in which clients ask for it: aggregated (KEP-3352), or version by version."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any

import msgspec

from mcp_kubernetes.spi import Request, Response
from mcp_kubernetes_snapshot.api.negotiating import Form, accepts, header, negotiated
from mcp_kubernetes_snapshot.api.status import JSON, NoPage, not_allowed, not_served
from mcp_kubernetes_snapshot.catalog import Catalog

_AGGREGATED = Form("APIGroupDiscoveryList", "v2", "apidiscovery.k8s.io")


def is_discovery(path: str) -> bool:
    """Whether that path tells what is served, or would."""
    parts = path[1:].split("/")
    return (parts[0] == "api" and len(parts) <= 2) or (parts[0] == "apis" and len(parts) <= 3)


def discovery(request: Request, path: str, catalog: Catalog) -> Response:
    """The answer at `path`, one of discovery. Raises Refusal."""
    root, *rest = path[1:].split("/")
    groups = catalog.groups(f"/{root}")
    if rest:
        document = _at(groups, root, rest)
        return _sent(request, document)
    if request.method == "GET" and accepts(request, _AGGREGATED):
        return _aggregated(request, groups)
    if root == "api":
        versions = [version["version"] for group in groups for version in group["versions"]]
        # There is no address at which one could reach it.
        return _sent(request, {"kind": "APIVersions", "versions": versions, "serverAddressByClientCIDRs": []})
    return _sent(request, {"kind": "APIGroupList", "apiVersion": "v1", "groups": [*map(_group, groups)]})


def _sent(request: Request, document: Mapping[str, Any]) -> Response:
    if request.method != "GET":
        raise not_allowed()
    negotiated(request)
    return Response(status=200, headers=JSON, body=msgspec.json.encode(document))


def _aggregated(request: Request, groups: list[dict[str, Any]]) -> Response:
    head = {"kind": _AGGREGATED.kind, "apiVersion": _AGGREGATED.api_version, "metadata": {}}
    body = msgspec.json.encode(head | {"items": groups})
    etag = f'"{hashlib.sha512(body).hexdigest().upper()}"'
    if header(request, "if-none-match") == etag:
        return Response(status=304, headers={"etag": etag, "vary": "Accept"})
    form = f"application/json;g={_AGGREGATED.group};v={_AGGREGATED.version};as={_AGGREGATED.kind}"
    return Response(status=200, headers={"content-type": form, "etag": etag, "vary": "Accept"}, body=body)


def _at(groups: list[dict[str, Any]], root: str, rest: list[str]) -> dict[str, Any]:
    """The document of a group, or of a version. Raises Refusal."""
    name, version = ("", rest[0]) if root == "api" else (rest[0], "".join(rest[1:]))
    group = next((each for each in groups if each["metadata"].get("name", "") == name), None)
    if group is None:
        raise NoPage if name else not_served()
    if not version:
        return {"kind": "APIGroup", "apiVersion": "v1", **_group(group)}
    for each in group["versions"]:
        if each["version"] == version:
            return _resources(name, version, each["resources"])
    raise NoPage if _is_custom(group) else not_served()


def _is_custom(group: Mapping[str, Any]) -> bool:
    """Whether its kinds say of which version they are, as those that a CRD defines do."""
    entries = [entry for version in group["versions"] for entry in version["resources"]]
    return any((entry.get("responseKind") or {}).get("version") for entry in entries)


def _group(group: Mapping[str, Any]) -> dict[str, Any]:
    name = group["metadata"]["name"]
    versions = [{"groupVersion": f"{name}/{v['version']}", "version": v["version"]} for v in group["versions"]]
    return {"name": name, "versions": versions, "preferredVersion": versions[0]}


def _resources(group: str, version: str, entries: list[Mapping[str, Any]]) -> dict[str, Any]:
    head = {"kind": "APIResourceList"} | ({"apiVersion": "v1"} if group else {})
    resources = [each for entry in entries for each in _resource(entry, group, version)]
    return {**head, "groupVersion": f"{group}/{version}" if group else version, "resources": resources}


def _resource(entry: Mapping[str, Any], group: str, version: str) -> Iterator[dict[str, Any]]:
    """A resource, and what is below it."""
    namespaced = entry["scope"] == "Namespaced"
    more = {key: entry[key] for key in ("shortNames", "categories") if entry.get(key)}
    singular = entry.get("singularResource", "")
    yield {
        "name": entry["resource"],
        "singularName": singular,
        "namespaced": namespaced,
        **_answered(entry, group, version),
        **more,
    }
    for below in entry.get("subresources") or ():
        name = f"{entry['resource']}/{below['subresource']}"
        yield {"name": name, "singularName": "", "namespaced": namespaced, **_answered(below, group, version)}


def _answered(entry: Mapping[str, Any], group: str, version: str) -> dict[str, Any]:
    """The kind that it answers with, its group and version where they are others, and what can be done."""
    kind = entry.get("responseKind") or {}
    place = {key: kind.get(key) for key in ("group", "version") if kind.get(key)}
    others = {} if place in ({}, {"group": group, "version": version}) else place
    return {**others, "kind": kind.get("kind", ""), "verbs": entry["verbs"]}
