"""Several changes in one call, one after the other: what was done is told, however the call ends."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress

from mcp_kubernetes import Change, Forbidden, Text, ToolCall, ToolError

_LAST_SECONDS = 2.0
"""Kept of the call's time, so that what was done can still be told."""

_NAMED = 50

Result = Change | Text


async def each(
    call: ToolCall,
    names: Iterable[str],
    change: Callable[[str], Awaitable[Change]],
    failed: Callable[[str, ToolError], Text],
) -> dict[str, Result]:
    """What came of each, by name; one that fails is told by `failed`, and does not hide the others.

    Raises a ToolError with all of them if none succeeded; where one was forbidden, that is its cause.
    """
    done: dict[str, Change | ToolError] = {}
    left = list(names)
    with suppress(TimeoutError):
        async with asyncio.timeout_at(call.deadline - _LAST_SECONDS):
            while left:
                done[left[0]] = await _tried(change(left[0]))
                left.pop(0)
    _note(call, left)
    results = {name: failed(name, got) if isinstance(got, ToolError) else got for name, got in done.items()}
    if done and not any(isinstance(got, Change) for got in done.values()):
        refusal = next((got for got in done.values() if isinstance(got, Forbidden)), None)
        raise ToolError("\n".join(map(str, results.values()))) from refusal
    return results


async def _tried(changing: Awaitable[Change]) -> Change | ToolError:
    try:
        return await changing
    except ToolError as error:
        return error


def _note(call: ToolCall, left: Sequence[str]) -> None:
    if not left:
        return
    more = f" and {len(left) - _NAMED} more" if len(left) > _NAMED else ""
    call.notes.add(
        "The time of the call was up before these were done: {left}{more}.", left=", ".join(left[:_NAMED]), more=more
    )
