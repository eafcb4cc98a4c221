"""What a caller means: which resource by what was typed, and which namespace when none was given."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mcp_kubernetes.kube.catalogue.resources import Index, Resource
    from mcp_kubernetes.kube.cluster import ClusterEntry
    from mcp_kubernetes.kube.connection import Request, Response
    from mcp_kubernetes.notes import Notes

Resolve = Callable[[str, str | None, str | None], Awaitable["Resource"]]
"""From kind, API group and namespace to the resource; raises UnknownKind."""

Served = Callable[[float], Awaitable["Index"]]
"""All that the cluster serves, as the API server confirmed it to this very caller not longer ago than these seconds."""

Send = Callable[["Request"], Awaitable["Response"]]


class Addressing:
    """Kinds are what a user types: `pods`, `Deployment`, `apps/v1/Deployment`, `certificates.cert-manager.io`.

    A namespace of None is the context's own, else `default`; which one it was is said in the notes.
    """

    def __init__(self, *, entry: ClusterEntry, resolve: Resolve, served: Served, send: Send, notes: Notes) -> None:
        self.entry = entry
        self._resolve = resolve
        self._served = served
        self._send = send
        self._notes = notes

    async def resource(
        self, kind: str, api_group: str | None = None, namespace: str | None = None, *, all_namespaces: bool = False
    ) -> Resource:
        """The resource that `kind` means here. Raises UnknownKind with the nearest that the caller may list there."""
        resource = await self._resolve(kind, api_group, None if all_namespaces else namespace or self._home)
        if resource.also_in:
            self._notes.add(
                "This is {name}; the same kind is in {others} too: pass apiGroup to mean that one.",
                name=resource.full_name, others=", ".join(resource.also_in),
            )  # fmt: skip
        return resource

    def _scope(self, resource: Resource, namespace: str | None) -> str | None:
        """The namespace to ask in; what was assumed or passed over is noted."""
        if not resource.namespaced:
            if namespace is not None:
                self._notes.add("{kind} has no namespaces; the namespace was not used.", kind=resource.kind)
            return None
        if namespace is not None:
            return namespace
        self._notes.add("Namespace {namespace} was assumed.", namespace=self._home)
        return self._home

    @property
    def _home(self) -> str:
        """The namespace of a call that names none."""
        return self.entry.namespace or "default"
