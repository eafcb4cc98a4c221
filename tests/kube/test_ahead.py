"""When the next page of a list is asked for: early, and never further ahead than is held in memory."""

from __future__ import annotations

import asyncio
from contextlib import aclosing
from typing import TYPE_CHECKING, Any, cast

import pytest

from mcp_kubernetes.kube.connection import Request, Response
from mcp_kubernetes.kube.decoding.decode import continuation
from mcp_kubernetes.kube.floor.guarding import masking
from mcp_kubernetes.kube.reads.ahead import Ahead
from mcp_kubernetes.kube.reads.places import Chunk, Place

if TYPE_CHECKING:
    from mcp_kubernetes.kube.reads.ahead import Told

LAST = 4


class Pages:
    """Pages that arrive and are finished when a test says so, and what was asked for so far."""

    def __init__(self) -> None:
        self.asked: list[int] = []
        self.given_up: list[int] = []
        self._arrived = [asyncio.Event() for _ in range(LAST + 1)]
        self._finished = [asyncio.Event() for _ in range(LAST + 1)]

    async def read(self, place: Place, told: Told) -> Chunk:
        number = int(place.token or 0)
        self.asked.append(number)
        try:
            await self._arrived[number].wait()
            after = place.onward(str(number + 1) if number < LAST else "")
            told(after)
            await self._finished[number].wait()
        except asyncio.CancelledError:
            self.given_up.append(number)
            raise
        if number == LAST:
            raise ValueError("the last page is broken")
        return Chunk(rows=[number], place=place, after=after)

    async def arrive(self, number: int) -> None:
        self._arrived[number].set()
        await settled()

    async def finish(self, number: int) -> None:
        self._arrived[number].set()
        self._finished[number].set()
        await settled()


async def settled() -> None:
    """Let everything run that can."""
    for _ in range(20):
        await asyncio.sleep(0)


async def test_the_next_page_is_asked_for_when_one_has_arrived_and_no_further_than_there_is_room() -> None:
    pages = Pages()
    async with aclosing(Ahead(pages.read, most=2).chunks(Place())) as chunks:
        first = asyncio.ensure_future(anext(chunks))
        await settled()
        assert pages.asked == [0]
        await pages.arrive(0)
        assert pages.asked == [0, 1]
        await pages.finish(0)
        assert (await first).rows == [0]
        await pages.finish(1)
        assert pages.asked == [0, 1]
        assert (await anext(chunks)).rows == [1]
        await settled()
        assert pages.asked == [0, 1, 2]


async def test_without_room_for_two_a_page_is_asked_for_when_it_is_wanted() -> None:
    pages = Pages()
    async with aclosing(Ahead(pages.read, most=1).chunks(Place())) as chunks:
        await pages.finish(0)
        assert (await anext(chunks)).rows == [0]
        await settled()
        assert pages.asked == [0]
        await pages.finish(1)
        assert (await anext(chunks)).rows == [1]


async def test_what_fails_is_raised_after_all_that_came_before_it() -> None:
    pages = Pages()
    for number in range(LAST + 1):
        await pages.finish(number)
    chunks = Ahead(pages.read, most=2).chunks(Place())
    assert [(await anext(chunks)).rows for _ in range(LAST)] == [[number] for number in range(LAST)]
    with pytest.raises(ValueError, match="broken"):
        await anext(chunks)


async def test_who_stops_reading_gives_up_what_is_under_way() -> None:
    pages, before = Pages(), asyncio.all_tasks()
    await pages.finish(0)
    async with aclosing(Ahead(pages.read, most=2).chunks(Place())) as chunks:
        await anext(chunks)
        await settled()
    await settled()
    assert pages.given_up == [1]
    assert asyncio.all_tasks() == before


async def test_the_place_of_the_next_page_is_told_before_the_page_is_searched() -> None:
    order: list[str] = []

    async def send(_: Request) -> Response:
        body = _Searched(b'{"metadata":{"continue":"7"},"items":[]}')
        body.order = order
        return Response(status=200, body=body)

    asked = Request(method="GET", path="/api/v1/pods", onward=lambda token: order.append(f"onward {token}"))
    await masking(send, cast("Any", None), looks=True, key=b"", reveals=False, recorded=False)(asked)
    assert order == ["onward 7", "searched"]


class _Searched(bytes):
    """A body that tells when the search for what must be hidden begins."""

    order: list[str]

    def lstrip(self, *_: Any) -> bytes:
        self.order.append("searched")
        return bytes(self)


@pytest.mark.parametrize(
    ("body", "token"),
    [
        (b'{"metadata":{"continue":"7"},"items":[]}', "7"),
        (b'{"items":[],"metadata":{"continue":"7"}}', "7"),
        (b'{"kind":"PodList","apiVersion":"v1","metadata":{"resourceVersion":"1","continue":"7"},"items":[', "7"),
        (b'{"kind":"PodList","apiVersion":"v1","metadata":{"resourceVersion":"1"},"items":[', ""),
        (b'{"kind":"Table","apiVersion":"meta.k8s.io/v1","metadata":{"continue":"{7}"},"rows":[]}', "{7}"),
        (b'{"metadata":{},"items":[]}', ""),
        (b'{"metadata":null}', ""),
        (b'{"metadata":{"continue":7}}', ""),
        (b"[" * 5_000, ""),
        (b"no JSON", ""),
        (b"", ""),
    ],
)
def test_only_a_list_that_goes_on_has_a_token(body: bytes, token: str) -> None:
    assert continuation(body) == token
