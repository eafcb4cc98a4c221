"""Plugins' lifespans: each in a task of its own, with a bound on its start and on its end.

In a task of its own, because a task group inside of a lifespan cancels the task that entered it when one of its
children fails: were that the server's, one plugin would end the server. And because such a task can be left behind.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator
from contextlib import AbstractAsyncContextManager, contextmanager
from dataclasses import dataclass, field

from mcp_kubernetes.log import brief
from mcp_kubernetes.watchdog import Watchdog, Work

_log = logging.getLogger(__name__)

_GRACE = 1.0
"""Seconds in which a cancelled lifespan may put its things in order."""


class NotStarted(Exception):
    """A lifespan did not start. The text ends the sentence "The plugin is set aside: …"."""


@dataclass(eq=False, kw_only=True)
class _Life:
    """One lifespan in its task. `error` is what ended it, if anything did."""

    plugin: str
    started: asyncio.Future[None]
    told_to_stop: asyncio.Event = field(default_factory=asyncio.Event)
    error: BaseException | None = None

    async def live(self, lifespan: AbstractAsyncContextManager[None]) -> None:
        """Enter and leave in one task, and never raise: what escapes from a task here would end the server."""
        try:
            async with lifespan:
                self.started.set_result(None)
                await self.told_to_stop.wait()
        except (Exception, SystemExit, asyncio.CancelledError) as error:  # noqa: BLE001 - a plugin may raise anything
            self.error = error

    def ended(self, _: object) -> None:
        """Tell of a lifespan that ends by itself, while the server runs."""
        if self.started.done() and not self.told_to_stop.is_set():
            why = f": {brief(self.error)}" if self.error else ""
            _log.error("The lifespan of the plugin %r ended before the server did%s.", self.plugin, why)
            _log.debug("Why the lifespan of the plugin %r ended.", self.plugin, exc_info=self.error)


class Lifespans:
    """Starts lifespans one by one, and stops them in reverse order. `limit` is in seconds, for each of them."""

    def __init__(self, watchdog: Watchdog, limit: float) -> None:
        self._watchdog = watchdog
        self._limit = limit
        self._running: list[tuple[_Life, asyncio.Task[None]]] = []

    @property
    def longest_end(self) -> float:
        """Seconds that `stop` takes at most, unless somebody blocks the event loop."""
        return len(self._running) * (self._limit + _GRACE)

    async def start(self, plugin: str, lifespan: AbstractAsyncContextManager[None]) -> None:
        """Enter a lifespan. Raises NotStarted."""
        life = _Life(plugin=plugin, started=asyncio.get_running_loop().create_future())
        task = asyncio.create_task(life.live(lifespan), name=f"lifespan of {plugin}")
        task.add_done_callback(life.ended)
        try:
            with self._watched(plugin, "the start of its lifespan", task):
                await asyncio.wait((task, life.started), timeout=self._limit, return_when=asyncio.FIRST_COMPLETED)
        finally:
            if is_late := not (life.started.done() or task.done()):
                await _cancelled(task)
        if is_late:
            raise NotStarted(f"its lifespan did not start within {self._limit:g} s")
        if life.error and not life.started.done():
            raise NotStarted(f"its lifespan failed: {brief(life.error)}") from life.error
        self._running.append((life, task))

    async def stop(self) -> None:
        """Leave all lifespans. One that fails, or takes too long, is logged and does not keep the others."""
        while self._running:
            life, task = self._running.pop()
            with self._watched(life.plugin, "the end of its lifespan", task):
                await self._stop(life, task)

    @contextmanager
    def _watched(self, plugin: str, name: str, task: asyncio.Task[None]) -> Iterator[None]:
        self._watchdog.begin(task, Work(plugin, name))
        try:
            yield
        finally:
            self._watchdog.end(task)

    async def _stop(self, life: _Life, task: asyncio.Task[None]) -> None:
        life.told_to_stop.set()
        if task.done():
            return
        await asyncio.wait((task,), timeout=self._limit)
        if not task.done():
            await _cancelled(task)
            _log.error("The lifespan of the plugin %r did not stop within %g s: cancelled.", life.plugin, self._limit)
        elif life.error:
            _log.error("The lifespan of the plugin %r failed while it stopped: %s.", life.plugin, brief(life.error))
            _log.debug("Why the lifespan of the plugin %r failed.", life.plugin, exc_info=life.error)


async def _cancelled(task: asyncio.Task[None]) -> None:
    """Cancel, and wait a moment for those who listen. Who does not is left behind."""
    task.cancel()
    await asyncio.wait((task,), timeout=_GRACE)
