"""The warning events of the last hour, those that tell the same as one, the most frequent first."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from mcp_kubernetes import Happenings, Selectors, ToolCall, ToolError, Unread, age

COLUMNS = ("LAST SEEN", "COUNT", "REASON", "OBJECT", "NAMESPACE", "MESSAGE")

_SPAN = timedelta(hours=1)
_KEPT = 1_000
_SHOWN = 10
_LONGEST = 240
"""Characters of a message."""


@dataclass
class Warnings:
    """At most ten rows of `COLUMNS`, of how many different events, and why they could not be read, if so."""

    rows: Sequence[Sequence[Any]] = ()
    different: int = 0
    unread: list[Unread] = field(default_factory=list)


async def warnings(call: ToolCall, deadline: float) -> Warnings:
    """Read and count them, until `deadline`. Raises nothing that an API server may do."""
    happenings = Happenings(_KEPT, call.now - _SPAN)
    found = Warnings()
    try:
        async with asyncio.timeout_at(deadline):
            await _read(call, happenings)
    except (ToolError, TimeoutError) as error:
        found.unread.append(Unread.of("events", error, essential=False))
    newest = sorted(happenings.newest(), key=lambda each: -each[1].count)
    found.different = len(newest)
    found.rows = [
        (age(tally.last, call.now), tally.count, told.reason, f"{told.kind.lower()}/{told.name}", told.namespace,
         told.message[:_LONGEST])
        for told, tally in newest[:_SHOWN]
    ]  # fmt: skip
    return found


async def _read(call: ToolCall, happenings: Happenings) -> None:
    warnings_only = Selectors(field_selector="type=Warning")
    rows = call.cluster.rows(Happenings.KIND, where=warnings_only, all_namespaces=True, columns=Happenings.PATHS)
    async with aclosing(rows):
        await happenings.add(rows)
