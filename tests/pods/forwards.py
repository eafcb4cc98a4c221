"""Calling the tools of port-forward, and speaking through a forwarded port to what echoes in a pod."""

from __future__ import annotations

import asyncio
import json
import re
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, NamedTuple

from mcp_kubernetes import App, Identity

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Callable

    import pytest

    from mcp_kubernetes.spi import Outcome

ECHO = 7007
CLOSED = 7008
ECHOING = {"main": ("nc", "-ll", "-p", str(ECHO), "-e", "cat")}
"""A container in which something answers every connection with what it gets."""

_SECONDS = 30.0


class Echo(NamedTuple):
    """A pod that echoes."""

    namespace: str
    name: str


@dataclass(frozen=True)
class Caller:
    """Calls tools of one app as one person."""

    app: App
    identity: Identity = Identity.local()  # noqa: RUF009 - frozen

    async def outcome(self, tool: str, **arguments: Any) -> Outcome:
        return await self.app.call(tool, arguments, identity=self.identity, session=None)

    async def ask(self, tool: str, **arguments: Any) -> str:
        """All text of an answer that must be no error."""
        found = await self.outcome(tool, **arguments)
        assert not found.is_error, found.blocks
        return "\n".join(found.blocks)

    async def refused(self, tool: str, **arguments: Any) -> str:
        """The text of an answer that must be an error."""
        found = await self.outcome(tool, **arguments)
        assert found.is_error, found.blocks
        return "\n".join(found.blocks)

    async def forward(self, namespace: str, pod: str, *ports: str) -> Forward:
        return opened(await self.ask("k8s_port_forward_pod", namespace=namespace, podName=pod, ports=[*ports]))

    async def forward_service(self, namespace: str, service: str, *ports: str) -> Forward:
        found = await self.ask("k8s_port_forward_service", namespace=namespace, serviceName=service, ports=[*ports])
        return opened(found)

    async def listed(self) -> list[dict[str, str]]:
        """The rows of the list, by column."""
        lines = (await self.ask("k8s_list_port_forwards")).splitlines()
        if "\t" not in lines[0]:
            return []
        header, *rows = (line.split("\t") for line in lines if not line.startswith("note:"))
        return [dict(zip(header, row, strict=True)) for row in rows]

    async def row(self, handle: str) -> dict[str, str]:
        return next(row for row in await self.listed() if row["SESSION"] == handle)


@dataclass(frozen=True, kw_only=True)
class Forward:
    """What a tool answered that opened a port-forward."""

    text: str
    handle: str
    ports: tuple[int, ...]

    @property
    def port(self) -> int:
        return self.ports[0]


def opened(text: str) -> Forward:
    handle = re.search(r"^sessionId (\S+):", text)
    assert handle
    return Forward(
        text=text, handle=handle[1], ports=tuple(map(int, re.findall(r"^127\.0\.0\.1:(\d+)\t", text, re.MULTILINE)))
    )


@asynccontextmanager
async def connection(port: int) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=1 << 20)
    try:
        yield reader, writer
    finally:
        writer.close()


async def echoed(port: int, *lines: bytes) -> list[bytes]:
    """What comes back for each of these lines, asked one after the other over one connection."""
    async with connection(port) as (reader, writer):
        return [await _echo(reader, writer, line) for line in lines]


async def _echo(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, line: bytes) -> bytes:
    writer.write(line + b"\n")
    async with asyncio.timeout(_SECONDS):
        return (await reader.readline()).removesuffix(b"\n")


async def until(is_so: Callable[[], Any]) -> None:
    """Return once it is so. Fails if that takes too long."""
    async with asyncio.timeout(_SECONDS):
        while not await is_so():  # noqa: ASYNC110 - what it looks at tells nobody when it changes
            await asyncio.sleep(0.02)


def ends(caplog: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    """What the audit log says of what calls had started and has ended."""
    return [line for line in audit(caplog) if line["audit"] == "ended"]


def audit(caplog: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    records = [record for record in caplog.records if record.name == "mcp_kubernetes.audit"]
    return [json.loads(record.getMessage()) for record in records]
