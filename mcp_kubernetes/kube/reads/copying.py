"""A cluster as its API server sends it, for whoever keeps a copy: pages of lists, and what it says of itself.

Masked like all that a tool may hold.
"""

from __future__ import annotations

from collections.abc import Sequence

from mcp_kubernetes.kube.catalogue.addressing import Addressing
from mcp_kubernetes.kube.catalogue.discovery import AGGREGATED, ANEW
from mcp_kubernetes.kube.catalogue.resources import Resource
from mcp_kubernetes.kube.connection import Request
from mcp_kubernetes.kube.decoding.decode import TABLE
from mcp_kubernetes.kube.reads.listing import PAGE_ROWS


class Copying(Addressing):
    """Each method raises what any request may."""

    async def all_versions(self) -> Sequence[Resource]:
        """All that is served, each resource in each of its versions."""
        return (await self._served(ANEW)).resources

    async def page(self, resource: Resource, namespace: str | None = None, token: str = "") -> bytes:
        """A page of a list: a Table whose rows hold whole objects, or a plain list from a server without tables."""
        query = [("limit", str(PAGE_ROWS)), ("includeObject", "Object")]
        query += [("continue", token)] if token else []
        path, headers = resource.path(namespace), (("Accept", TABLE),)
        return (await self._send(Request(method="GET", path=path, query=tuple(query), headers=headers))).body

    async def document(self, path: str) -> bytes:
        """What the API server says of itself there: /version, /readyz, /openapi/v3 and below, /api and /apis."""
        is_root = path in {"/api", "/apis"}
        headers = (("Accept", AGGREGATED if is_root else "application/json"),)
        query = (("verbose", ""),) if path in {"/readyz", "/livez"} else ()
        request = Request(method="GET", path=path, query=query, headers=headers, answers=(500,))
        return (await self._send(request)).body
