"""Opening a snapshot: once, in a thread, for the first call that names it."""

from __future__ import annotations

import asyncio
import logging
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec

from mcp_kubernetes.spi import (
    AnswerTooLarge,
    Connection,
    Request,
    Response,
    Stream,
    TimedOut,
    UnknownCluster,
    Waiting,
)
from mcp_kubernetes_snapshot.api.answering import Answering
from mcp_kubernetes_snapshot.api.negotiating import finished
from mcp_kubernetes_snapshot.api.status import Refusal
from mcp_kubernetes_snapshot.catalog import Catalog
from mcp_kubernetes_snapshot.contents import Contents
from mcp_kubernetes_snapshot.files.layouts.discovery import is_aggregated
from mcp_kubernetes_snapshot.files.progress import Progress
from mcp_kubernetes_snapshot.files.unpacking import Refused
from mcp_kubernetes_snapshot.watching.following import Following
from mcp_kubernetes_snapshot.watching.watch import Watch, begun, is_watch
from mcp_kubernetes_snapshot.writing.states import States

_log = logging.getLogger(__name__)

_LOGGED_EVERY = 3.0
_TOLD_EVERY = 1.0
_WORDS_TAKE = 1.0
"""Seconds before the end of a call, or a quarter of what is left of it: at the end, the host would say that it is over.

That much, because the thread that opens the snapshot and a busy machine may let the event loop wait.
"""

_CRDS = ("apiextensions.k8s.io/v1", "CustomResourceDefinition")


class SnapshotConnection(Connection):
    """Answers requests out of files, each in a thread; watches it follows on the event loop that reads them."""

    def __init__(self, states: States) -> None:
        self._states = states

    @property
    def answering(self) -> Answering:
        """The present state."""
        return self._states.present

    @property
    def busy(self) -> bool:
        """Whether a watch is open."""
        return self._states.bell.is_heard

    async def request(self, request: Request, max_bytes: int) -> Response:
        """What an API server would have answered; a watch as a whole. That alone raises AnswerTooLarge and TimedOut."""
        if not is_watch(request):
            return await asyncio.to_thread(self._states.answer, request)
        async with self.stream(request) as stream:
            return Response(status=stream.status, headers=stream.headers, body=await _all(stream, max_bytes))

    @asynccontextmanager
    async def stream(self, request: Request) -> AsyncIterator[Stream]:
        """The same, read as it comes: the events of a watch as they happen. Nothing happens while nobody reads."""
        found = await asyncio.to_thread(self._begun, request)
        if isinstance(found, Response):
            yield Stream.of(found)
            return
        with self._states.bell.heard() as heard:
            following = Following(found, self._states, heard, request.timeout)
            try:
                yield Stream(status=200, headers=found.headers, chunks=following.chunks(), stop=following.stop)
            finally:
                following.stop()

    async def aclose(self) -> None:
        """End all watches, and give back the files that are held open."""
        self._states.bell.close()
        self.answering.contents.close()

    def _begun(self, request: Request) -> Watch | Response:
        try:
            watch = begun(self.answering, request) if is_watch(request) else None
        except Refusal as refusal:
            return finished(request, refusal.response())
        return watch or self._states.answer(request)


@dataclass(kw_only=True)
class Snapshot:
    """One path, and the connection to it once it was opened."""

    name: str
    path: Path
    most_bytes: int
    writable: bool = False
    progress: Progress = field(default_factory=Progress)
    _opening: asyncio.Task[SnapshotConnection] | None = None

    async def connection(self, waiting: Waiting | None = None) -> SnapshotConnection:
        """The connection; opens the files for the first call. Raises UnknownCluster with what is wrong.

        A large dump may take longer than a call: the opening goes on when its caller gives up, and serves the next one.
        Who is `waiting` is told how far it is, and gets TimedOut with the same before their time is up.
        """
        if self._opening is None or (self._opening.done() and self.opened is None):
            self.progress = Progress()
            self._opening = asyncio.create_task(self._open())
            self._opening.add_done_callback(_heard)
        if waiting is not None:
            await self._told(self._opening, waiting)
        return await asyncio.shield(self._opening)

    async def _open(self) -> SnapshotConnection:
        """Open it in a thread, and tell the log every few seconds how far it is."""
        opening = asyncio.ensure_future(asyncio.to_thread(self.opened_now))
        while not (await asyncio.wait([opening], timeout=_LOGGED_EVERY))[0]:
            _log.info("Snapshot %s: %s were gone through.", self.name, self.progress)
        return opening.result()

    async def _told(self, opening: asyncio.Task[SnapshotConnection], waiting: Waiting) -> None:
        """Return when it is opened, or could not be. Raises TimedOut."""
        now = asyncio.get_running_loop().time
        left = waiting.deadline - now()
        if left <= 0:
            return  # work that goes on after its call has no other end
        until = waiting.deadline - min(_WORDS_TAKE, left / 4)
        while not (await asyncio.wait([opening], timeout=min(_TOLD_EVERY, until - now())))[0]:
            far = f"{self.progress} were gone through"
            await waiting.progress(self.progress.part, 1.0, f"The snapshot {self.name} is being opened: {far}.")
            if now() >= until:
                raise TimedOut(
                    f"The snapshot {self.name} is still being opened: {far}.",
                    hint="It goes on meanwhile: make the same call again.",
                )

    @property
    def opened(self) -> SnapshotConnection | None:
        """The connection, if there is one already."""
        task = self._opening
        ready = task is not None and task.done() and not task.cancelled() and task.exception() is None
        return task.result() if task and ready else None

    async def aclose(self) -> None:
        """Close what is open, or will be in a moment."""
        task, self._opening = self._opening, None
        if task is not None:
            with suppress(UnknownCluster):
                await (await task).aclose()

    def opened_now(self) -> SnapshotConnection:
        """A connection of its own, opened where the caller stands. Raises UnknownCluster."""
        began = time.monotonic()
        try:
            contents = Contents.of(self.path, self.progress, self.most_bytes)
        except Refused as error:
            raise UnknownCluster(
                f"The snapshot {self.name} {error}.", hint="Give another file, or unpack it."
            ) from None
        except OSError as error:
            raise UnknownCluster(f"The snapshot {self.name} cannot be read: {error.strerror or error}.") from None
        if not contents.records:
            contents.close()
            raise self._empty(contents)
        self._tell(contents, time.monotonic() - began)
        catalog = _catalog(contents)
        kinds = {(each.api_version, each.kind) for each in catalog.served if each.namespaced}
        contents = contents.in_default(kinds)
        contents = contents.writable() if self.writable else contents
        return SnapshotConnection(
            States(Answering(contents=contents, catalog=catalog, writable=self.writable), _catalog)
        )

    def _empty(self, contents: Contents) -> UnknownCluster:
        found = " ".join(f"{line}." for line in contents.report.lines())
        forms = (
            "It takes folders and archives of YAML and JSON, such as cluster dumps, must-gathers and support bundles."
        )
        return UnknownCluster(f"The snapshot {self.name} holds no Kubernetes object. {found[:500]}".strip(), hint=forms)

    def _tell(self, contents: Contents, seconds: float) -> None:
        count = sum(map(len, contents.records.values()))
        shown = contents.as_of.isoformat()
        _log.info("Snapshot %s: %d objects as of %s, opened in %.1f s.", self.name, count, shown, seconds)
        for line in contents.report.lines():
            _log.warning("Snapshot %s: %s", self.name, line)


async def _all(stream: Stream, max_bytes: int) -> bytes:
    body = bytearray()
    async for chunk in stream.chunks:
        body += chunk
        if len(body) > max_bytes:
            raise AnswerTooLarge(f"The snapshot's answer is larger than {max_bytes >> 20} MiB.")
    return bytes(body)


def _heard(task: asyncio.Task[SnapshotConnection]) -> None:
    """Take note of a failure, even if nobody waits for the opening any more: the next call opens again and tells it."""
    if not task.cancelled():
        task.exception()


def _catalog(contents: Contents) -> Catalog:
    present: dict[tuple[str, str], set[str]] = {}
    scopes: dict[tuple[str, str], bool] = {}
    for (api_version, kind), records in contents.records.items():
        if not records:
            continue  # the last one was deleted
        group, _, version = api_version.rpartition("/")
        present.setdefault((group, kind), set()).add(version)
        scopes[group, kind] = scopes.get((group, kind), False) or any(record.namespace for record in records)
    crds = [msgspec.json.decode(contents.read(record)) for record in contents.records.get(_CRDS, ())]
    versions = {kind: frozenset(found) for kind, found in present.items()}
    own = [group for root in ("/api", "/apis") for group in _groups(contents.document(root))]
    tables = {place: table.columns for place, table in contents.tables.items()}
    return Catalog.of(versions, scopes, [crd for crd in crds if _is_definition(crd)], own, tables, contents.plurals)


def _groups(body: bytes | None) -> list[dict[str, Any]]:
    """Of a root of discovery that was kept; none where it is of another form."""
    if body is None or not is_aggregated(body):
        return []
    items: list[dict[str, Any]] = msgspec.json.decode(body)["items"]
    return items


def _is_definition(crd: dict[str, Any]) -> bool:
    """Whether all is there that is read of a CRD, in the form in which it is read."""
    try:
        spec = crd["spec"]
        texts = [spec["group"], spec["scope"], spec["names"]["plural"], spec["names"]["kind"]]
        texts += [version["name"] for version in spec["versions"]]
        texts += [
            c[k]
            for v in spec["versions"]
            for c in v.get("additionalPrinterColumns") or ()
            for k in ("name", "type", "jsonPath")
        ]
    except (AttributeError, KeyError, TypeError):
        return False
    return all(isinstance(text, str) for text in texts)
