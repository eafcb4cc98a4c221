"""The process in which templates grow: Python and our own file, and never a word of a tool's input on its command line.

A process of its own, because a million lines take seconds of Python, in which the server answers others. Lines go to
its standard input; it has no variables, no arguments and no files of ours.
"""

from __future__ import annotations

import asyncio
import json
import sys
from asyncio.subprocess import DEVNULL, PIPE, Process
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

from mcp_kubernetes import ToolError
from mcp_kubernetes_pods.templates import FRAME

_COMMAND = (sys.executable, "-I", "-S", str(Path(__file__).with_name("templates.py")))
_LARGEST = 4 << 20


class TemplateProcess:
    """Runs while an `async with` block lasts, and ends with it, however that ends."""

    async def __aenter__(self) -> Self:
        self._process: Process = await asyncio.create_subprocess_exec(
            *_COMMAND, stdin=PIPE, stdout=PIPE, stderr=DEVNULL, env={}, start_new_session=True
        )
        return self

    async def __aexit__(self, *_: object) -> None:
        with suppress(ProcessLookupError):
            self._process.kill()
        await self._process.wait()

    async def feed(self, source: int, block: bytes) -> None:
        """Give it lines of a source; waits while it has enough to do. Raises ToolError if it is gone."""
        assert self._process.stdin is not None  # noqa: S101 - asked for above
        self._process.stdin.write(FRAME.pack(source, len(block)) + block)
        try:
            await self._process.stdin.drain()
        except ConnectionError:
            raise _gone() from None

    async def finish(self) -> dict[str, Any]:
        """What came of all lines. Raises ToolError if it is gone."""
        assert self._process.stdin is not None  # noqa: S101 - asked for above
        assert self._process.stdout is not None  # noqa: S101
        self._process.stdin.close()
        told = bytearray()
        while (chunk := await self._process.stdout.read(_LARGEST)) and len(told) < _LARGEST:
            told += chunk
        if await self._process.wait():
            raise _gone()
        return dict(json.loads(told))


def _gone() -> ToolError:
    return ToolError("The process that sums logs up ended early.", hint="Ask again, for fewer lines.")
