"""What a server serves that does not tell it in one document: asked for group version by group version.

Every API server since 1.27 tells it in two (KEP-3352), but what stands before one, or looks like one, may not. The
answers are brought into the form of the aggregated document, so that nobody further up has to know.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable

import msgspec

from mcp_kubernetes.errors import APIError, ClusterUnreachable
from mcp_kubernetes.kube.catalogue.resources import Group, ServedKind, ServedResource, ServedSubresource, Version, named
from mcp_kubernetes.kube.connection import Request, Response
from mcp_kubernetes.kube.decoding.decode import decode

Send = Callable[[Request], Awaitable[Response]]

_AT_ONCE = 8


class _GroupVersion(msgspec.Struct):
    version: str = ""


class _Group(msgspec.Struct, rename="camel"):
    name: str
    versions: list[_GroupVersion] = []
    preferred_version: _GroupVersion = msgspec.field(default_factory=_GroupVersion)


class _Groups(msgspec.Struct):
    """An APIVersions or an APIGroupList."""

    kind: str = ""
    versions: list[str] = []
    groups: list[_Group] = []


class _APIResource(msgspec.Struct, rename="camel"):
    name: str
    kind: str = ""
    singular_name: str = ""
    namespaced: bool = False
    verbs: list[str] | None = None
    short_names: list[str] = []
    categories: list[str] = []


class _APIResourceList(msgspec.Struct):
    resources: list[_APIResource] | None = None


async def groups(send: Send, root: str, body: bytes) -> list[Group]:
    """The groups below /api or /apis, whose own answer is `body`; a version that cannot be read is stale.

    Raises ClusterUnreachable for what is no answer of an API server.
    """
    found = decode(_Groups, body)
    if found.kind not in {"APIVersions", "APIGroupList"}:
        raise ClusterUnreachable(
            "What came back is not the discovery of a Kubernetes API server.",
            hint="Check the server address of this cluster; a proxy may stand before it.",
        )
    at_once = asyncio.Semaphore(_AT_ONCE)
    wanted = {group: list(versions) for group, versions in _versions(found)}

    async def one(group: str, version: str) -> Version:
        async with at_once:
            return await _version(send, "/".join(filter(None, (root, group, version))), version)

    async def whole(group: str, versions: list[str]) -> Group:
        return named(group, list(await asyncio.gather(*(one(group, version) for version in versions))))

    return list(await asyncio.gather(*(whole(*each) for each in wanted.items())))


def _versions(found: _Groups) -> Iterable[tuple[str, Iterable[str]]]:
    """Each group with its versions, the preferred one first."""
    if found.versions:
        yield "", found.versions
    for group in found.groups:
        names = [group.preferred_version.version, *(each.version for each in group.versions)]
        yield group.name, dict.fromkeys(filter(None, names))


async def _version(send: Send, path: str, version: str) -> Version:
    try:
        response = await send(Request(method="GET", path=path, headers=(("Accept", "application/json"),)))
    except APIError:
        return Version(version=version, freshness="Stale")
    listed = decode(_APIResourceList, response.body).resources or ()
    plain = [each for each in listed if "/" not in each.name]
    return Version(version=version, resources=[_resource(each, listed) for each in plain])


def _resource(found: _APIResource, listed: Iterable[_APIResource]) -> ServedResource:
    below = (each.name.partition("/") for each in listed)
    return ServedResource(
        resource=found.name,
        scope="Namespaced" if found.namespaced else "Cluster",
        response_kind=ServedKind(kind=found.kind),
        singular_resource=found.singular_name,
        short_names=found.short_names,
        verbs=found.verbs or [],
        categories=found.categories,
        subresources=[ServedSubresource(name) for parent, _, name in below if name and parent == found.name],
    )
