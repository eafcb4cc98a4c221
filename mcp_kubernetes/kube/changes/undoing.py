"""The way back: what is kept of a change, and the change that reverses it."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mcp_kubernetes.effects import Operation
from mcp_kubernetes.errors import Conflict, InvalidArguments, PatchRefused
from mcp_kubernetes.journal import ClusterName, Entry, Receipt
from mcp_kubernetes.kube.catalogue.resources import Resource
from mcp_kubernetes.kube.changes.writes import JSON_PATCH, Write
from mcp_kubernetes.undo import recreated, undo_patch, why_not_undoable

if TYPE_CHECKING:
    from datetime import datetime

    from mcp_kubernetes.identity import Identity
    from mcp_kubernetes.journal import Journal
    from mcp_kubernetes.kube.changes.versions import Version
    from mcp_kubernetes.kube.cluster import ClusterEntry
    from mcp_kubernetes.kube.reads.slimming import Profiles
    from mcp_kubernetes.results import Change


@dataclass(frozen=True, kw_only=True)
class Undoing:
    """Keeps the changes that one call makes to one cluster, and finds earlier ones of the same caller."""

    journal: Journal
    identity: Identity
    entry: ClusterEntry
    profiles: Profiles
    tool: str
    now: datetime

    def irreversible(self, write: Write, before: Version | None) -> str:
        """Why the change could not be undone, or ""; known before it is sent."""
        if before is None or write.operation is not Operation.DELETE:
            return ""
        return why_not_undoable(self.profiles.of(write.resource), json.loads(before.body))

    async def keep(self, write: Write, before: Version | None, after: Version, *, is_dry: bool) -> Receipt:
        """The id under which the change was kept, or why it cannot be undone; neither if there is nothing to undo."""
        if reason := self.irreversible(write, before):
            return Receipt(why_not=reason)
        if is_dry or (before is None and not after.is_new):
            return Receipt()
        return await self.journal.record(self.identity, self._entry(write, before, after))

    async def undo(self, change_id: str, write: Callable[[Write], Awaitable[Change]], *, confirm: str | None = None,
                   dry_run: bool = False) -> Change:  # fmt: skip
        """Reverse a change by `write`. Raises Conflict if the same fields, or the object, changed since."""
        reversal = await self._reversal(change_id, confirm=confirm, dry_run=dry_run)
        try:
            change = await write(reversal)
        except (Conflict, PatchRefused) as error:
            raise Conflict(
                f"{reversal.called} changed since, so nothing was undone.", status=error.status, reason=error.reason,
                hint="Read it, and send what is still to be changed yourself.",
            ) from None  # fmt: skip
        if not change.dry_run:
            await self.journal.forget(self.identity, change_id)
        return change

    async def _reversal(self, change_id: str, *, confirm: str | None, dry_run: bool) -> Write:
        """Raises InvalidArguments for an id that is not this caller's."""
        kept = await self.journal.find(self.identity, change_id)
        if kept.cluster != self._cluster:
            raise InvalidArguments(
                f"This change was made in {kept.cluster.name}.", hint="Name that cluster or context."
            )
        operation, body = _reversed(kept)
        return Write(
            operation=operation,
            resource=_resource(kept),
            namespace=kept.namespace,
            name=kept.name,
            body=body,
            media_type=JSON_PATCH if operation is Operation.PATCH else "",
            subresource=kept.subresource,
            uid=kept.uid if operation is Operation.DELETE else None,
            confirm=confirm,
            dry_run=dry_run,
            undoes=True,
        )

    @property
    def _cluster(self) -> ClusterName:
        return ClusterName(source=self.entry.source, name=self.entry.name, server=self.entry.server)

    def _entry(self, write: Write, before: Version | None, after: Version) -> Entry:
        resource = write.resource
        return Entry(
            cluster=self._cluster,
            tool=self.tool,
            operation=write.operation,
            group=resource.group,
            version=resource.version,
            resource=resource.plural,
            kind=resource.kind,
            namespace=write.namespace,
            name=after.name or write.name or "",
            subresource=write.subresource,
            uid=after.uid or (before.uid if before else ""),
            before=before.body if before else None,
            after=after.body if write.operation is not Operation.DELETE else None,
            time=self.now,
        )


def _reversed(kept: Entry) -> tuple[Operation, object]:
    """What to do, and the body to send."""
    if kept.before is None:
        return Operation.DELETE, {}
    if kept.after is None:
        return Operation.CREATE, recreated(json.loads(kept.before))
    before, after = json.loads(kept.before), json.loads(kept.after)
    return Operation.PATCH, undo_patch(before, after, status=kept.subresource == "status")


def _resource(kept: Entry) -> Resource:
    return Resource(
        group=kept.group,
        version=kept.version,
        plural=kept.resource,
        kind=kept.kind,
        singular=kept.kind.lower(),
        namespaced=kept.namespace is not None,
    )
