"""The server of the demo, a process of its own, and a client of the MCP SDK that is connected to it."""

from __future__ import annotations

import asyncio
import logging
import re
import sys
import tempfile
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from mcp import Client, StdioServerParameters
from mcp.client.stdio import stdio_client

if TYPE_CHECKING:
    from asyncio.subprocess import Process

    from mcp.types import CallToolResult

_ADDRESS = re.compile(rb"Serving MCP at (\S+?)\.?(?: and \S+)?\n")
_PATIENCE = 60.0
"""Seconds that a busy machine may take to start an interpreter and a server."""

_TOLD = 600
"""Characters of what a server said before it failed."""


class Failed(Exception):
    """The demo did not work; the text says why."""


@dataclass(frozen=True, kw_only=True)
class Server:
    """A server that answers. `command` is how another client starts one like it; `url` is "" over stdio."""

    client: Client
    command: Sequence[str]
    url: str = ""
    process: Process | None = None

    async def tools(self) -> int:
        """How many tools it offers."""
        return len((await self.client.list_tools()).tools)

    async def call(self, tool: str, arguments: dict[str, Any]) -> list[str]:
        """The blocks of text in the answer to a call. Raises Failed."""
        result: CallToolResult = await self.client.call_tool(tool, arguments)
        blocks = [block.text for block in result.content if block.type == "text"]
        if result.is_error:
            raise Failed(f"The call of {tool} failed: {' '.join(blocks)}")
        return blocks

    async def ended(self) -> None:
        """Wait for the end of the process."""
        if self.process is not None:
            await self.process.wait()


def program() -> list[str]:
    """How this program is started: by its script, where that stands beside the interpreter."""
    script = Path(sys.executable).with_name("mcp-kubernetes")
    return [str(script)] if script.exists() else [sys.executable, "-m", "mcp_kubernetes"]


def _serve(shop: Path, *more: str) -> list[str]:
    """Arguments of a server that lets the shop be changed, and shows nothing of this user's own clusters."""
    return ["serve", "--snapshot", str(shop), "--snapshot-writable", "--disable-plugin", "contexts", *more]


@asynccontextmanager
async def over_stdio(shop: Path, rest: Sequence[str]) -> AsyncIterator[Server]:
    """A server that the client starts itself. Raises Failed with the server's own words where it cannot."""
    command = [*program(), *_serve(shop, "--non-destructive=false", *rest)]
    parameters = StdioServerParameters(command=command[0], args=command[1:])
    with tempfile.TemporaryFile("w+", encoding="utf-8") as errors:
        try:
            async with Client(stdio_client(parameters, errlog=errors)) as client:
                yield Server(client=client, command=command)
        except Failed:
            raise
        except Exception as error:
            errors.seek(0)
            raise Failed(f"The server did not answer. {errors.read()[-_TOLD:].strip()}") from error


@asynccontextmanager
async def over_http(shop: Path, rest: Sequence[str]) -> AsyncIterator[Server]:
    """A server that listens, on this machine alone unless `rest` says otherwise. Raises Failed."""
    command = [*program(), *_serve(shop, "--non-destructive=false", "--transport", "streamable-http", *rest)]
    logging.getLogger("httpx2").setLevel(logging.WARNING)  # the client tells of each request
    process = await asyncio.create_subprocess_exec(
        *command, stdin=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE
    )
    try:
        url = await _address(process)
        reading = asyncio.create_task(_drained(process))
        async with Client(url) as client:
            yield Server(client=client, command=command, url=url, process=process)
        reading.cancel()
    finally:
        if process.returncode is None:
            with suppress(ProcessLookupError):
                process.terminate()
        await process.wait()


async def _address(process: Process) -> str:
    said = b""
    with suppress(TimeoutError):
        async with asyncio.timeout(_PATIENCE):
            while process.stderr and (line := await process.stderr.readline()):
                said += line
                if found := _ADDRESS.search(line):
                    return found[1].decode()
    raise Failed(f"The server did not start. {said.decode(errors='replace')[-_TOLD:].strip()}")


async def _drained(process: Process) -> None:
    """Read what the server logs, or it would wait for somebody who does."""
    while process.stderr and await process.stderr.readline():
        pass
