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


@hookimpl
def register_tools() -> list[Tool]:
    """Both."""
    return [slow_until, slow_who]
