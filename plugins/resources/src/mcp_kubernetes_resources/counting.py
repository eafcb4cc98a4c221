"""How many objects hold each value: counted over all of them, in memory that the number of values bounds."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator, Iterable, Sequence
from itertools import product
from typing import Any

from mcp_kubernetes_resources.columns import NONE, cell

MOST_VALUES = 50_000
"""Different values that are told apart."""


class Count:
    """Counts rows by their cells. Of several values in one cell each counts, but once for each object."""

    def __init__(self) -> None:
        self._counter: Counter[tuple[str, ...]] = Counter()
        self.objects = 0
        self.uncounted = 0

    async def add(self, rows: AsyncIterator[Sequence[Any]]) -> None:
        """Count all of these rows."""
        async for row in rows:
            self.objects += 1
            for group in product(*map(_values, row)):
                self._add(group)

    def _add(self, group: tuple[str, ...]) -> None:
        if group in self._counter or len(self._counter) < MOST_VALUES:
            self._counter[group] += 1
        else:
            self.uncounted += 1

    def rows(self) -> list[tuple[Any, ...]]:
        """Count and values, the most frequent first."""
        ordered = sorted(self._counter.items(), key=lambda item: (-item[1], item[0]))
        return [(number, *group) for group, number in ordered]


def _values(value: Any) -> Iterable[str]:
    """The different values of a cell; one that says so where there is none."""
    if not isinstance(value, list):
        return (cell(value),)
    return dict.fromkeys(cell(one) for one in value) or (NONE,)
