"""`Cluster`: what a tool calls. Three ways to read, and nothing that could go around the guard.

The function that sends requests is closed over the call's guard: there is no other way to the connection.
"""

from __future__ import annotations

import asyncio
from collections import namedtuple
from collections.abc import AsyncGenerator, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from mcp_kubernetes.errors import InvalidArguments
from mcp_kubernetes.jsonpath import PathError
from mcp_kubernetes.kube.catalogue.reviewing import Reviews
from mcp_kubernetes.kube.catalogue.serving import Serving
from mcp_kubernetes.kube.changes.changing import Changes
from mcp_kubernetes.kube.connection import Request
from mcp_kubernetes.kube.containers.running import Running
from mcp_kubernetes.kube.decoding.decode import ColumnDefinition, whole
from mcp_kubernetes.kube.decoding.picking import Picker
from mcp_kubernetes.kube.reads.copying import Copying
from mcp_kubernetes.kube.reads.examining import Examiner
from mcp_kubernetes.kube.reads.expression import Expression
from mcp_kubernetes.kube.reads.listing import PAGE_ROWS, Lister, Question
from mcp_kubernetes.kube.reads.pages import TablePage
from mcp_kubernetes.kube.reads.places import Place, Position
from mcp_kubernetes.kube.reads.slimming import Profiles
from mcp_kubernetes.parameters import Page, Selectors
from mcp_kubernetes.results import Form, Object

if TYPE_CHECKING:
    from datetime import datetime

    from mcp_kubernetes.calls import Budget
    from mcp_kubernetes.findings import Examination, FindingRule
    from mcp_kubernetes.kinds import KindProfile
    from mcp_kubernetes.kube.catalogue.resources import Resource
    from mcp_kubernetes.kube.reads.places import Chunk
    from mcp_kubernetes.seal import Sealer

_BYTES_PER_ROW = 48
"""A short row of text: tells how many rows a budget may hold, so how a list is best fetched."""

_FEWEST_OBJECTS = 100
"""Asked for at once although fewer rows are wanted: who reads objects may pass over many."""


class Cluster(Changes, Copying, Running, Reviews, Serving):
    """A guarded client for one call to one cluster: these ways to read, those of the others beside."""

    def __init__(
        self,
        *,
        free: Callable[[], float],
        profiles: Profiles,
        rules: Sequence[FindingRule],
        limited: bool,
        allowed_namespaces: frozenset[str],
        sealer: Sealer,
        budget: Budget,
        **changes: Any,
    ) -> None:
        super().__init__(**changes)
        self._free = free
        self._profiles = profiles
        self._rules = rules
        self.limited = limited
        self._allowed_namespaces = allowed_namespaces
        self._sealer = sealer
        self._budget = budget

    async def profile(self, kind: str, api_group: str | None = None, namespace: str | None = None) -> KindProfile:
        """What plugins know of that kind; an empty profile if nothing. Raises UnknownKind."""
        return self._profiles.of(await self.resource(kind, api_group, namespace))

    def cursor(self, place: Mapping[str, Any]) -> str:
        """Where to go on from, sealed for a client to carry: only the same question of the same caller opens it."""
        return self._sealer.seal(place)

    def place(self, cursor: str) -> dict[str, Any]:
        """What `cursor` was made of. Raises InvalidArguments for any other text."""
        return self._sealer.open(cursor)

    async def get(
        self,
        kind: str,
        name: str,
        namespace: str | None = None,
        *,
        api_group: str | None = None,
        full: bool = False,
        form: Form = "json",
    ) -> Object:
        """One object, masked and, unless `full`, without what its kind's profile calls noise.

        What is left out can still be looked at. `form` is how it is rendered when it becomes part of an answer.
        Raises NotFound, Forbidden and others.
        """
        resource = await self.resource(kind, api_group, namespace)
        scope = self._scope(resource, namespace)
        response = await self._send(Request(method="GET", path=resource.path(scope, name)))
        found = self._object(resource, whole(response.body), form, full=full)
        if response.revealed is not None:
            found.revealed = self._object(resource, response.revealed, form, full=full)
        return found

    def _object(self, resource: Resource, raw: bytes, form: Form, *, full: bool) -> Object:
        return Object(raw, form) if full else self._profiles.object(resource, raw, form)

    async def examine(self, *, now: datetime, deadline: float) -> Examination:
        """Hold every rule that plugins bring against all namespaces, until `deadline`, a time of the loop's clock.

        What cannot be read is told in the answer, and raises nothing.
        """
        return await Examiner(cluster=self, rules=self._rules, now=now, deadline=deadline).examine()

    async def objects(
        self,
        kind: str,
        namespace: str | None = None,
        /,
        *,
        where: Selectors | None = None,
        page: Page | None = None,
        all_namespaces: bool = False,
        api_group: str | None = None,
        form: Form = "json",
    ) -> AsyncGenerator[Object]:
        """Whole objects of a kind, masked and slim, page after page."""
        question = await self._question(kind, api_group, namespace, where, all_namespaces)
        async with aclosing(self._chunks(question, page)) as chunks:
            async for position, chunk in chunks:
                for raw in position.rows(chunk):
                    found = self._profiles.object(question.resource, bytes(raw), form)
                    if found.lacks_fields:
                        self._notes.add("Fields with the usual defaults are left out.")
                    yield found

    async def rows(
        self,
        kind: str,
        namespace: str | None = None,
        /,
        *,
        where: Selectors | None = None,
        page: Page | None = None,
        all_namespaces: bool = False,
        api_group: str | None = None,
        columns: Mapping[str, str] | None = None,
        **paths: str,
    ) -> AsyncGenerator[Any]:
        """Named values from each object: `rows("pods", name=".metadata.name")` gives rows with `.name`.

        A row is a named tuple; a value that an object does not have is None, and a path that may lead to several
        values gives a list. `columns` are further paths, under names that need not be Python's.
        """
        picker = _picker({**paths, **(columns or {})})
        row = namedtuple("Row", picker.names, rename=True)  # type: ignore[misc]  # noqa: PYI024 - the caller's fields
        question = await self._question(kind, api_group, namespace, where, all_namespaces)
        async with aclosing(self._chunks(replace(question, picker=picker), page)) as chunks:
            async for position, chunk in chunks:
                for values in position.rows(chunk):
                    yield row(*values)

    async def table(
        self,
        kind: str,
        namespace: str | None = None,
        /,
        *,
        where: Selectors | None = None,
        page: Page | None = None,
        all_namespaces: bool = False,
        api_group: str | None = None,
        columns: Mapping[str, str] | None = None,
    ) -> AsyncGenerator[TablePage]:
        """The server's own columns, as `kubectl get` shows them, page after page.

        Each of `columns` adds one after these, by name, with the values at a path in the objects themselves.
        """
        picker = _picker(columns) if columns else None
        question = await self._question(kind, api_group, namespace, where, all_namespaces)
        more = [ColumnDefinition(name=name) for name in columns or ()]
        async with aclosing(self._chunks(replace(question, as_table=True, picker=picker), page)) as chunks:
            async for position, chunk in chunks:
                yield TablePage(
                    columns=(*chunk.columns, *more),
                    spans_namespaces=question.spans_namespaces,
                    cells=position.rows(chunk),
                    ahead=chunk.ahead,
                )

    async def _chunks(self, question: Question, page: Page | None) -> AsyncGenerator[tuple[Position, Chunk]]:
        start = self._start(page)
        position = Position(start)
        if page is not None:
            page.bind(lambda shown: self._cursor(position, shown))
        sized = self._sized(question, page)
        lister = Lister(send=self._send, question=sized, free=self._free, moved=self._note_moved)
        wanted = (page.limit if page else None) or self._budget.left / _BYTES_PER_ROW
        try:
            async with aclosing(lister.chunks(start, wanted)) as chunks:
                async for chunk in chunks:
                    yield position, chunk
        finally:
            if question.expression and (position.tally.seen or position.at_end):
                self._note_matches(position)

    def _note_moved(self) -> None:
        self._notes.add(
            "The API server has dropped the list as it was (410), so this goes on inconsistently, in the present list: "
            "what was made, changed or deleted in between may be missing or appear."
        )

    def _note_matches(self, position: Position) -> None:
        """Say what came of `where`: an object that lacks a field is neither a match nor clearly none."""
        tally = position.tally
        unclear = "; {unclear} lack a field that it looks at, or hold it in another form" * bool(tally.unclear)
        self._notes.add(
            "{matched} of the {seen} objects that were looked at match where; the list was {read}" + unclear + ".",
            matched=tally.matched, seen=tally.seen, unclear=tally.unclear,
            read="read to its end" if position.at_end else "not read to its end",
        )  # fmt: skip

    def _start(self, page: Page | None) -> Place:
        return Place(**self._sealer.open(page.continue_)) if page and page.continue_ else Place()

    def _cursor(self, position: Position, shown: bool) -> str | None:
        place = position.place(shown=shown)
        if place and (more := position.remaining(place)):
            self._notes.add("About {more} objects of the list were not looked at.", more=more)
        return self._sealer.seal(place.told) if place else None

    def _sized(self, question: Question, page: Page | None) -> Question:
        """Ask for no more rows than are wanted. Not where many may be passed over: then read on, page after page."""
        if page is None or question.expression:
            return replace(question, reads_on=True)
        if page.limit is None:
            return question
        least = 1 if question.as_table else _FEWEST_OBJECTS
        return replace(question, page_rows=min(max(page.limit, least), PAGE_ROWS))

    async def _question(
        self,
        kind: str,
        api_group: str | None,
        namespace: str | None,
        where: Selectors | None,
        all_namespaces: bool,
    ) -> Question:
        if all_namespaces and namespace is not None:
            raise InvalidArguments("namespace and allNamespaces exclude each other.", hint="Give one of them.")
        resource = await self.resource(kind, api_group, namespace, all_namespaces=all_namespaces)
        where = where or Selectors()
        query = (("labelSelector", where.label_selector), ("fieldSelector", where.field_selector))
        return Question(
            resource=resource,
            namespace=None if all_namespaces else self._scope(resource, namespace),
            allowed=tuple(sorted(self._allowed_namespaces)) if resource.namespaced else (),
            query=tuple((name, value) for name, value in query if value),
            expression=await asyncio.to_thread(Expression, where.where) if where.where else None,
        )


def _picker(paths: Mapping[str, str]) -> Picker:
    try:
        return Picker(paths)
    except PathError as error:
        raise InvalidArguments(f"{error}.", hint="A path is written as .spec.containers[*].image.") from None
