"""The ways in which a tool may change a cluster: each names one object, and is sent once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TYPE_CHECKING, Any, Literal

from mcp_kubernetes.effects import Operation
from mcp_kubernetes.errors import InvalidArguments, NotFound
from mcp_kubernetes.kube.catalogue.addressing import Addressing
from mcp_kubernetes.kube.changes.writes import MERGE_PATCH, PATCHES, Write

if TYPE_CHECKING:
    from mcp_kubernetes.kube.catalogue.resources import Resource
    from mcp_kubernetes.manifest import PatchType
    from mcp_kubernetes.results import Change

Propagation = Literal["Background", "Foreground", "Orphan"]
"""What becomes of an object's dependents when it is deleted."""

MOST_REPLICAS = 1_000_000
"""More is a slip of the finger: it is beyond what any cluster runs."""


class Changes(Addressing):
    """Each method sends one change and returns what differs since: masked, and with the id that undoes it.

    With `dry_run` the API server only tries it. What the API server refuses is raised as an APIError; an answer that
    was lost as OutcomeUnknown.
    """

    def __init__(self, *, write: Callable[[Write], Awaitable[Change]], undo: Callable[..., Awaitable[Change]],
                 **addressing: Any) -> None:  # fmt: skip
        super().__init__(**addressing)
        self._write = write
        self._undo = undo

    async def create(
        self, manifest: Mapping[str, Any], namespace: str | None = None, *, dry_run: bool = False
    ) -> Change:
        """Create an object from its manifest; `metadata.generateName` lets the API server name it.

        Raises Conflict if there is one of that name.
        """
        resource, scope, name = await self._addressed(manifest, namespace)
        return await self._write(
            Write(operation=Operation.CREATE, resource=resource, namespace=scope, name=name, body=manifest,
                  dry_run=dry_run)
        )  # fmt: skip

    async def apply(
        self,
        manifest: Mapping[str, Any],
        namespace: str | None = None,
        *,
        force: bool = False,
        dry_run: bool = False,
    ) -> Change:
        """Create the object or change the fields that the manifest names: server-side apply (KEP-555).

        Raises FieldConflict with manager and field where somebody else owns one; `force` takes it over.
        """
        resource, scope, name = await self._addressed(manifest, namespace)
        if name is None:
            raise InvalidArguments("An object that is applied needs metadata.name.", hint="Create it instead.")
        return await self._write(
            Write(operation=Operation.APPLY, resource=resource, namespace=scope, name=name, body=manifest,
                  force=force, dry_run=dry_run)
        )  # fmt: skip

    async def patch(
        self,
        kind: str,
        name: str,
        patch: Any,
        namespace: str | None = None,
        *,
        patch_type: PatchType = "strategic",
        subresource: str = "",
        api_group: str | None = None,
        dry_run: bool = False,
    ) -> Change:
        """Change fields of an object. `patch` is an object; for "json" a list of operations (RFC 6902)."""
        resource = await self.resource(kind, api_group, namespace)
        scope = self._scope(resource, namespace)
        return await self._write(
            Write(operation=Operation.PATCH, resource=resource, namespace=scope, name=name, body=patch,
                  media_type=PATCHES[patch_type], subresource=subresource, dry_run=dry_run)
        )  # fmt: skip

    async def delete(
        self,
        kind: str,
        name: str,
        namespace: str | None = None,
        *,
        api_group: str | None = None,
        propagation: Propagation | None = None,
        grace_seconds: int | None = None,
        uid: str | None = None,
        confirm: str | None = None,
        dry_run: bool = False,
    ) -> Change:
        """Delete one object: the one with `uid`, else the one that is there now.

        Namespaces, Nodes, PersistentVolumes and CustomResourceDefinitions need their name as `confirm`.
        """
        resource = await self.resource(kind, api_group, namespace)
        scope = self._scope(resource, namespace)
        options = {"propagationPolicy": propagation, "gracePeriodSeconds": grace_seconds}
        return await self._write(
            Write(operation=Operation.DELETE, resource=resource, namespace=scope, name=name, uid=uid, confirm=confirm,
                  body={key: value for key, value in options.items() if value is not None}, dry_run=dry_run)
        )  # fmt: skip

    async def scale(
        self,
        kind: str,
        name: str,
        replicas: int,
        namespace: str | None = None,
        *,
        api_group: str | None = None,
        dry_run: bool = False,
    ) -> Change:
        """Set the replicas of an object of any kind that has the subresource scale."""
        if not 0 <= replicas <= MOST_REPLICAS:
            raise InvalidArguments(f"replicas has to be from 0 to {MOST_REPLICAS:,}.")
        resource = await self.resource(kind, api_group, namespace)
        scope = self._scope(resource, namespace)
        try:
            return await self._write(
                Write(operation=Operation.SCALE, resource=resource, namespace=scope, name=name, subresource="scale",
                      body={"spec": {"replicas": replicas}}, media_type=MERGE_PATCH, dry_run=dry_run)
            )  # fmt: skip
        except NotFound as error:
            raise NotFound(
                error.message, status=error.status, reason=error.reason,
                hint=f"Check name and namespace, and whether {resource.plural} can be scaled at all.",
            ) from None  # fmt: skip

    async def undo(self, change_id: str, *, confirm: str | None = None, dry_run: bool = False) -> Change:
        """Reverse a change of this caller's, unless somebody changed the same fields since: then Conflict is raised."""
        return await self._undo(change_id, confirm=confirm, dry_run=dry_run)

    async def _addressed(
        self, manifest: Mapping[str, Any], namespace: str | None
    ) -> tuple[Resource, str | None, str | None]:
        """Resource, namespace and name of a manifest. Raises InvalidArguments where they contradict each other."""
        metadata = manifest.get("metadata") or {}
        own, kind = metadata.get("namespace"), manifest.get("kind")
        resource = await self.resource(f"{manifest.get('apiVersion')}/{kind}", None, own or namespace)
        if resource.kind != kind:
            raise InvalidArguments("No resource has this kind.", hint=f"Did you mean {resource.kind}?")
        if own and not resource.namespaced:
            raise InvalidArguments(f"{kind} has no namespaces, but the manifest names one.", hint="Leave it out.")
        if own and namespace and own != namespace:
            raise InvalidArguments("The manifest names another namespace than the call.", hint="Name only one.")
        return resource, self._scope(resource, own or namespace), metadata.get("name")
