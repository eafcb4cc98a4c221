"""Several changes in one call, one after the other: what was done is told, however the call ends."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress

from mcp_kubernetes import Change, Forbidden, Text, ToolCall, ToolError

_LAST_SECONDS = 2.0
"""Kept of the call's time, so that what was done can still be told."""

_NAMED = 50

Result = Change | Text


async def each(call: ToolCall, names: Iterable[str], change: Callable[[str], Awaitable[Result]]) -> dict[str, Result]:
    """What came of each, by name; a Text is a failure. Raises a ToolError with all of them if none succeeded."""
    results: dict[str, Result] = {}
    left = list(names)
    with suppress(TimeoutError):
        async with asyncio.timeout_at(call.deadline - _LAST_SECONDS):
            while left:
                results[left[0]] = await change(left[0])
                left.pop(0)
    if left:
        more = f" and {len(left) - _NAMED} more" if len(left) > _NAMED else ""
        call.notes.add(
            "The time of the call was up before these were done: {left}{more}.",
            left=", ".join(left[:_NAMED]), more=more,
        )  # fmt: skip
    if results and not any(isinstance(result, Change) for result in results.values()):
        raise ToolError("\n".join(map(str, results.values()))) from _refusal(results.values())
    return results


def _refusal(results: Iterable[Result]) -> Forbidden | None:
    """The first refusal by the API server among these failures, if there is one: it explains itself."""
    told = (value for result in results if isinstance(result, Text) for value in result.fields.values())
    return next((value for value in told if isinstance(value, Forbidden)), None)
