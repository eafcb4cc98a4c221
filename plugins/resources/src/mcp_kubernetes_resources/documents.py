"""Several documents in one call: each is sent by itself, and what failed never hides what succeeded."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence

from mcp_kubernetes import Change, Manifest, Text, ToolCall, ToolError, ordered
from mcp_kubernetes_resources.each import Result, each

Send = Callable[[Manifest], Awaitable[Change]]


async def sent(call: ToolCall, manifests: Sequence[Manifest], send: Send) -> list[Result]:
    """Send them one after the other; in the answer they stand as they were given.

    Raises the error of an only one, and a ToolError with all of them if none succeeded.
    """
    if len(manifests) == 1:
        return [await send(manifests[0])]
    positions = {manifest.position: manifest for manifest in ordered(manifests)}

    async def one(position: str) -> Change:
        return await send(positions[position])

    def failed(position: str, error: ToolError) -> Text:
        manifest = positions[position]
        called = f"{manifest.kind.lower()}/{manifest.name or manifest.generate_name}"
        return Text("{position}, {called}, failed: {error}", position=position, called=called, error=error)

    results = await each(call, positions, one, failed)
    return [results[manifest.position] for manifest in manifests if manifest.position in results]
