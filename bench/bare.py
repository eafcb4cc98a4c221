"""A bare server: the SDK's low-level server over stdio with one tool, and nothing of ours. The floor for our bridge."""

from __future__ import annotations

from typing import TYPE_CHECKING

import anyio
from mcp import types
from mcp.server.lowlevel import Server
from mcp.server.stdio import stdio_server

if TYPE_CHECKING:
    from mcp.server.context import ServerRequestContext

TOOL = "bare"
_SCHEMA = {"type": "object", "properties": {"text": {"type": "string"}}}


async def _list(_: ServerRequestContext[object], __: object) -> types.ListToolsResult:
    return types.ListToolsResult(tools=[types.Tool(name=TOOL, description="Answer.", input_schema=_SCHEMA)])


async def _call(_: ServerRequestContext[object], params: types.CallToolRequestParams) -> types.CallToolResult:
    text = (params.arguments or {}).get("text", "")
    return types.CallToolResult(content=[types.TextContent(type="text", text=text)])


async def _main() -> None:
    server = Server("bare", version="0", on_list_tools=_list, on_call_tool=_call)
    async with stdio_server() as (incoming, outgoing):
        await server.run(incoming, outgoing, server.create_initialization_options())


if __name__ == "__main__":
    anyio.run(_main)
