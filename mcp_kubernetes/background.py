"""What outlives the call that started it, such as a forwarded port: in tasks of the app's, each with one owner.

No call's deadline or cancellation reaches it. Its client is the call's own, made anew: every later request is guarded
and recorded as those of the call were, with the same rights. It ends when it is done, when its owner stops it, or with
the app. Not an asyncio.TaskGroup: one that fails may not end the others, and one that hangs may not keep the app open.
"""

from __future__ import annotations

import asyncio
import base64
import logging
import os
from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

from mcp_kubernetes.calls import Lasting, Outliving
from mcp_kubernetes.errors import Denied, ToolError
from mcp_kubernetes.log import report
from mcp_kubernetes.watchdog import Watchdog, Work

if TYPE_CHECKING:
    from collections.abc import Mapping

    from mcp_kubernetes.calls import ToolCall

L = TypeVar("L", bound=Lasting)

_log = logging.getLogger(__name__)

_GRACE = 5.0
"""Seconds in which what is cancelled may close what it has open."""

_HANDLE_BYTES = 10
_REMEMBERED = 100
"""How many of those that have ended are still told of, to their owners."""

STOPPED, APP_ENDED = "its owner stopped it", "the server stopped"


@dataclass(eq=False, kw_only=True)
class _Task:
    """One piece of work. `why` is why it ends, once that is known; `is_over`: it has ended, and that was recorded."""

    work: Lasting
    call: ToolCall
    owner: str
    handle: str = field(default_factory=lambda: base64.b32encode(os.urandom(_HANDLE_BYTES)).decode().lower())
    why: str = ""
    is_over: bool = False
    task: asyncio.Task[None] = field(init=False)

    async def live(self) -> None:
        """Work to the end, and never raise: there is nobody to raise it to."""
        record = self.call.record
        try:
            self.why = await self.work.run(self.call)
        except asyncio.CancelledError:
            record.outcome = "cancelled"
        except ToolError as error:
            self.why = error.message
            record.fail("error", self.why)
        except (Exception, SystemExit) as error:  # noqa: BLE001 - a plugin may raise anything
            self.why = report(error, self.call.tool.name, self.call.id)
            record.fail("error", self.why)

    def ended(self, _: object) -> None:
        """Record the end; also of what was cancelled before it began."""
        self.is_over, self.why = True, self.why or APP_ENDED
        self.call.record.write_ended(self.why, self.handle, self.work.figures)


class Background:
    """All that goes on in one app. `limit` is for each identity."""

    def __init__(self, watchdog: Watchdog, limit: int) -> None:
        self._watchdog = watchdog
        self._limit = limit
        self._going: dict[str, _Task] = {}
        self._ended: deque[_Task] = deque(maxlen=_REMEMBERED)
        self._is_over = False

    @property
    def longest_end(self) -> float:
        """Seconds that `stop` takes at most, unless somebody blocks the event loop."""
        return _GRACE if self._going else 0.0

    def start(self, owner: str, plugin: str, call: ToolCall, work: Lasting) -> str:
        """Start work of this owner's; its handle. Raises Denied if the owner has as much as is allowed."""
        mine = [task for task in self._going.values() if task.owner == owner]
        if self._is_over:
            raise Denied("The server is about to stop, so nothing is started that would go on.")
        if len(mine) >= self._limit:
            raise Denied(f"{len(mine)} things go on already, which is the most (tools.background).", hint="Stop one.")
        started = _Task(work=work, call=call, owner=owner)
        started.task = asyncio.create_task(started.live(), name=f"{call.tool.name} {started.handle}")
        self._going[started.handle] = started
        self._watchdog.begin(started.task, Work(plugin, f"what {call.tool.name} started", call.id))
        started.task.add_done_callback(started.ended)
        started.task.add_done_callback(lambda _: self._forget(started))
        return started.handle

    def find(self, owner: str, kind: type[L]) -> list[Outliving[L]]:
        """The owner's work of this kind, what has ended lately first."""
        mine = [task for task in (*self._ended, *self._going.values()) if task.owner == owner]
        return [
            Outliving(task.handle, task.work, task.why if task.is_over else "")
            for task in mine
            if isinstance(task.work, kind)
        ]

    async def end(self, owner: str, kind: type[L], handle: str) -> L | None:
        """Stop it, and wait until it has ended; None if the owner has no such work."""
        found = self._going.get(handle)
        if found is None or found.owner != owner or not isinstance(found.work, kind):
            return None
        await self._cancel([found], STOPPED)
        return found.work

    async def stop(self) -> None:
        """End all of it; what does not end in time is left behind, and said."""
        self._is_over = True
        await self._cancel(list(self._going.values()), APP_ENDED)
        for left in self._going.values():
            _log.error("What %s started did not end within %g s.", left.call.tool.name, _GRACE)

    async def _cancel(self, tasks: list[_Task], why: str) -> None:
        for each in tasks:
            each.why = each.why or why
            each.task.cancel()
        if tasks:
            await asyncio.wait([each.task for each in tasks], timeout=_GRACE)

    def _forget(self, ended: _Task) -> None:
        self._watchdog.end(ended.task)
        self._ended.append(self._going.pop(ended.handle))


@dataclass(frozen=True, kw_only=True)
class CallersBackground:
    """What one caller may see of it; see `mcp_kubernetes.calls.Background`."""

    background: Background
    owner: str
    plugin: str

    def start(self, call: ToolCall, work: Lasting) -> str:
        """Start work that outlives the call."""
        return self.background.start(self.owner, self.plugin, call.detached(), work)

    def find(self, kind: type[L]) -> Mapping[str, Outliving[L]]:
        """The caller's work of this kind, by handle."""
        return {found.handle: found for found in self.background.find(self.owner, kind)}

    async def stop(self, kind: type[L], handle: str) -> L | None:
        """Stop it; None if the caller has no such work."""
        return await self.background.end(self.owner, kind, handle)
