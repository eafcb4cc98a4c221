"""One page of a list in the server's own columns, as tools get it: row by row, or all of its rows as one block."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from mcp_kubernetes.blocks import Block

if TYPE_CHECKING:
    from mcp_kubernetes.kube.decoding.decode import ColumnDefinition


@dataclass(frozen=True, kw_only=True)
class TablePage:
    """One page of the server's own table. Iterate over it once for the rows: tuples as long as `columns`.

    With `spans_namespaces` the first column is the namespace. The `ahead` are the namespaces and cells of all rows, to
    be looked at before any is taken.
    """

    columns: tuple[ColumnDefinition, ...]
    spans_namespaces: bool
    cells: Iterator[tuple[str, list[Any]]]
    ahead: Sequence[tuple[str, list[Any]]]

    def __iter__(self) -> Iterator[tuple[Any, ...]]:
        for namespace, cells in self.cells:
            yield (namespace, *cells) if self.spans_namespaces else tuple(cells)

    def block(self, positions: Sequence[int]) -> Block:
        """The rows together, of each the cells at these positions; no other row may be taken before they all are."""
        # A row of another length is an error once it is taken, and none of those before it.
        is_even = {len(cells) for _, cells in self.ahead} == {len(self.columns)}
        columns = [self._column(at) for at in positions] if is_even else []
        rows = ([row[at] for at in positions] for row in self)
        return Block(rows=rows, ahead=list(zip(*columns, strict=True)), take=self._take)

    def _take(self) -> None:
        deque(self.cells, maxlen=0)

    def _column(self, position: int) -> list[Any]:
        at = position - self.spans_namespaces
        return [cells[at] for _, cells in self.ahead] if at >= 0 else [namespace for namespace, _ in self.ahead]
