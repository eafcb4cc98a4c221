"""What CustomResourceDefinitions say of the kinds that they define."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mcp_kubernetes_snapshot.served import AGE, NAME, VERBS, Column, Served

_VERSION = re.compile(r"v(\d+)(?:(alpha|beta)(\d+))?\Z")
_STAGES = {"alpha": 0, "beta": 1, None: 2}


def version_order(version: str) -> tuple[int, int, int]:
    """Sorts versions by how settled they are, as Kubernetes does: v2, v1, v1beta1, v1alpha1."""
    found = _VERSION.match(version)
    return (_STAGES[found[2]], int(found[1]), int(found[3] or 0)) if found else (-1, 0, 0)


def defined(crds: Sequence[Mapping[str, Any]]) -> Iterator[Served]:
    """All that they serve, in the order of discovery."""
    ordered = sorted(crds, key=lambda crd: str(crd["spec"]["group"]))
    groups = list(dict.fromkeys(str(crd["spec"]["group"]) for crd in ordered))
    for group in groups:
        found = [each for crd in ordered if crd["spec"]["group"] == group for each in _versions(crd["spec"])]
        yield from sorted(found, key=lambda each: version_order(each.version), reverse=True)


def _versions(spec: Mapping[str, Any]) -> Iterator[Served]:
    """The served versions of one CRD."""
    names = spec["names"]
    for version in spec["versions"]:
        if version.get("served", True):
            columns = tuple(map(_printed, version.get("additionalPrinterColumns") or ()))
            yield Served(
                group=str(spec["group"]),
                version=str(version["name"]),
                entry=_entry(spec, version),
                columns=(NAME, *(columns or (AGE,))),
                is_custom=True,
                list_kind=names.get("listKind") or f"{names['kind']}List",
                scaled=_scaled(version.get("subresources") or {}),
                selectable=tuple(each["jsonPath"].lstrip(".") for each in version.get("selectableFields") or ()),
            )


def _entry(spec: Mapping[str, Any], version: Mapping[str, Any]) -> dict[str, Any]:
    names = spec["names"]
    kind = {"group": str(spec["group"]), "version": str(version["name"]), "kind": str(names["kind"])}
    entry = {
        "resource": str(names["plural"]),
        "responseKind": kind,
        "scope": str(spec["scope"]),
        "singularResource": str(names.get("singular") or names["kind"].lower()),
        "verbs": VERBS,
    }
    more = {
        "shortNames": names.get("shortNames"),
        "categories": names.get("categories"),
        "subresources": [*_subresources(kind, version.get("subresources") or {})],
    }
    return entry | {key: value for key, value in more.items() if value}


def _subresources(kind: Mapping[str, str], declared: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    kinds = {"status": kind, "scale": {"group": "autoscaling", "version": "v1", "kind": "Scale"}}
    for name, response in kinds.items():
        if declared.get(name) is not None:
            yield {"subresource": name, "responseKind": response, "verbs": ["get", "patch", "update"]}


def _scaled(declared: Mapping[str, Any]) -> tuple[str, str, str]:
    scale = declared.get("scale") or {}
    places = ("specReplicasPath", "statusReplicasPath", "labelSelectorPath")
    spec, status, selector = (str(scale.get(place) or "").lstrip(".") for place in places)
    return spec, status, selector


def _printed(column: Mapping[str, Any]) -> Column:
    return Column(
        name=str(column["name"]),
        type=str(column["type"]),
        format=str(column.get("format") or ""),
        priority=int(column.get("priority") or 0),
        path=str(column["jsonPath"]),
    )
