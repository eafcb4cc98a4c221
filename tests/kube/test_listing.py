"""Pages and places, without a server. That real pages join into the list is in tests/invariants."""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mcp_kubernetes.errors import Expired, Forbidden
from mcp_kubernetes.kube.catalogue.resources import Resource
from mcp_kubernetes.kube.connection import Request, Response
from mcp_kubernetes.kube.decoding.picking import Picker
from mcp_kubernetes.kube.reads.expression import Expression
from mcp_kubernetes.kube.reads.listing import PAGE_ROWS, Lister, Question
from mcp_kubernetes.kube.reads.places import Chunk, Place, Position

PODS = Resource(group="", version="v1", plural="pods", kind="Pod", singular="pod", namespaced=True)
NODES = Resource(group="", version="v1", plural="nodes", kind="Node", singular="node", namespaced=False)
PLENTY = float("inf")
NEXT = Place(token="7")  # noqa: S106 - the API server's word for a place in a list


@dataclass
class Answers:
    """Answers lists as an API server does, from rows by namespace, and keeps what it was asked."""

    rows: dict[str, int]
    page: int = PAGE_ROWS
    forbidden: str = ""
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)

    async def send(self, request: Request) -> Response:
        query = dict(request.query)
        self.asked.append((request.path, query))
        if request.path == self.forbidden:
            raise Forbidden("No.", status=403)
        if request.path == "/api/v1/namespaces":
            items = [{"metadata": {"name": name}} for name in self.rows]
            return _response({"kind": "PartialObjectMetadataList", "items": items})
        namespace = request.path.split("/")[4] if "/namespaces/" in request.path else None
        found = [(n, i) for n in sorted(self.rows, key=lambda n: f"{n}/") for i in range(self.rows[n])]
        return self._page([row for row in found if namespace in {None, row[0]}], query)

    def _page(self, found: list[tuple[str, int]], query: dict[str, str]) -> Response:
        start = int(query.get("continue", "0"))
        end = start + min(self.page, int(query["limit"]))
        metadata = {"resourceVersion": "7"} | ({"continue": str(end)} if end < len(found) else {})
        rows = [{"cells": [f"{n}-{i}"], **_object(n, query)} for n, i in found[start:end]]
        return _response({"kind": "Table", "metadata": metadata, "columnDefinitions": [{"name": "Name"}], "rows": rows})


def _object(namespace: str, query: dict[str, str]) -> dict[str, Any]:
    return {} if query["includeObject"] == "None" else {"object": {"metadata": {"namespace": namespace}}}


def _response(body: dict[str, Any]) -> Response:
    return Response(status=200, body=json.dumps(body).encode())


def question(resource: Resource = PODS, namespace: str | None = None, **more: Any) -> Question:
    return Question(resource=resource, namespace=namespace, as_table=True, **more)


async def read(answers: Answers, asked: Question, start: Place | None = None, **more: Any) -> list[str]:
    lister = Lister(send=answers.send, question=asked, free=lambda: more.get("free", PLENTY))
    position = Position(start or Place())
    chunks = lister.chunks(start or Place(), more.get("wanted", PLENTY))
    return [cells[0] async for chunk in chunks for _, cells in position.rows(chunk)]


def ways(answers: Answers) -> set[str]:
    return {query["includeObject"] for _, query in answers.asked if "includeObject" in query}


async def test_one_namespace_is_read_page_by_page() -> None:
    answers = Answers({"a": 5}, page=2)
    assert await read(answers, question(namespace="a")) == [f"a-{n}" for n in range(5)]
    assert [query.get("continue") for _, query in answers.asked] == [None, "2", "4"]


async def test_rows_tell_their_namespace_only_where_it_is_needed() -> None:
    for asked, way in ((question(namespace="a"), "None"), (question(NODES), "None"), (question(), "Metadata")):
        answers = Answers({"a": 1})
        await read(answers, asked, wanted=1)
        assert ways(answers) == {way}


@pytest.mark.parametrize(
    ("more", "way"),
    [
        ({}, "None"),
        ({"wanted": PAGE_ROWS}, "Metadata"),
        ({"wanted": PAGE_ROWS + 1}, "None"),
        ({"free": 5}, "None"),
        ({"free": 4.9}, "Metadata"),
    ],
)
async def test_namespaces_are_asked_one_by_one_when_many_rows_are_wanted_and_requests_are_free(
    more: dict[str, Any], way: str
) -> None:
    answers = Answers({"a": 1, "b": 1, "c": 1})
    assert await read(answers, question(), **more) == ["a-0", "b-0", "c-0"]
    assert ways(answers) == {way}


async def test_who_may_not_list_namespaces_gets_one_list_over_all() -> None:
    answers = Answers({"a": 1, "b": 2}, forbidden="/api/v1/namespaces")
    assert await read(answers, question()) == ["a-0", "b-0", "b-1"]
    assert ways(answers) == {"Metadata"}


async def test_who_may_no_longer_list_namespaces_is_told_so_in_the_middle() -> None:
    """One namespace alone would look like the end of the list."""
    answers = Answers({"a": 1, "b": 1, "c": 1}, forbidden="/api/v1/namespaces")
    with pytest.raises(Forbidden):
        await read(answers, question(), Place(namespace="b"))


async def test_a_namespace_that_is_gone_is_passed_over_when_the_list_goes_on() -> None:
    answers = Answers({"a": 1, "c": 1, "d": 1})
    assert await read(answers, question(), Place(namespace="b", skip=3)) == ["c-0", "d-0"]


@settings(derandomize=True, deadline=None)
@given(
    rows=st.dictionaries(st.from_regex(r"[ab0](-?[ab0])?", fullmatch=True), st.integers(0, 4), max_size=5),
    page=st.integers(1, 5),
    free=st.sampled_from([0.0, PLENTY]),
    stops=st.lists(st.tuples(st.integers(1, 4), st.booleans()), min_size=1, max_size=5),
)
def test_reading_in_parts_gives_each_row_once(
    rows: dict[str, int], page: int, free: float, stops: list[tuple[int, bool]]
) -> None:
    async def check() -> None:
        answers = Answers(rows, page)
        seen: list[str] = []
        place: Place | None = Place()
        turn = 0
        while place is not None and turn < 200:
            taken, last_is_shown = stops[turn % len(stops)]
            place = await _part(answers, place, free, taken + (not last_is_shown), seen, last_is_shown=last_is_shown)
            turn += 1
        assert seen == await read(Answers(rows), question(), free=0.0)

    asyncio.run(check())


async def _part(
    answers: Answers, start: Place, free: float, count: int, seen: list[str], *, last_is_shown: bool
) -> Place | None:
    """Take `count` rows, of which the last one may not be shown."""
    position = Position(start)
    lister = Lister(send=answers.send, question=question(), free=lambda: free)
    taken: list[str] = []
    async for chunk in lister.chunks(start, PLENTY):
        for _, cells in position.rows(chunk):
            taken.append(cells[0])
            if len(taken) == count:
                seen += taken if last_is_shown else taken[:-1]
                return position.place(shown=last_is_shown)
    seen += taken
    return None


async def test_a_page_is_asked_for_again_at_the_version_it_had() -> None:
    answers = Answers({"a": 5})
    await read(answers, question(namespace="a"), Place(version="7", skip=2))
    assert answers.asked[0][1] == {
        "limit": str(PAGE_ROWS),
        "includeObject": "None",
        "resourceVersion": "7",
        "resourceVersionMatch": "Exact",
    }


async def test_no_more_rows_are_asked_for_than_are_wanted() -> None:
    answers = Answers({"a": 50})
    await read(answers, question(namespace="a", page_rows=10), Place(version="7", skip=5))
    assert answers.asked[0][1]["limit"] == "15"


async def test_the_query_goes_along_with_every_page() -> None:
    answers = Answers({"a": 3, "b": 3}, page=1)
    await read(answers, question(query=(("labelSelector", "x=y"),)))
    assert {query.get("labelSelector") for path, query in answers.asked if path.endswith("pods")} == {"x=y"}


async def test_what_is_no_table_is_shown_by_name() -> None:
    """An aggregated API server may not know tables."""

    async def send(_: Request) -> Response:
        return _response({"kind": "PodList", "items": [{"metadata": {"name": "p", "namespace": "a"}}]})

    chunks = Lister(send=send, question=question(), free=lambda: 0.0).chunks(Place(), 1)
    found = [(chunk.columns[0].name, chunk.rows) async for chunk in chunks]
    assert found == [("Name", [("a", ["p"])])]


async def test_a_snapshot_that_is_gone_is_an_error_and_not_an_end() -> None:
    async def send(_: Request) -> Response:
        raise Expired("Too old.", status=410)

    with pytest.raises(Expired):
        await anext(Lister(send=send, question=question(), free=lambda: 0.0).chunks(NEXT, 1))


def test_a_listing_that_gave_nothing_yet_stands_where_it_began() -> None:
    start = Place(namespace="a", skip=3)
    assert Position(start).place(shown=True) == start


@pytest.mark.parametrize(
    ("taken", "shown", "expected"),
    [
        (1, True, Place(skip=1)),
        (2, False, Place(skip=1)),
        (1, False, Place(skip=0)),
        (3, True, NEXT),
        (3, False, Place(skip=2)),
    ],
)
def test_the_place_is_behind_the_last_row_that_was_shown(taken: int, expected: Place, *, shown: bool) -> None:
    position = Position(Place())
    rows = position.rows(Chunk(rows=["a", "b", "c"], place=Place(), after=NEXT))
    for _ in range(taken):
        next(rows)
    assert position.place(shown=shown) == expected


def test_the_end_of_the_last_page_is_no_place() -> None:
    position = Position(Place())
    list(position.rows(Chunk(rows=["a"], place=Place(), after=None)))
    assert position.place(shown=True) is None


@pytest.mark.parametrize(
    ("asked", "paths"),
    [
        (question(), ()),
        (question(picker=Picker({"a": ".spec.a", "b": "..b"})), (".spec.a", "..b")),
        (question(picker=Picker({"a": ".spec.a"}), expression=Expression("object.spec.b == 1")), ()),
    ],
    ids=["cells", "paths", "where"],
)
async def test_a_page_may_be_cut_down_only_where_nothing_but_paths_is_looked_at(
    asked: Question, paths: tuple[str, ...]
) -> None:
    sent: list[Request] = []

    async def send(request: Request) -> Response:
        sent.append(request)
        return _response({"kind": "Table", "rows": []})

    async for _ in Lister(send=send, question=asked, free=lambda: PLENTY).chunks(Place(version="7"), PLENTY):
        pass
    assert [request.paths for request in sent] == [paths]
