"""Reading a list page by page, in bounded memory, with a place to go on from after any row."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncGenerator, Awaitable, Callable, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from mcp_kubernetes.errors import Expired, Forbidden
from mcp_kubernetes.kube.connection import Request, Response
from mcp_kubernetes.kube.decoding.decode import TABLE, MetadataList, decode
from mcp_kubernetes.kube.reads.ahead import Ahead, Told, give_up
from mcp_kubernetes.kube.reads.looking import chunk_of, looked_at
from mcp_kubernetes.kube.reads.places import Chunk, Place
from mcp_kubernetes.kube.reads.resuming import at_present, resumed

if TYPE_CHECKING:
    from mcp_kubernetes.kube.catalogue.resources import Resource
    from mcp_kubernetes.kube.decoding.picking import Picker
    from mcp_kubernetes.kube.reads.expression import Expression

PAGE_ROWS = 500
"""Rows per request: measured the fastest of 250, 500, 1000 and all at once."""

_AT_ONCE = 4
_SPARE_TOKENS = 2

Send = Callable[[Request], Awaitable[Response]]


@dataclass(frozen=True, kw_only=True)
class Question:
    """What is listed. `namespace` None means all namespaces, or a resource without namespaces.

    Where only some namespaces are `allowed`, all of them means these, one after the other.
    `expression` passes over the objects that do not match; `picker` takes values out of them, which become the
    row, or the last cells of a table's row. With `reads_on`, the next page is asked for while one is looked at.
    """

    resource: Resource
    namespace: str | None
    allowed: tuple[str, ...] = ()
    query: tuple[tuple[str, str], ...] = ()
    expression: Expression | None = None
    picker: Picker | None = None
    as_table: bool = False
    page_rows: int = PAGE_ROWS
    reads_on: bool = False

    @property
    def looks_inside(self) -> bool:
        """Whether each object is looked at here, and not only its cells."""
        return self.expression is not None or self.picker is not None

    @property
    def paths(self) -> tuple[str, ...]:
        """All that is looked at in each object; none where it is looked at as a whole, or not at all."""
        return self.picker.texts if self.picker and not self.expression else ()

    @property
    def spans_namespaces(self) -> bool:
        """Whether rows need their namespace told."""
        return self.resource.namespaced and self.namespace is None


@dataclass(frozen=True, kw_only=True)
class Lister:
    """Reads one question. `free` tells how many requests may go out now without waiting.

    `moved` is told when the list goes on in another snapshot than it began in.
    """

    send: Send
    question: Question
    free: Callable[[], float]
    moved: Callable[[], None] = lambda: None

    async def chunks(self, start: Place, wanted: float) -> AsyncGenerator[Chunk]:
        """All pages from `start` on. `wanted` is about how many rows will be read: it decides the way."""
        names = await self._namespaces(start, wanted)
        async with aclosing(self._in_order(start) if names is None else self._each(names, start)) as chunks:
            async for chunk in chunks:
                yield chunk

    async def _namespaces(self, start: Place, wanted: float) -> list[str] | None:
        """The namespaces to go through one by one, or None for one list over all.

        Asking each namespace costs a tenth of the bytes, since rows need not tell their namespace, but it
        takes a request per namespace.
        """
        question = self.question
        if question.allowed and question.spans_namespaces:
            return _from(start, question.allowed)
        if not (question.spans_namespaces and question.as_table) or question.looks_inside:
            return None
        if start.namespace is None and (start != Place() or wanted <= PAGE_ROWS):
            return None
        try:
            found = await self.send(Request(method="GET", path="/api/v1/namespaces"))
        except Forbidden:
            if start.namespace is not None:
                raise
            return None
        names = sorted((item.metadata.name for item in decode(MetadataList, found.body).items or ()), key=_key)
        if start.namespace is not None:
            return _from(start, names)
        return names if len(names) <= self.free() - _SPARE_TOKENS else None

    def _in_order(self, start: Place) -> AsyncGenerator[Chunk]:
        return Ahead(self._page, most=2 if self.question.reads_on else 1).chunks(start)

    async def _each(self, names: list[str], start: Place) -> AsyncGenerator[Chunk]:
        """Namespace after namespace in the order of names, the first pages of the next ones under way."""
        places = deque(start if name == start.namespace else Place(namespace=name) for name in names)
        ahead: deque[tuple[Place, asyncio.Task[Chunk]]] = deque()
        try:
            while places or ahead:
                while places and len(ahead) < _AT_ONCE:
                    place = places.popleft()
                    ahead.append((place, asyncio.create_task(self._page(place))))
                chunk = await ahead[0][1]
                ahead.popleft()
                following = ahead[0][0] if ahead else None
                yield replace(chunk, after=chunk.after or following)
                while chunk.after:
                    chunk = await self._page(chunk.after)
                    yield replace(chunk, after=chunk.after or following)
        finally:
            for _, task in ahead:
                give_up(task)

    async def _page(self, place: Place, told: Told | None = None) -> Chunk:
        if place.last and not place.skip:
            return await self._resumed(place)
        try:
            return await self._read(place, told)
        except Expired as gone:
            present = at_present(place, gone)
            if present is None:
                raise
            return await self._resumed(present)

    async def _resumed(self, place: Place) -> Chunk:
        chunk = resumed(await self._read(place), place.last)
        if chunk is None:
            raise Expired("The list as it was is gone from the API server, and its rows have no names.", status=410)
        self.moved()
        return chunk

    async def _read(self, place: Place, told: Told | None = None) -> Chunk:
        namespace = place.namespace or self.question.namespace
        request = Request(
            method="GET",
            path=self.question.resource.path(namespace),
            query=(*self.question.query, *self._page_query(place)),
            headers=(("Accept", TABLE if self.question.as_table else "application/json"),),
            paths=self.question.paths,
            onward=told and (lambda token: told(place.onward(token))),
        )
        response = await self.send(request)
        if not self.question.looks_inside:
            return chunk_of(response, place, as_table=self.question.as_table)
        # Looking at every object of a page takes longer than the event loop may be held.
        return await asyncio.to_thread(looked_at, response, place, self.question)

    def _page_query(self, place: Place) -> list[tuple[str, str]]:
        rows = min(place.skip + self.question.page_rows, max(place.skip + 1, PAGE_ROWS))
        query = [("limit", str(rows))]
        if self.question.as_table:
            query.append(("includeObject", self._included(place)))
        if place.token:
            query.append(("continue", place.token))
        elif place.version:
            query += [("resourceVersion", place.version), ("resourceVersionMatch", "Exact")]
        return query

    def _included(self, place: Place) -> str:
        """How much of each object a table's rows must hold: what is shown, or looked at, and is no cell."""
        if self.question.looks_inside:
            return "Object"
        return "Metadata" if self.question.spans_namespaces and place.namespace is None else "None"


def _from(start: Place, names: Sequence[str]) -> list[str]:
    """The namespaces that are still to be gone through, in order."""
    ordered = sorted(names, key=_key)
    return [name for name in ordered if start.namespace is None or _key(name) >= _key(start.namespace)]


def _key(namespace: str) -> str:
    """Sorts namespaces as their objects are sorted in a list over all: by the key "namespace/name"."""
    return f"{namespace}/"
