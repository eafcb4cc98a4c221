"""What the user typed, turned into the resource that the cluster serves under that name.

Aggregated discovery (KEP-3352): two requests tell everything. The index is kept per cluster and credentials,
revalidated by ETag after ten minutes, and refreshed when a name is not in it.
"""

from __future__ import annotations

import asyncio
import difflib
import re
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, field, replace
from weakref import WeakValueDictionary

import msgspec

from mcp_kubernetes.errors import UnknownKind
from mcp_kubernetes.kube.connection import Request, Response
from mcp_kubernetes.kube.decode import decode
from mcp_kubernetes.kube.paths import resource_path

_ACCEPT = (
    "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,"
    "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,"
    "application/json"
)
_ROOTS = ("/api", "/apis")
_MAX_AGE = 600.0
_MIN_REFRESH = 10.0
_MAX_INDEXES = 256
_NOT_MODIFIED = 304
_VERSION = re.compile(r"v\d+((alpha|beta)\d+)?\Z")

Send = Callable[[Request], Awaitable[Response]]


class _Kind(msgspec.Struct, gc=False):
    kind: str = ""


class _Subresource(msgspec.Struct, gc=False):
    subresource: str = ""


class _Resource(msgspec.Struct, rename="camel"):
    resource: str
    scope: str = "Namespaced"
    response_kind: _Kind | None = None
    singular_resource: str = ""
    verbs: list[str] = []
    short_names: list[str] = []
    categories: list[str] = []
    subresources: list[_Subresource] = []


class _Version(msgspec.Struct):
    version: str
    resources: list[_Resource] = []
    freshness: str = "Current"


class _Meta(msgspec.Struct):
    name: str = ""


class _Group(msgspec.Struct):
    metadata: _Meta = msgspec.field(default_factory=_Meta)
    versions: list[_Version] = []


class _GroupList(msgspec.Struct):
    kind: str = ""
    items: list[_Group] = []


@dataclass(frozen=True, kw_only=True)
class Resource:
    """One resource in one version, as discovery describes it."""

    group: str
    version: str
    plural: str
    kind: str
    singular: str
    namespaced: bool
    verbs: tuple[str, ...]
    short_names: tuple[str, ...] = ()
    categories: tuple[str, ...] = ()
    subresources: tuple[str, ...] = ()

    @property
    def full_name(self) -> str:
        """`deployments.apps`, or `pods` for the core group."""
        return f"{self.plural}.{self.group}" if self.group else self.plural

    def path(self, namespace: str | None = None, name: str | None = None) -> str:
        """Request path of the collection or of one object; segments are validated."""
        return resource_path(
            group=self.group,
            version=self.version,
            resource=self.plural,
            namespace=namespace if self.namespaced else None,
            name=name,
        )


@dataclass(frozen=True)
class Index:
    """All resources of a cluster, in the order of discovery: the server's own priority of groups and versions."""

    resources: tuple[Resource, ...]
    stale: tuple[str, ...] = ()
    by_name: dict[str, list[Resource]] = field(default_factory=dict)

    @classmethod
    def of(cls, groups: Iterable[_Group]) -> Index:
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

    def near(self, name: str, most: int = 5) -> list[str]:
        """Names that look like `name`."""
        close = difflib.get_close_matches(name, self.by_name, n=most, cutoff=0.6)
        return list(dict.fromkeys(self.by_name[key][0].full_name for key in close))


def _resources(groups: tuple[_Group, ...]) -> Iterable[Resource]:
    for group in groups:
        for version in group.versions:
            for found in version.resources if version.freshness != "Stale" else ():
                if found.response_kind and found.response_kind.kind:
                    yield _resource(group.metadata.name, version.version, found, found.response_kind.kind)


def _resource(group: str, version: str, found: _Resource, kind: str) -> Resource:
    return Resource(
        group=group,
        version=version,
        plural=found.resource,
        kind=kind,
        singular=found.singular_resource or kind.lower(),
        namespaced=found.scope == "Namespaced",
        verbs=tuple(found.verbs),
        short_names=tuple(found.short_names),
        categories=tuple(found.categories),
        subresources=tuple(sub.subresource for sub in found.subresources),
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


@dataclass(frozen=True)
class _Root:
    """One discovery document: its groups, and its ETag or ""."""

    groups: list[_Group]
    etag: str


@dataclass(frozen=True)
class _Entry:
    index: Index
    checked: float
    roots: dict[str, _Root]


class Discovery:
    """The indexes of all clusters, each under a key that holds cluster and credentials."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._entries: OrderedDict[str, _Entry] = OrderedDict()
        self._locks: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()

    async def resolve(self, key: str, send: Send, typed: str, api_group: str | None = None) -> Resource:
        """The resource that `typed` means. Raises UnknownKind with the nearest names."""
        wanted = readings(typed, api_group)
        index = await self.index(key, send)
        found = _best(index, wanted)
        if found is None:
            index = await self.index(key, send, max_age=_MIN_REFRESH)
            found = _best(index, wanted)
        if found is None:
            raise _unknown(index, wanted[0], typed)
        return found

    async def index(self, key: str, send: Send, max_age: float = _MAX_AGE) -> Index:
        """The index under `key`, asked for again when it is older than `max_age` seconds. Single flight."""
        async with self._locks.setdefault(key, asyncio.Lock()):
            entry = self._entries.get(key)
            if entry is None or self._clock() - entry.checked > max_age:
                entry = await self._load(send, entry)
                self._keep(key, entry)
            return entry.index

    async def _load(self, send: Send, known: _Entry | None) -> _Entry:
        """A new entry; the known one stays as it is until all of the new one is there."""
        etags = [known.roots[path].etag if known else "" for path in _ROOTS]
        answers = await asyncio.gather(*map(send, map(_request, _ROOTS, etags)))
        roots = {path: _root(answer, known, path) for path, answer in zip(_ROOTS, answers, strict=True)}
        if known and all(roots[path] is known.roots[path] for path in _ROOTS):
            return replace(known, checked=self._clock())
        index = Index.of(group for root in roots.values() for group in root.groups)
        return _Entry(index, self._clock(), roots)

    def _keep(self, key: str, entry: _Entry) -> None:
        self._entries[key] = entry
        self._entries.move_to_end(key)
        if len(self._entries) > _MAX_INDEXES:
            self._entries.popitem(last=False)


def _request(root: str, etag: str) -> Request:
    condition = (("If-None-Match", etag),) if etag else ()
    return Request(method="GET", path=root, headers=(("Accept", _ACCEPT), *condition))


def _root(response: Response, known: _Entry | None, path: str) -> _Root:
    """What was found below a path; the known one when the server says that nothing changed."""
    if response.status == _NOT_MODIFIED and known is not None:
        return known.roots[path]
    found = decode(_GroupList, response.body)
    if found.kind != "APIGroupDiscoveryList":
        raise UnknownKind(
            "This API server does not offer aggregated discovery.", hint="Kubernetes 1.27 and newer are supported."
        )
    return _Root(found.items, response.headers.get("etag", ""))


def _best(index: Index, wanted: list[Wanted]) -> Resource | None:
    return next((found[0] for reading in wanted if (found := index.find(reading))), None)


def _unknown(index: Index, wanted: Wanted, typed: str) -> UnknownKind:
    near = index.near(wanted.name.split(".")[0])
    hint = f"Did you mean {', '.join(near)}?" if near else "Name a kind, plural or short name that the cluster serves."
    missing = f" Discovery is incomplete for {', '.join(index.stale)}." if index.stale else ""
    return UnknownKind(f"The cluster has no resource type {typed[:100]!r}.{missing}", hint=hint)
