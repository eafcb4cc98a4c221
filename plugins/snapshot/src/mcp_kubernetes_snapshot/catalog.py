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
from types import MappingProxyType
from typing import Any

from mcp_kubernetes_snapshot.definitions import defined, version_order
from mcp_kubernetes_snapshot.served import AGE, NAME, PLAIN, VERBS, Column, Served

_EVENTS = ("", "events.k8s.io")
_PLURAL = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?\Z")

Present = Mapping[tuple[str, str], frozenset[str]]
"""Versions in which there are objects, by group and kind."""


@dataclass(frozen=True, kw_only=True)
class Catalog:
    """All that is served, in the order of discovery."""

    served: tuple[Served, ...]
    version: str
    _by_path: dict[tuple[str, str, str], Served] = field(default_factory=dict)

    @classmethod
    def of(
        cls,
        present: Present,
        scopes: Mapping[tuple[str, str], bool],
        crds: Sequence[Mapping[str, Any]],
        own: Sequence[Mapping[str, Any]] = (),
        tables: Mapping[str, Sequence[Mapping[str, Any]]] = MappingProxyType({}),
        plurals: Mapping[tuple[str, str], str] = MappingProxyType({}),
    ) -> Catalog:
        """What is served with these objects and definitions; `scopes` tells whether a kind was seen in a namespace.

        `own` are the groups of the cluster's own discovery, `tables` the columns of its own tables by place, and
        `plurals` what kinds are called in paths, by group and kind, as far as the snapshot tells.
        """
        recorded = json.loads(files(__package__).joinpath("recorded.json").read_text("utf-8"))
        described = [*_builtin(recorded), *defined(crds)]
        known = _as_served(described, own) if own else described
        known = [_with_columns(each, tables.get(each.place)) for each in known]
        kept = [each for each in known if _shows(each, present)]
        found = (*kept, *_others(present, scopes, kept, [*known, *described], plurals))
        by_path = {(each.group, each.version, each.plural): each for each in found}
        return cls(served=tuple(by_path.values()), version=recorded["version"], _by_path=by_path)

    def find(self, group: str, version: str, plural: str) -> Served | None:
        """What is served there."""
        return self._by_path.get((group, version, plural))

    def is_built_in(self, group: str) -> bool:
        """Whether an API server serves it of its own."""
        return any(each.group == group and not each.is_custom for each in self.served)

    def groups(self, root: str) -> list[dict[str, Any]]:
        """The groups of discovery below /api or /apis."""
        found: dict[str, dict[str, list[Any]]] = {}
        for each in self.served:
            if bool(each.group) is (root == "/apis"):
                found.setdefault(each.group, {}).setdefault(each.version, []).append(each.entry)
        return [
            {
                "metadata": {"name": group} if group else {},
                "versions": [
                    {"version": version, "resources": entries, "freshness": "Current"}
                    for version, entries in versions.items()
                ],
            }
            for group, versions in found.items()
        ]


def _builtin(recorded: Mapping[str, Any]) -> Iterator[Served]:
    for groups in recorded["discovery"].values():
        for group in groups:
            for version in group["versions"]:
                for entry in version["resources"]:
                    yield _recorded(group["metadata"].get("name", ""), version["version"], entry, recorded)


def _recorded(group: str, version: str, entry: Mapping[str, Any], recorded: Mapping[str, Any]) -> Served:
    place = "/".join(filter(None, (group, version, entry["resource"])))
    columns = tuple(Column(**column) for column in recorded["columns"].get(place, ())) or PLAIN
    warning = recorded["warnings"].get(place, "")
    found = Served(group=group, version=version, entry=entry, columns=columns, is_custom=False, warning=warning)
    return replace(found, empty=recorded["empty"].get(place, {}))


def _as_served(known: Sequence[Served], own: Sequence[Mapping[str, Any]]) -> Iterator[Served]:
    """What the cluster's own discovery tells, with what is known of it; then what only its definitions tell.

    It has two roots, for the core and for named groups. Of one that is not there everything is taken as known.
    """
    roots = {bool(group["metadata"].get("name")) for group in own}
    by_place = {(each.group, each.version, each.plural): each for each in known}
    for group in own:
        name = group["metadata"].get("name", "")
        for version in group["versions"]:
            for entry in version["resources"]:
                found = by_place.pop((name, version["version"], entry["resource"]), None)
                yield replace(found, entry=entry) if found else _told(name, version["version"], entry)
    yield from (each for each in by_place.values() if each.is_custom or bool(each.group) not in roots)


def _told(group: str, version: str, entry: Mapping[str, Any]) -> Served:
    kind = entry["responseKind"]["kind"]
    return Served(
        group=group, version=version, entry=entry, columns=(NAME, AGE), is_custom=True, list_kind=f"{kind}List"
    )


def _with_columns(each: Served, told: Sequence[Mapping[str, Any]] | None) -> Served:
    if told is None:
        return each
    paths = {column.name: column.path for column in each.columns}
    kept = ("name", "type", "format", "description", "priority")
    columns = (Column(path=paths.get(c["name"], ""), **{key: c[key] for key in kept if key in c}) for c in told)
    return replace(each, columns=tuple(columns))


def _shows(each: Served, present: Present) -> bool:
    """Whether it does not hide objects that are there in another version, or as events of the other group."""
    versions = present.get((each.group, each.kind))
    if versions is not None:
        return each.version in versions
    is_event = each.kind == "Event" and each.group in _EVENTS
    return not (is_event and any((group, "Event") in present for group in _EVENTS))


def _others(
    present: Present,
    scopes: Mapping[tuple[str, str], bool],
    kept: Sequence[Served],
    known: Sequence[Served],
    plurals: Mapping[tuple[str, str], str],
) -> Iterator[Served]:
    """Kinds, and versions of kinds, that nobody described."""
    owners = {(each.group, each.plural): each.kind for each in known}
    there = {(each.group, each.version, each.kind) for each in kept}
    for (group, kind), versions in sorted(present.items()):
        like = next((each for each in known if (each.group, each.kind) == (group, kind)), None)
        plural = plurals.get((group, kind), "")
        if not _PLURAL.match(plural) or owners.setdefault((group, plural), kind) != kind:
            plural = _plural(kind.lower())
        for version in sorted(versions, key=version_order, reverse=True):
            if (group, version, kind) not in there:
                guessed = _guessed(group, version, kind, plural, namespaced=scopes[group, kind])
                yield _like(like, version) if like else guessed


def _like(known: Served, version: str) -> Served:
    kind = {**known.entry["responseKind"], "version": version} if known.is_custom else known.entry["responseKind"]
    return replace(known, version=version, entry={**known.entry, "responseKind": kind})


def _guessed(group: str, version: str, kind: str, plural: str, *, namespaced: bool) -> Served:
    entry = {
        "resource": plural,
        "responseKind": {"group": group, "version": version, "kind": kind},
        "scope": "Namespaced" if namespaced else "Cluster",
        "singularResource": kind.lower(),
        "verbs": VERBS,
    }
    return Served(
        group=group, version=version, entry=entry, columns=(NAME, AGE), is_custom=True, list_kind=f"{kind}List"
    )


def _plural(singular: str) -> str:
    """As UnsafeGuessKindToResource in k8s.io/apimachinery guesses."""
    if singular.endswith("endpoints"):
        return singular
    if singular.endswith("s"):
        return f"{singular}es"
    return f"{singular[:-1]}ies" if singular.endswith("y") else f"{singular}s"
