"""The order of rows, and how many of them are held."""

from __future__ import annotations

import gc
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mcp_kubernetes_resources.ordering import Order

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Sequence


async def _rows(values: Iterable[Any]) -> AsyncIterator[Sequence[Any]]:
    for number, value in enumerate(values):
        yield (number, value)


async def _ordered(text: str, values: Iterable[Any], most: int = 100) -> list[Any]:
    rows, _ = await Order.of(text).first(_rows(values), most)
    return [row[-1] for row in rows]


@pytest.mark.parametrize(
    "ascending",
    [
        [-3, 0, 0.5, 1, 2, 10],
        ["1n", "2u", "900m", "1", "1.5", "2k", "1Mi", "1.5Mi", "2M", "1Gi", "1e10", "1Ti"],
        ["-1", "+.5", "1.", "9", "10", "100"],
        ["0E0", "1E3", "2k", "1E", "1Ei"],
        ["2025-12-31T23:59:59Z", "2026-01-01T00:00:00Z", "2026-01-01T00:00:00.5Z", "2026-01-01T00:00:01Z"],
        ["2026-01-01T02:00:00+02:00", "2026-01-01T00:30:00Z", "2026-01-01T00:00:00-01:00"],
        ["a", "a-b", "b", "ba"],
        [1, "2", 3, "2026-01-01T00:00:00Z", "web"],
        [False, True],
        [1, [2, 0], 3],
        ["2026-01-01T00:00:00Z", "2026-02-31T00:00:00Z", "9" * 50],
    ],
)
async def test_values_are_ordered_by_what_they_amount_to(ascending: list[Any]) -> None:
    for shuffled in (ascending[::-1], ascending[1::2] + ascending[::2]):
        assert await _ordered(".a", shuffled) == ascending
        assert await _ordered("-.a", shuffled) == ascending[::-1]


@pytest.mark.parametrize("order", [".a", "-.a"])
async def test_rows_without_the_value_are_last_both_ways(order: str) -> None:
    found = await _ordered(order, [None, 2, [], 1, None, "x"])
    assert found[-3:] == [None, [], None]


@settings(derandomize=True, deadline=None)
@given(values=st.lists(st.none() | st.integers(0, 3), max_size=300), most=st.integers(1, 20))
@pytest.mark.parametrize("order", [".a", "-.a"])
async def test_equal_rows_stay_as_they_came_however_few_are_held(
    order: str, values: list[int | None], most: int
) -> None:
    sign = -1 if order.startswith("-") else 1
    rows, count = await Order.of(order).first(_rows(values), most)
    expected = sorted(enumerate(values), key=lambda row: (row[1] is None, sign * (row[1] or 0)))
    assert (list(rows), count) == (expected[:most], len(values))


class _Counted(tuple[int, int]):
    """A row that can be counted while it is alive."""

    __slots__ = ()


async def test_it_holds_few_rows_of_many() -> None:
    most_alive = 0

    async def rows() -> AsyncIterator[Sequence[Any]]:
        nonlocal most_alive
        for number in range(5_000):
            if number % 250 == 0:
                most_alive = max(most_alive, sum(type(thing) is _Counted for thing in gc.get_objects()))
            yield _Counted((number, -number))

    found, count = await Order.of(".a").first(rows(), 10)
    assert (len(found), count) == (10, 5_000)
    assert [row[0] for row in found] == [*range(4_999, 4_989, -1)]
    assert most_alive <= 2 * 10 + 101
