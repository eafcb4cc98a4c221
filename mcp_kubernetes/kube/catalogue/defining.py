"""Kinds that a call defines itself: a CustomResourceDefinition and its first object may come in one manifest."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mcp_kubernetes.errors import UnknownKind

if TYPE_CHECKING:
    from mcp_kubernetes.kube.catalogue.addressing import Resolve
    from mcp_kubernetes.kube.catalogue.resources import Resource
    from mcp_kubernetes.kube.changes.writes import Write
    from mcp_kubernetes.results import Change

_DEFINITIONS = ("apiextensions.k8s.io", "customresourcedefinitions")
_PAUSES = (0.1, 0.2, 0.4, 0.8, 1.0, 1.0, 1.0, 1.0)
"""Seconds between looks at what is served: the API server takes up a new kind within a second or two."""


@dataclass(kw_only=True)
class Defining:
    """Around one call's ways to resolve a kind and to write: once it has defined a kind, unknown ones are waited for.

    `forget` drops what discovery knows.
    """

    lookup: Resolve
    change: Callable[[Write], Awaitable[Change]]
    forget: Callable[[], Awaitable[None]]
    defined: bool = field(default=False, init=False)

    async def write(self, write: Write) -> Change:
        """Carry out the change, and remember if it defines a kind."""
        change = await self.change(write)
        if (write.resource.group, write.resource.plural) == _DEFINITIONS and not change.dry_run:
            self.defined = True
            await self.forget()
        return change

    async def resolve(self, kind: str, api_group: str | None, namespace: str | None) -> Resource:
        """The resource. Raises UnknownKind, after some patience where it may be about to be served."""
        for pause in _PAUSES if self.defined else ():
            try:
                return await self.lookup(kind, api_group, namespace)
            except UnknownKind:
                await asyncio.sleep(pause)
                await self.forget()
        return await self.lookup(kind, api_group, namespace)
