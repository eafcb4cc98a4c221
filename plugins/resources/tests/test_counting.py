"""What is counted, and in which memory."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from mcp_kubernetes_resources import counting
from mcp_kubernetes_resources.counting import Count

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterable, Sequence

    import pytest


async def _counted(rows: Iterable[Sequence[Any]]) -> Count:
    async def given() -> AsyncIterator[Sequence[Any]]:
        for row in rows:
            yield row

    count = Count()
    await count.add(given())
    return count


async def test_the_most_frequent_value_is_first_and_equals_are_in_their_order() -> None:
    count = await _counted([["b"], ["a"], ["c"], ["c"]])
    assert count.rows() == [(2, "c"), (1, "a"), (1, "b")]


async def test_an_object_counts_once_for_each_value_that_it_holds() -> None:
    count = await _counted([[["x", "x", "y"]], [["x"]], [[]], [None]])
    assert count.rows() == [(2, "<none>"), (2, "x"), (1, "y")]
    assert count.objects == 4


async def test_several_columns_are_counted_together() -> None:
    count = await _counted([["Running", ["a", "b"]], ["Running", ["a"]], ["Failed", None]])
    assert count.rows() == [(2, "Running", "a"), (1, "Failed", "<none>"), (1, "Running", "b")]


async def test_values_are_counted_by_what_a_cell_shows() -> None:
    count = await _counted([[1], ["1"], [True], [{"a": 1}], [{"a": 1}]])
    assert count.rows() == [(2, "1"), (2, '{"a":1}'), (1, "true")]


async def test_beyond_the_most_values_only_the_known_ones_are_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counting, "MOST_VALUES", 2)
    count = await _counted([["a"], ["b"], ["c"], ["a"], ["d"]])
    assert count.rows() == [(2, "a"), (1, "b")]
    assert (count.objects, count.uncounted) == (5, 2)
