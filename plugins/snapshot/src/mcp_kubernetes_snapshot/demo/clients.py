"""How clients are connected to the server of the demo, each in its own form."""

from __future__ import annotations

import json
import shlex
from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mcp_kubernetes_snapshot.demo.serving import Server

Way = tuple[str, str, str, str]
"""A client, where it wants to be told, what, and in which language that is written."""


def ways(server: Server) -> Iterator[Way]:
    """One for each client; over HTTP they are given the address, else the command."""
    return _by_url(server.url) if server.url else _by_command([*server.command])


def _by_command(command: list[str]) -> Iterator[Way]:
    line = shlex.join(command)
    entry = {"command": command[0], "args": command[1:]}
    config = _json({"mcpServers": {"shop": entry}})
    yield "Claude Code", "type", f"claude mcp add shop -- {line}", "bash"
    yield "Claude Desktop and Cursor", "in claude_desktop_config.json and in ~/.cursor/mcp.json", config, "json"
    yield "VS Code", "in .vscode/mcp.json", _json({"servers": {"shop": {"type": "stdio", **entry}}}), "json"
    yield "MCP Inspector", "type", f"npx @modelcontextprotocol/inspector {line}", "bash"


def _by_url(url: str) -> Iterator[Way]:
    yield "Claude Code", "type", f"claude mcp add --transport http shop {url}", "bash"
    yield (
        "Claude Desktop",
        "add a custom connector with this address, or without HTTP run",
        "mcp-kubernetes demo",
        "bash",
    )
    yield "VS Code", "in .vscode/mcp.json", _json({"servers": {"shop": {"type": "http", "url": url}}}), "json"
    yield "Cursor", "in ~/.cursor/mcp.json", _json({"mcpServers": {"shop": {"url": url}}}), "json"
    yield "MCP Inspector", "type", f"npx @modelcontextprotocol/inspector --cli {url} --method tools/list", "bash"


def _json(value: object) -> str:
    return json.dumps(value, indent=2)
