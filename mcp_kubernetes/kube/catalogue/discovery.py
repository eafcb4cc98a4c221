"""Asking a cluster what it serves, and keeping the answer.

Aggregated discovery (KEP-3352): two requests tell everything; where there is none, each group version is asked for.
The index is kept per cluster and credentials, revalidated by ETag after ten minutes, and refreshed when a name is not
in it.
"""

from __future__ import annotations

import asyncio
import itertools
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, replace
from weakref import WeakValueDictionary

from mcp_kubernetes.errors import ToolError, UnknownKind
from mcp_kubernetes.kube.catalogue.resources import Group, GroupList, Index, Resource, Wanted, readings
from mcp_kubernetes.kube.catalogue.review import may
from mcp_kubernetes.kube.catalogue.unaggregated import groups
from mcp_kubernetes.kube.connection import Request, Response
from mcp_kubernetes.kube.decoding.decode import decode

AGGREGATED = (
    "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,"
    "application/json;g=apidiscovery.k8s.io;v=v2beta1;as=APIGroupDiscoveryList,"
    "application/json"
)
"""Accepted of the two roots, the best first (KEP-3352)."""

_ROOTS = ("/api", "/apis")
MAX_AGE = 600.0
ANEW = -1.0
"""Seconds: an index of any age is confirmed by the API server, which answers this caller or refuses."""

_MIN_REFRESH = 10.0
_MAX_INDEXES = 256
_NOT_MODIFIED = 304

Send = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True)
class _Root:
    """One discovery document: its groups, and its ETag or ""."""

    groups: list[Group]
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

    async def resolve(
        self, key: str, send: Send, typed: str, api_group: str | None = None, namespace: str | None = None
    ) -> Resource:
        """The resource that `typed` means.

        Raises UnknownKind with the nearest names of what the caller may list in `namespace`, or everywhere for
        None: a name that leads to the next refusal helps nobody.
        """
        wanted = readings(typed, api_group)
        index = await self.index(key, send)
        found = _best(index, wanted)
        if found is None:
            index = await self.index(key, send, max_age=_MIN_REFRESH)
            found = _best(index, wanted)
        if found is None:
            near = index.near(wanted[0].name.split(".")[0])
            raise _unknown(index, await _listable(near, send, namespace))
        return found

    async def index(self, key: str, send: Send, max_age: float = MAX_AGE) -> Index:
        """The index under `key`, asked for again when it is older than `max_age` seconds. Single flight."""
        async with self._locks.setdefault(key, asyncio.Lock()):
            entry = self._entries.get(key)
            if entry is None or self._clock() - entry.checked > max_age:
                entry = await self._load(send, entry)
                self._keep(key, entry)
            return entry.index

    def forget(self, key: str) -> None:
        """Ask anew the next time: what is served has just changed."""
        self._entries.pop(key, None)

    async def _load(self, send: Send, known: _Entry | None) -> _Entry:
        """A new entry; the known one stays as it is until all of the new one is there."""
        etags = [known.roots[path].etag if known else "" for path in _ROOTS]
        answers = await asyncio.gather(*map(send, map(_request, _ROOTS, etags)))
        found = await asyncio.gather(
            *(_root(send, answer, known, path) for path, answer in zip(_ROOTS, answers, strict=True))
        )
        roots = dict(zip(_ROOTS, found, strict=True))
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
    return Request(method="GET", path=root, headers=(("Accept", AGGREGATED), *condition))


async def _root(send: Send, response: Response, known: _Entry | None, path: str) -> _Root:
    """What was found below a path; the known one when the server says that nothing changed."""
    if response.status == _NOT_MODIFIED and known is not None:
        return known.roots[path]
    found = decode(GroupList, response.body)
    if found.kind != "APIGroupDiscoveryList":
        return _Root(await groups(send, path, response.body), "")
    return _Root(found.items, response.headers.get("etag", ""))


def _best(index: Index, wanted: list[Wanted]) -> Resource | None:
    return next((_first(found) for reading in wanted if (found := index.find(reading))), None)


def _first(found: list[Resource]) -> Resource:
    """The best of these, which knows of its rivals. Beside the core group nobody has any: pods are pods."""
    best = found[0]
    rivals = {resource.group for resource in found if resource.kind == best.kind} - {best.group}
    return replace(best, also_in=tuple(sorted(rivals))) if best.group and rivals else best


async def _listable(resources: Iterable[Resource], send: Send, namespace: str | None) -> list[Resource]:
    """Those that the caller may list; none of those for which that cannot be found out."""

    async def is_listable(resource: Resource) -> bool:
        try:
            return await may(send, "list", resource, namespace)
        except ToolError:
            return False

    found = tuple(resources)
    allowed = await asyncio.gather(*map(is_listable, found))
    return list(itertools.compress(found, allowed))


def _unknown(index: Index, near: list[Resource]) -> UnknownKind:
    names = ", ".join(resource.full_name for resource in near)
    hint = f"Did you mean {names}?" if near else "Name a kind, plural or short name that the cluster serves."
    missing = f" Discovery is incomplete for {', '.join(index.stale)}." if index.stale else ""
    return UnknownKind(f"The cluster has no such resource type.{missing}", hint=hint)
