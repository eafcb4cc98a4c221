"""Going through a cluster list by list, page by page, and keeping what the API server says."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

import msgspec

from mcp_kubernetes import APIResource, Cluster, Denied, Forbidden, NotFound, ToolError
from mcp_kubernetes_snapshot.files.recorded import LISTS, Named, Row, TablePage, document_name, table_name
from mcp_kubernetes_snapshot.recorder.archive import DOCUMENTS, Archive
from mcp_kubernetes_snapshot.recorder.logs import Logs

_DOCUMENTS = ("/version", "/readyz", "/livez", "/api", "/apis", "/openapi/v3")
_LONGEST_KEY = 120
_ATTEMPTS = 3
"""How often a list is begun anew that the API server has dropped in the middle."""


class _Meta(msgspec.Struct, rename="camel"):
    name: str = ""
    namespace: str = ""
    resource_version: str = ""


class _Object(msgspec.Struct):
    metadata: _Meta


class _ListMeta(msgspec.Struct):
    continue_: str = msgspec.field(name="continue", default="")


class _Row(msgspec.Struct):
    cells: msgspec.Raw
    object: msgspec.Raw
    conditions: Any = None


class _Page(msgspec.Struct, rename="camel"):
    kind: str
    metadata: _ListMeta
    column_definitions: list[dict[str, Any]] = []
    rows: list[_Row] | None = None
    items: list[msgspec.Raw] | None = None


@dataclass(frozen=True, kw_only=True)
class Listed:
    """One list: of a resource in one version, in one namespace or in all."""

    resource: APIResource
    namespace: str | None

    @property
    def place(self) -> str:
        """Its path without the namespace: `apis/apps/v1/deployments`."""
        return self.resource.path().lstrip("/")

    @property
    def key(self) -> str:
        """Its name in the archive, where a long one does not fit."""
        key = f"{self.place}/{self.namespace}" if self.namespace else self.place
        return key if len(key) <= _LONGEST_KEY else hashlib.sha256(key.encode()).hexdigest()


Progress = Callable[[int, int, str, int], None]
"""Told how many lists are done, out of how many, which one is read, and how many objects were recorded."""


@dataclass(kw_only=True)
class Recording:
    """One recording. It holds a page at a time, or the logs of a few pods, of which it keeps the last `lines`."""

    cluster: Cluster
    archive: Archive
    namespaces: Sequence[str]
    kinds: Sequence[str]
    lines: int
    progress: Progress
    left_out: list[str] = field(default_factory=list)

    @property
    def objects(self) -> int:
        """How many are recorded in lists that are complete."""
        return sum(self.archive.lists)

    @property
    def recorded(self) -> str:
        """How much it is, for a sentence."""
        return f"{self.objects} objects" + (f" and {self.archive.logs} logs" if self.lines else "")

    async def record(self) -> None:
        """Keep everything. Raises ToolError where the cluster cannot be asked; what it refuses is left out."""
        await self._documents()
        lists = [*self._lists(await self._resources())]
        for count, listed in enumerate(lists):
            self.progress(count, len(lists), listed.key, self.objects)
            if listed.key not in self.archive.done:
                await self._list(listed)
        objects = self.objects
        if self.lines:
            await self._logs(lambda name: self.progress(len(lists), len(lists), name, objects))
        self.progress(len(lists), len(lists), "", objects)

    async def _documents(self) -> None:
        if DOCUMENTS in self.archive.done:
            return
        found = list(_DOCUMENTS)
        for path in found:
            try:
                body = await self.cluster.document(path)
            except (Denied, Forbidden, NotFound) as error:
                self.left_out.append(f"{path}: {error.message}")
                continue
            if path == "/openapi/v3":
                schemas = msgspec.json.decode(body).get("paths") or ()
                found += [f"{path}/{each}" for each in schemas if each.startswith(("api/", "apis/"))]
            self.archive.add(document_name(path, body), body)
        self.archive.complete(DOCUMENTS)

    async def _resources(self) -> list[APIResource]:
        """Those that can be listed, of the kinds that are wanted, in all versions."""
        every = [each for each in await self.cluster.all_versions() if "list" in each.verbs]
        if not self.kinds:
            return every
        wanted = {(found.group, found.plural) for kind in self.kinds for found in [await self.cluster.resource(kind)]}
        return [each for each in every if (each.group, each.plural) in wanted]

    async def _logs(self, progress: Callable[[str], None]) -> None:
        logs = Logs(cluster=self.cluster, archive=self.archive, lines=self.lines, progress=progress)
        await logs.record(self.namespaces)
        self.left_out += logs.left_out()

    def _lists(self, resources: Sequence[APIResource]) -> Iterator[Listed]:
        for resource in resources:
            for namespace in self.namespaces if self.namespaces and resource.namespaced else (None,):
                yield Listed(resource=resource, namespace=namespace)

    async def _list(self, listed: Listed) -> None:
        objects = 0
        for attempt in range(_ATTEMPTS):
            try:
                async for number, page in self._pages(listed):
                    objects += await asyncio.to_thread(self._keep, listed, number, page)
                break
            except ToolError as error:
                self.archive.drop()
                objects = 0
                if attempt + 1 == _ATTEMPTS or not _is_gone(error):
                    self._leave_out(listed, error)
                    break
        self.archive.complete(listed.key, objects)

    def _leave_out(self, listed: Listed, error: ToolError) -> None:
        """Raises the error again unless it is about this list alone."""
        if not isinstance(error, Denied | Forbidden | NotFound) and getattr(error, "status", None) not in _REFUSED:
            raise error
        self.left_out.append(f"{listed.key}: {error.message}")

    async def _pages(self, listed: Listed) -> AsyncIterator[tuple[int, _Page]]:
        token, number = "", 0
        while token or not number:
            body = await self.cluster.page(listed.resource, listed.namespace, token)
            page = await asyncio.to_thread(_PAGE.decode, body)
            number, token = number + 1, page.metadata.continue_
            yield number, page

    def _keep(self, listed: Listed, number: int, page: _Page) -> int:
        """Write a page as a list of objects, and beside it the table of their rows; how many there are."""
        resource = listed.resource
        objects = [row.object for row in page.rows or ()] if page.kind == "Table" else page.items or []
        head = {"kind": f"{resource.kind}List", "apiVersion": resource.api_version}
        name = f"{LISTS}/{listed.key}/{number:06}.json"
        if objects:
            self.archive.add(name, msgspec.json.encode({**head, "metadata": {}, "items": objects}))
        if page.kind == "Table":
            rows = [Row(of=_named(row.object), cells=row.cells, conditions=row.conditions) for row in page.rows or ()]
            table = TablePage(place=listed.place, columns=page.column_definitions, rows=rows)
            self.archive.add(table_name(name), msgspec.json.encode(table))
        return len(objects)


_PAGE = msgspec.json.Decoder(_Page)
_OBJECT = msgspec.json.Decoder(_Object)
_GONE = 410
_REFUSED = frozenset({400, 403, 404, 405, 406, 503})


def _is_gone(error: ToolError) -> bool:
    return getattr(error, "status", None) == _GONE


def _named(raw: msgspec.Raw) -> Named:
    meta = _OBJECT.decode(raw).metadata
    return Named(name=meta.name, namespace=meta.namespace, version=meta.resource_version)
