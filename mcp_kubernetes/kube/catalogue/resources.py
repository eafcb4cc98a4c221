"""The resources that a cluster serves, and the one that somebody meant by what they typed."""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass, field

import msgspec

from mcp_kubernetes.kube.paths import resource_path

_VERSION = re.compile(r"v\d+((alpha|beta)\d+)?\Z")


class ServedKind(msgspec.Struct, gc=False):
    """What a resource answers with."""

    kind: str = ""


class ServedSubresource(msgspec.Struct, gc=False):
    """A subresource, such as `log`."""

    subresource: str = ""


class ServedResource(msgspec.Struct, rename="camel"):
    """One resource of a discovery document."""

    resource: str
    scope: str = "Namespaced"
    response_kind: ServedKind | None = None
    singular_resource: str = ""
    short_names: list[str] = []
    verbs: list[str] = []
    categories: list[str] = []
    subresources: list[ServedSubresource] = []


class Version(msgspec.Struct):
    """One version of a group. It is Stale where the server behind it did not answer."""

    version: str
    resources: list[ServedResource] = []
    freshness: str = "Current"


class _Meta(msgspec.Struct):
    name: str = ""


class Group(msgspec.Struct):
    """One API group of a discovery document, its versions in the server's order of preference."""

    metadata: _Meta = msgspec.field(default_factory=_Meta)
    versions: list[Version] = []


def named(group: str, versions: list[Version]) -> Group:
    """The group of that name with these versions."""
    return Group(metadata=_Meta(group), versions=versions)


class GroupList(msgspec.Struct):
    """A discovery document (apidiscovery.k8s.io APIGroupDiscoveryList)."""

    kind: str = ""
    items: list[Group] = []


@dataclass(frozen=True, kw_only=True)
class Resource:
    """One resource in one version, as discovery describes it."""

    group: str
    version: str
    plural: str
    kind: str
    singular: str
    namespaced: bool
    short_names: tuple[str, ...] = ()
    verbs: frozenset[str] = frozenset()
    categories: tuple[str, ...] = ()
    subresources: tuple[str, ...] = ()
    also_in: tuple[str, ...] = field(default=(), compare=False)
    """Other groups in which what was typed could have meant something, where that is not plain."""

    @property
    def api_version(self) -> str:
        """`apps/v1`, or `v1` for the core group."""
        return f"{self.group}/{self.version}" if self.group else self.version

    @property
    def full_name(self) -> str:
        """`deployments.apps`, or `pods` for the core group."""
        return f"{self.plural}.{self.group}" if self.group else self.plural

    def called(self, name: str) -> str:
        """One object as kubectl spells it: `deployment.apps/web`, or `pod/web` for the core group."""
        return ".".join(filter(None, (self.kind.lower(), self.group))) + f"/{name}"

    def path(self, namespace: str | None = None, name: str | None = None, subresource: str = "") -> str:
        """Request path of the collection, of one object or of its subresource; segments are validated."""
        return resource_path(
            group=self.group,
            version=self.version,
            resource=self.plural,
            namespace=namespace if self.namespaced else None,
            name=name,
            subresource=subresource,
        )


@dataclass(frozen=True)
class Index:
    """All resources of a cluster, in the order of discovery: the server's own priority of groups and versions."""

    resources: tuple[Resource, ...]
    stale: tuple[str, ...] = ()
    by_name: dict[str, list[Resource]] = field(default_factory=dict)

    @classmethod
    def of(cls, groups: Iterable[Group]) -> Index:
        """Build the index from discovery documents."""
        groups = tuple(groups)
        stale = [f"{g.metadata.name}/{v.version}" for g in groups for v in g.versions if v.freshness == "Stale"]
        index = cls(tuple(_resources(groups)), tuple(stale))
        for resource in index.resources:
            for key in {resource.plural, resource.singular, resource.kind.lower(), *resource.short_names}:
                index.by_name.setdefault(key, []).append(resource)
        return index

    def find(self, wanted: Wanted) -> list[Resource]:
        """All that fit, the best first: full names before short ones, then the order of discovery."""
        found = [resource for resource in self.by_name.get(wanted.name, ()) if wanted.fits(resource)]
        return sorted(found, key=lambda resource: wanted.name in resource.short_names)

    def is_namespaced(self, group: str, plural: str) -> bool:
        """Whether objects of this resource live in namespaces; what is not known counts as such."""
        found = (r.namespaced for r in self.by_name.get(plural, ()) if (r.group, r.plural) == (group, plural))
        return next(found, True)

    def preferred(self) -> list[Resource]:
        """Each resource once, in the version that the server prefers of those that have it."""
        return list({(each.group, each.plural): each for each in reversed(self.resources)}.values())[::-1]

    def near(self, name: str, most: int = 5) -> list[Resource]:
        """Those whose names look like `name`, the nearest first."""
        close = difflib.get_close_matches(name, self.by_name, n=most, cutoff=0.6)
        return list({self.by_name[key][0].full_name: self.by_name[key][0] for key in close}.values())


def _resources(groups: tuple[Group, ...]) -> Iterable[Resource]:
    for group in groups:
        for version in group.versions:
            for found in version.resources if version.freshness != "Stale" else ():
                if found.response_kind and found.response_kind.kind:
                    yield _resource(group.metadata.name, version.version, found, found.response_kind.kind)


def _resource(group: str, version: str, found: ServedResource, kind: str) -> Resource:
    return Resource(
        group=group,
        version=version,
        plural=found.resource,
        kind=kind,
        singular=found.singular_resource or kind.lower(),
        namespaced=found.scope == "Namespaced",
        short_names=tuple(found.short_names),
        verbs=frozenset(found.verbs),
        categories=tuple(found.categories),
        subresources=tuple(each.subresource for each in found.subresources),
    )


@dataclass(frozen=True, kw_only=True)
class Wanted:
    """A resource as somebody typed it. None means "any"; group "" is the core group."""

    name: str
    group: str | None = None
    version: str | None = None

    def fits(self, resource: Resource) -> bool:
        """Whether `resource` is meant; a group may be shortened to its first labels, as in kubectl."""
        group_fits = (
            self.group is None
            or resource.group == self.group
            or (self.group != "" and resource.group.startswith(f"{self.group}."))
        )
        return group_fits and self.version in {None, resource.version}


def readings(typed: str, api_group: str | None = None) -> list[Wanted]:
    """How `po`, `Pod`, `deployments.apps`, `deployments.v1.apps`, `apps/v1/Deployment`, `v1/Pod` may be meant.

    `api_group` is a group, `group/version`, a version, or "core". The likelier reading comes first.
    """
    group, version = _group_version(api_group)
    *prefix, name = typed.strip().split("/")
    if prefix:
        group, version = (prefix[0], prefix[1]) if len(prefix) > 1 else _group_version(prefix[0])
    name = name.lower()
    found = [Wanted(name=name, group=group, version=version)]
    if "." in name and group is None:
        found += _dotted(*name.split(".", 1))
    return found


def _group_version(text: str | None) -> tuple[str | None, str | None]:
    if not text:
        return None, None
    group, _, version = text.strip().partition("/")
    if not version and _VERSION.match(group):
        return "", group
    return ("" if group == "core" else group.lower()), version or None


def _dotted(name: str, rest: str) -> Iterable[Wanted]:
    first, _, group = rest.partition(".")
    if _VERSION.match(first):
        yield Wanted(name=name, group=group, version=first)
    yield Wanted(name=name, group=rest)
