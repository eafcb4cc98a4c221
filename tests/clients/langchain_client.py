"""`mcp` 1.x through langchain-mcp-adapters, in an environment of its own: lists our tools and calls one.

Arguments: URL, tool, its arguments as JSON. Prints JSON: the names of the tools, and the text of the answer.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import sys
from importlib.metadata import version
from typing import Any


async def main(url: str, name: str, arguments: str) -> None:
    """As an agent does it: the tools become LangChain's, and are called as such."""
    adapters: Any = importlib.import_module("langchain_mcp_adapters.client")
    client = adapters.MultiServerMCPClient({"kubernetes": {"transport": "streamable_http", "url": url}})
    tools = {tool.name: tool for tool in await client.get_tools()}
    found = await tools[name].ainvoke(json.loads(arguments))
    sys.stdout.write(json.dumps({"tools": [*tools], "text": json.dumps(found, default=str), "sdk": version("mcp")}))


asyncio.run(main(*sys.argv[1:]))
