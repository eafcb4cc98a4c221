"""Rows that have come together, such as those of one page of a list: rendered at once, they cost a tenth each."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass

from mcp_kubernetes.results import Cell, Row


@dataclass(frozen=True, kw_only=True)
class Block:
    """Some rows of a table. `rows` gives them one by one, and a listing stands after the one that it gave last.

    `ahead` are the same, all there to be looked at before any is taken; empty where they have to be taken to be seen.
    `take` takes all that are left.
    """

    rows: Iterator[Sequence[Cell]]
    ahead: Sequence[Sequence[Cell]]
    take: Callable[[], None]


class InBlocks:
    """The rows of a table, some of them in blocks. Who iterates over it gets each row by itself, and in its turn."""

    def __init__(self, blocks: AsyncGenerator[Row | Block]) -> None:
        self.blocks = blocks

    async def __aiter__(self) -> AsyncIterator[Row]:
        """Row by row."""
        async for item in self.blocks:
            for row in item.rows if isinstance(item, Block) else (item,):
                yield row

    async def aclose(self) -> None:
        """Read no further."""
        await self.blocks.aclose()
