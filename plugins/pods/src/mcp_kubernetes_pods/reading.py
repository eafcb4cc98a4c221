"""Reading many logs at once: a bounded number at a time, until they end or time is up, and what failed is told apart.

When time is up, or the client does not want to wait any longer, the streams are ended and not dropped, so that what
the API server has sent is all there.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mcp_kubernetes import LogOptions, ToolCall, ToolError
from mcp_kubernetes_pods import stamps

if TYPE_CHECKING:
    from mcp_kubernetes_pods.sources import Source

_PARALLEL = 8
"""Logs that are read at a time. Those that are followed are all open at once."""

_PAUSE = 1.0
"""Seconds between two words to a client that waits."""

_GRACE = 2.0
"""Seconds for what has arrived to be looked at, once reading was ended."""

Take = Callable[[int, bytes], Awaitable[None]]
"""Is given the number of a source and a block of its lines."""


@dataclass(kw_only=True)
class Reading:
    """How reading one source went so far. `first` is the time of its first line."""

    source: Source
    options: LogOptions
    lines: int = 0
    first: int | None = None
    is_complete: bool = False
    said: str = ""
    """By the kubelet, in place of a log."""
    error: ToolError | None = None

    def count(self, block: bytes) -> None:
        """More lines."""
        if not self.lines:
            self.first, _ = stamps.split(block.partition(b"\n")[0])
            self.said = "" if self.first is not None else block[:500].decode(errors="replace").strip()
        self.lines += block.count(b"\n") + (not block.endswith(b"\n"))

    @property
    def is_full(self) -> bool:
        """Whether there may be older lines than those that were asked for."""
        return self.options.tail_lines is not None and self.lines >= self.options.tail_lines


@dataclass(kw_only=True)
class Readers:
    """Reads sources, each in a task of its own, and hands all blocks to `take`."""

    call: ToolCall
    namespace: str | None
    take: Take
    stopped: str = ""
    """Why reading ended before the logs did."""
    _stops: list[Callable[[], None]] = field(default_factory=list)

    async def read(self, readings: Sequence[Reading], seconds: float) -> None:
        """Return when all have ended, after `seconds`, or when the call is cancelled: then with what there is."""
        followed = sum(reading.options.follow for reading in readings)
        turn = asyncio.Semaphore(max(_PARALLEL, followed))
        tasks = [asyncio.create_task(self._one(number, one, turn)) for number, one in enumerate(readings)]
        try:
            running = await self._wait(tasks, readings, seconds, _PAUSE if followed else seconds)
            self.stopped = "time is up" if running else ""
        except asyncio.CancelledError:
            # The answer is what was read; whether anybody still wants it is not for this tool to know.
            self.stopped = "the call was cancelled"
        await self._end(tasks)
        for task in tasks:
            if not task.cancelled():
                task.result()

    async def _wait(
        self, tasks: Sequence[asyncio.Task[None]], readings: Sequence[Reading], seconds: float, pause: float
    ) -> set[asyncio.Task[None]]:
        """The tasks that still run after `seconds`; meanwhile the client is told, after each pause, how far it is."""
        begun, passed, running = asyncio.get_running_loop().time(), 0.0, set(tasks)
        while running and passed < seconds:
            _, running = await asyncio.wait(running, timeout=min(pause, seconds - passed))
            passed = asyncio.get_running_loop().time() - begun
            lines = sum(reading.lines for reading in readings)
            await self.call.progress(min(passed, seconds), seconds, f"{lines:,} lines so far.")
        return running

    async def _end(self, tasks: Sequence[asyncio.Task[None]]) -> None:
        try:
            for stop in self._stops:
                stop()
            await asyncio.wait(tasks, timeout=_GRACE if self.stopped else None)
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _one(self, number: int, reading: Reading, turn: asyncio.Semaphore) -> None:
        async with turn:
            if self.stopped:
                return
            try:
                await self._follow(number, reading)
            except ToolError as error:
                reading.error = error

    async def _follow(self, number: int, reading: Reading) -> None:
        pod = reading.source.pod
        async with self.call.cluster.logs(pod, self.namespace, options=reading.options) as log:
            self._stops.append(log.stop)
            if self.stopped:
                log.stop()
            async for block in log.chunks:
                reading.count(block)
                if not reading.said:
                    await self.take(number, block)
        reading.is_complete = not self.stopped
