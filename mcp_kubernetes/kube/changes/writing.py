"""One change from beginning to end: read, refused or sent once, compared, and kept so that it can be undone.

Only here the unmasked object before and after a change are looked at; what is returned was masked, and what is kept
is encrypted.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mcp_kubernetes.diff import changes, rows
from mcp_kubernetes.effects import Operation
from mcp_kubernetes.errors import (
    AnswerTooLarge,
    Conflict,
    Denied,
    FieldConflict,
    Forbidden,
    NotFound,
    OutcomeUnknown,
    ServerFailure,
    TimedOut,
    Unanswered,
)
from mcp_kubernetes.kube.changes.exposing import brings_out, check_exposed
from mcp_kubernetes.kube.changes.protection import check_marks, check_protected
from mcp_kubernetes.kube.changes.versions import Version
from mcp_kubernetes.kube.changes.writes import Write
from mcp_kubernetes.kube.connection import Request, digest
from mcp_kubernetes.results import Change, Text

if TYPE_CHECKING:
    from mcp_kubernetes.calls import Approver
    from mcp_kubernetes.kube.changes.undoing import Undoing
    from mcp_kubernetes.kube.connection import Response
    from mcp_kubernetes.notes import Notes

_ATTEMPTS = 3
"""How often a change is tried on an object that others change at the same time; each refusal is a sure one."""

_OUTCOMES = {
    Operation.CREATE: "created",
    Operation.APPLY: "configured",
    Operation.PATCH: "patched",
    Operation.SCALE: "scaled",
    Operation.DELETE: "deleted",
}

_WITHHELD = "(hidden)"

Send = Callable[[Request], Awaitable["Response"]]
Mask = Callable[[bytes, str], Awaitable[bytes]]
"""Masks the body of an answer for a path."""


@dataclass(frozen=True, kw_only=True)
class Writer:
    """Carries out changes in `cluster`. `send` is guarded and masks nothing; without `approver` nobody is asked."""

    cluster: str
    send: Send
    mask: Mask
    undoing: Undoing
    approver: Approver | None
    dry_run: bool
    notes: Notes

    async def write(self, write: Write) -> Change:
        """Carry out a change. Raises APIError, Denied, InvalidArguments, and OutcomeUnknown for a lost answer."""
        if not write.undoes:  # then the body is the journal's, which knows the values themselves
            check_marks(write.body)
        before = await self._before(write)
        check_protected(write, is_dry=self._is_dry(write))
        await check_exposed(write, before, self.mask)
        await self._ask(write, before)
        before, after = await self._changed(write, before)
        return await self._told(write, before, after)

    async def _before(self, write: Write) -> Version | None:
        """The object as it is; None if there is none, or if it may not be read."""
        if write.operation is Operation.CREATE:
            return None
        try:
            return Version.of(await self.send(Request(method="GET", path=write.path)))
        except NotFound:
            if write.operation is not Operation.APPLY:
                raise
        except (Denied, Forbidden):
            self.notes.add("The object may not be read, so what changed is not shown and cannot be undone.")
        return None

    async def _ask(self, write: Write, before: Version | None) -> None:
        """Let a person approve of what destroys or takes over. Raises Denied if they do not."""
        if self.approver is None or self._is_dry(write) or not write.needs_approval:
            return
        why = self.undoing.irreversible(write, before)
        question = Text(
            "{what} in the cluster {cluster}?" + (" It cannot be undone: {why}." if why else ""),
            what=write.described, cluster=self.cluster, why=why,
        )  # fmt: skip
        entry, uid = self.undoing.entry, before.uid if before else ""
        operation = digest(write.pinned(before).request(), entry.source, entry.name, entry.server, uid)
        await self.approver.ask(str(question), operation)

    async def _changed(self, write: Write, before: Version | None) -> tuple[Version | None, Version]:
        """The object before and after. Where somebody else changed it in between, it is read and tried again.

        Another object of its name is not what was meant, or approved of.
        """
        for attempt in range(_ATTEMPTS):
            exactly = before.resource_version if before and write.takes_version else None
            try:
                return before, await self._sent(write.pinned(before).request(exactly), write)
            except FieldConflict:
                raise
            except Conflict:
                again = await self._before(write) if exactly and attempt < _ATTEMPTS - 1 else None
                if again is None or before is None or again.uid != before.uid:
                    raise
                before = again
                await check_exposed(write, before, self.mask)
        raise AssertionError

    async def _sent(self, request: Request, write: Write) -> Version:
        """Sent once. Raises OutcomeUnknown where it may have been carried out without a word."""
        unknown = f"Whether {write.called} was {_OUTCOMES[write.operation]} is not known"
        try:
            return Version.of(await self.send(request))
        except (Unanswered, TimedOut, AnswerTooLarge, ServerFailure) as error:
            raise OutcomeUnknown(f"{unknown}: {error.message}") from None
        except asyncio.CancelledError:
            self.notes.add("{unknown}: the call ended before the answer came.", unknown=unknown)
            raise

    async def _told(self, write: Write, before: Version | None, after: Version) -> Change:
        fields = await self._fields(write, before, after)
        outcome = self._outcome(write, before, after, changed=bool(fields))
        is_dry = self._is_dry(write)
        kept = None if outcome == "unchanged" else await self.undoing.keep(write, before, after, is_dry=is_dry)
        return Change(
            object=write.resource.called(after.name or write.name or ""),
            namespace=write.namespace,
            outcome=outcome,
            generation=(before.generation, after.generation) if before and write.shows_fields else None,
            fields=fields,
            change_id=kept.change_id if kept else "",
            irreversible=kept.why_not if kept else "",
            dry_run=is_dry,
        )

    def _outcome(self, write: Write, before: Version | None, after: Version, *, changed: bool) -> str:
        if write.operation is Operation.DELETE:
            return after.ending or "deleted"
        if after.is_new:
            return "created"
        if write.undoes:
            return "restored"
        return _OUTCOMES[write.operation] if changed or before is None else "unchanged"

    async def _fields(self, write: Write, before: Version | None, after: Version) -> tuple[tuple[str, str, str], ...]:
        """The fields that differ, masked before they are compared."""
        if before is None or not write.shows_fields:
            return ()
        was, now = [await self.mask(version.body, write.path) for version in (before, after)]
        found = await asyncio.to_thread(_differences, write, was, now)
        if not write.undoes and await asyncio.to_thread(brings_out, before.body, was, now, write.body):
            self.notes.add("A hidden value came into the open by this, so values are not shown.")
            return tuple((path, _WITHHELD, _WITHHELD) for path, *_ in found)
        return found

    def _is_dry(self, write: Write) -> bool:
        return self.dry_run or write.dry_run


def _differences(write: Write, before: bytes, after: bytes) -> tuple[tuple[str, str, str], ...]:
    versions = [json.loads(body) for body in (before, after)]
    if write.operation is Operation.SCALE:
        for version in versions:  # a Scale of none says nothing of replicas
            version.setdefault("spec", {}).setdefault("replicas", 0)
    return tuple(rows(changes(*versions, status=write.subresource == "status")))
