"""A plugin whose tool takes as long as a test wants. Loaded into real servers with `--plugin slow_plugin`."""

from __future__ import annotations

import asyncio
import sys
from pathlib import Path

from mcp_kubernetes import Effect, Text, Tool, ToolCall, hookimpl, tool


@tool(effect=Effect.READ, clustered=False)
async def slow_until(call: ToolCall, path: str) -> Text:
    """Say that it began, and end when the file is there."""
    sys.stderr.write(f"begun: {call.id}\n")
    while not Path(path).exists():  # noqa: ASYNC110, ASYNC240 - a file is how another process can tell
        await asyncio.sleep(0.01)
    return Text("Finished.")


@tool(effect=Effect.READ, clustered=False)
async def slow_who(call: ToolCall) -> Text:
    """Who asks."""
    groups = ",".join(call.identity.groups)
    return Text(
        "{issuer}|{subject}|{groups}", issuer=call.identity.issuer, subject=call.identity.subject, groups=groups
    )


@tool(effect=Effect.READ, clustered=False)
async def slow_moment(_: ToolCall) -> Text:
    """Take long enough for others to begin meanwhile."""
    await asyncio.sleep(0.05)
    return Text("Finished.")


@tool(effect=Effect.READ, clustered=False)
async def slow_tasks(_: ToolCall) -> Text:
    """How many tasks there are."""
    return Text("{n}", n=len(asyncio.all_tasks()))


@hookimpl
def register_tools() -> list[Tool]:
    """All of them."""
    return [slow_until, slow_who, slow_moment, slow_tasks]
