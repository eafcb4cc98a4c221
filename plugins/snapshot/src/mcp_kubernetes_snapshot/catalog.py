"""What a snapshot serves: the built-in kinds as an API server recorded them, those of its CRDs, and whatever is there.

An object is served in the version in which it was written and in no other, for nothing here converts it. So a version
that would hide objects which another one has is left out.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib.resources import files
from typing import Any

_VERSION = re.compile(r"v(\d+)(?:(alpha|beta)(\d+))?\Z")
_STAGES = {"alpha": 0, "beta": 1, None: 2}
_VERBS = ["delete", "deletecollection", "get", "list", "patch", "create", "update", "watch"]
_EVENTS = ("", "events.k8s.io")

Present = Mapping[tuple[str, str], frozenset[str]]
"""Versions in which there are objects, by group and kind."""


@dataclass(frozen=True, kw_only=True)
class Column:
    """A column of a table. `path` leads to its value in objects of a custom kind."""

    name: str
    type: str
    format: str = ""
    priority: int = 0
    path: str = ""

    def definition(self) -> dict[str, Any]:
        """As a Table holds it."""
        return {
            "name": self.name,
            "type": self.type,
            "format": self.format,
            "description": "",
            "priority": self.priority,
        }


_NAME = Column(name="Name", type="string", format="name")
_PLAIN = (_NAME, Column(name="Created At", type="date"))
_AGE = Column(name="Age", type="date", path=".metadata.creationTimestamp")


@dataclass(frozen=True, kw_only=True)
class Served:
    """One resource in one version. `entry` is what discovery says of it, `warning` a header of all answers.

    `scaled` are the paths to the replicas that are wanted, to those that are there, and to their selector.
    """

    group: str
    version: str
    entry: Mapping[str, Any]
    columns: tuple[Column, ...]
    is_custom: bool
    warning: str = ""
    list_kind: str = ""
    selectable: tuple[str, ...] = ()
    scaled: tuple[str, str, str] = ("spec.replicas", "status.replicas", "spec.selector")

    @property
    def plural(self) -> str:
        """As in paths."""
        return str(self.entry["resource"])

    @property
    def kind(self) -> str:
        """As in objects."""
        return str(self.entry["responseKind"]["kind"])

    @property
    def namespaced(self) -> bool:
        """Whether its objects live in namespaces."""
        return bool(self.entry["scope"] == "Namespaced")

    @property
    def subresources(self) -> frozenset[str]:
        """The names of those that discovery tells of."""
        return frozenset(str(each["subresource"]) for each in self.entry.get("subresources") or ())

    @property
    def api_version(self) -> str:
        """As in objects."""
        return f"{self.group}/{self.version}" if self.group else self.version


@dataclass(frozen=True, kw_only=True)
class Catalog:
    """All that is served, in the order of discovery."""

    served: tuple[Served, ...]
    version: str
    _by_path: dict[tuple[str, str, str], Served] = field(default_factory=dict)

    @classmethod
    def of(cls, present: Present, scopes: Mapping[tuple[str, str], bool], crds: Sequence[Mapping[str, Any]]) -> Catalog:
        """What is served with these objects and definitions; `scopes` tells whether a kind was seen in a namespace."""
        recorded = json.loads(files(__package__).joinpath("recorded.json").read_text("utf-8"))
        known = [*_builtin(recorded), *_custom(crds)]
        kept = [each for each in known if _shows(each, present)]
        found = (*kept, *_others(present, scopes, kept, known))
        by_path = {(each.group, each.version, each.plural): each for each in found}
        return cls(served=tuple(by_path.values()), version=recorded["version"], _by_path=by_path)

    def find(self, group: str, version: str, plural: str) -> Served | None:
        """What is served there."""
        return self._by_path.get((group, version, plural))

    def groups(self, root: str) -> list[dict[str, Any]]:
        """The groups of discovery below /api or /apis."""
        found: dict[str, dict[str, list[Any]]] = {}
        for each in self.served:
            if bool(each.group) is (root == "/apis"):
                found.setdefault(each.group, {}).setdefault(each.version, []).append(each.entry)
        return [
            {
                "metadata": {"name": group, "creationTimestamp": None} if group else {"creationTimestamp": None},
                "versions": [
                    {"version": version, "resources": entries, "freshness": "Current"}
                    for version, entries in versions.items()
                ],
            }
            for group, versions in found.items()
        ]


def version_order(version: str) -> tuple[int, int, int]:
    """Sorts versions by how settled they are, as Kubernetes does: v2, v1, v1beta1, v1alpha1."""
    found = _VERSION.match(version)
    return (_STAGES[found[2]], int(found[1]), int(found[3] or 0)) if found else (-1, 0, 0)


def _builtin(recorded: Mapping[str, Any]) -> Iterator[Served]:
    for groups in recorded["discovery"].values():
        for group in groups:
            for version in group["versions"]:
                for entry in version["resources"]:
                    yield _recorded(group["metadata"].get("name", ""), version["version"], entry, recorded)


def _recorded(group: str, version: str, entry: Mapping[str, Any], recorded: Mapping[str, Any]) -> Served:
    place = "/".join(filter(None, (group, version, entry["resource"])))
    columns = tuple(Column(**column) for column in recorded["columns"].get(place, ())) or _PLAIN
    warning = recorded["warnings"].get(place, "")
    return Served(group=group, version=version, entry=entry, columns=columns, is_custom=False, warning=warning)


def _custom(crds: Sequence[Mapping[str, Any]]) -> Iterator[Served]:
    ordered = sorted(crds, key=lambda crd: str(crd["spec"]["group"]))
    groups = list(dict.fromkeys(str(crd["spec"]["group"]) for crd in ordered))
    for group in groups:
        found = [each for crd in ordered if crd["spec"]["group"] == group for each in _defined(crd["spec"])]
        yield from sorted(found, key=lambda each: version_order(each.version), reverse=True)


def _defined(spec: Mapping[str, Any]) -> Iterator[Served]:
    """The served versions of one CRD."""
    names = spec["names"]
    for version in spec["versions"]:
        if version.get("served", True):
            columns = tuple(map(_printed, version.get("additionalPrinterColumns") or ()))
            yield Served(
                group=str(spec["group"]),
                version=str(version["name"]),
                entry=_entry(spec, version),
                columns=(_NAME, *(columns or (_AGE,))),
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
        "verbs": _VERBS,
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


def _shows(each: Served, present: Present) -> bool:
    """Whether it does not hide objects that are there in another version, or as events of the other group."""
    versions = present.get((each.group, each.kind))
    if versions is not None:
        return each.version in versions
    is_event = each.kind == "Event" and each.group in _EVENTS
    return not (is_event and any((group, "Event") in present for group in _EVENTS))


def _others(
    present: Present, scopes: Mapping[tuple[str, str], bool], kept: Sequence[Served], known: Sequence[Served]
) -> Iterator[Served]:
    """Kinds, and versions of kinds, that nobody described."""
    there = {(each.group, each.version, each.kind) for each in kept}
    for (group, kind), versions in sorted(present.items()):
        like = next((each for each in known if (each.group, each.kind) == (group, kind)), None)
        for version in sorted(versions, key=version_order, reverse=True):
            if (group, version, kind) not in there:
                yield _like(like, version) if like else _guessed(group, version, kind, namespaced=scopes[group, kind])


def _like(known: Served, version: str) -> Served:
    kind = {**known.entry["responseKind"], "version": version} if known.is_custom else known.entry["responseKind"]
    return replace(known, version=version, entry={**known.entry, "responseKind": kind})


def _guessed(group: str, version: str, kind: str, *, namespaced: bool) -> Served:
    entry = {
        "resource": _plural(kind.lower()),
        "responseKind": {"group": group, "version": version, "kind": kind},
        "scope": "Namespaced" if namespaced else "Cluster",
        "singularResource": kind.lower(),
        "verbs": _VERBS,
    }
    return Served(
        group=group, version=version, entry=entry, columns=(_NAME, _AGE), is_custom=True, list_kind=f"{kind}List"
    )


def _plural(singular: str) -> str:
    """As UnsafeGuessKindToResource in k8s.io/apimachinery guesses."""
    if singular.endswith("endpoints"):
        return singular
    if singular.endswith("s"):
        return f"{singular}es"
    return f"{singular[:-1]}ies" if singular.endswith("y") else f"{singular}s"
