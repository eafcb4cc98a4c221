"""Several documents in one call: each is sent by itself, and what failed never hides what succeeded."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress

from mcp_kubernetes import Change, Manifest, Text, ToolCall, ToolError, ordered

_LAST_SECONDS = 2.0
"""Kept of the call's time, so that what was done can still be told."""

Send = Callable[[Manifest], Awaitable[Change]]
Result = Change | Text


async def sent(call: ToolCall, manifests: Sequence[Manifest], send: Send) -> list[Result]:
    """Send them one after the other; in the answer they stand as they were given.

    Raises the error of an only one, and a ToolError with all of them if none succeeded.
    """
    if len(manifests) == 1:
        return [await send(manifests[0])]
    results: dict[str, Result] = {}
    with suppress(TimeoutError):
        async with asyncio.timeout_at(call.deadline - _LAST_SECONDS):
            for manifest in ordered(manifests):
                results[manifest.position] = await _one(manifest, send)
    if left := [each.position for each in manifests if each.position not in results]:
        call.notes.add("The time of the call was up before these were sent: {left}.", left=", ".join(left))
    found = [results[each.position] for each in manifests if each.position in results]
    if not any(isinstance(result, Change) for result in found):
        raise ToolError("\n".join(map(str, found)), hint="Nothing was changed.")
    return found


async def _one(manifest: Manifest, send: Send) -> Result:
    try:
        return await send(manifest)
    except ToolError as error:
        called = f"{manifest.kind.lower()}/{manifest.name or manifest.generate_name}"
        return Text("{position}, {called}, failed: {error}", position=manifest.position, called=called, error=error)
