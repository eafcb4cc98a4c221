"""Noticing code that blocks the event loop: one loop serves every call, so what blocks it stops them all.

asyncio tells of such code in its debug mode alone, afterwards and without a name. Here the loop notes when it turns,
as long as there is work in hand, and a thread reads that. When the note grows old, the log says whose code holds the
loop up, while it does. Code that keeps the interpreter's lock, as in one long regular expression, is named as soon as
it lets go of that.
"""

from __future__ import annotations

import asyncio
import logging
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from traceback import StackSummary, walk_stack
from types import FrameType
from typing import Any, NamedTuple

_log = logging.getLogger(__name__)

LIMIT = 1.0
"""Seconds for which the loop may stand still. No setting: nothing is stopped by it, and no code that keeps to the
rules (5 ms at a time) comes near it, even on a machine that is short of CPUs."""

_NAMED = 5


Task = asyncio.Task[Any] | None
"""Nothing stands for code that runs in no task."""


class Work(NamedTuple):
    """What a task does: a tool of a plugin, for the call of that id, or something else that has a name.

    A tuple, because one is made for every call.
    """

    plugin: str
    name: str
    call: str = ""

    def __str__(self) -> str:
        return f"the tool {self.name} (call {self.call})" if self.call else self.name


@dataclass(frozen=True, kw_only=True)
class _Block:
    """Who blocks the loop, in what, and where: the plugin's own innermost line if there is one."""

    plugin: str
    work: str
    place: str
    stack: StackSummary


class Watchdog:
    """Watches one loop, that of whoever starts it. Its thread sleeps while there is no work.

    `packages` names the plugins whose code is in a top-level package.
    """

    def __init__(self, packages: Mapping[str, Sequence[str]], limit: float = LIMIT) -> None:
        self._packages = packages
        self._limit = limit
        self._interval = limit / 10
        self._work: dict[Task, Work] = {}
        self._turned = 0.0
        self._next: asyncio.TimerHandle | None = None
        self._busy, self._stopped = threading.Event(), threading.Event()

    def start(self) -> None:
        """Watch the running loop from now on."""
        self._loop = asyncio.get_running_loop()
        self._watched = threading.get_ident()
        self._stopped.clear()
        self._thread = threading.Thread(target=self._watch, name="watchdog", daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Watch no longer. The thread has ended then, unless somebody keeps it from writing to the log."""
        self._stopped.set()
        self._busy.set()
        self._thread.join(self._limit)

    def begin(self, task: Task, work: Work) -> None:
        """From now on `task` does this work. `end` has to follow."""
        self._work[task] = work
        if self._next is None:
            self._turn()
        if not self._busy.is_set():
            self._busy.set()

    def end(self, task: Task) -> None:
        """The work of `task` is done."""
        self._work.pop(task, None)

    def _turn(self) -> None:
        """Note that the loop turns, and do so again while there is work."""
        self._turned = time.monotonic()
        self._next = asyncio.get_running_loop().call_later(self._interval, self._turn) if self._work else None

    def _watch(self) -> None:
        while not self._stopped.is_set():
            if not self._work:
                self._rest()
            elif (left := self._turned + self._limit - time.monotonic()) > 0:
                self._stopped.wait(left)
            else:
                self._look_at(self._turned)

    def _rest(self) -> None:
        """Sleep until there is work; it may have come between the last look and the clearing of the event."""
        self._busy.clear()
        if not self._work and not self._stopped.is_set():
            self._busy.wait()

    def _look_at(self, turned: float) -> None:
        """Name who blocks the loop since it turned last, and wait for its next turn."""
        block = self._block()
        if self._turned != turned:  # the block ended while we looked: it may be another's code that we saw
            return
        if block:
            self._report(block, time.monotonic() - turned)
        while self._turned == turned and not self._stopped.wait(self._interval):
            pass
        if block and self._turned != turned:
            took = self._turned - turned
            _log.warning("The event loop turns again: the plugin %r blocked it for %.1f s.", block.plugin, took)

    def _report(self, block: _Block, seconds: float) -> None:
        _log.warning(
            "The plugin %r blocks the event loop, for %.1f s so far, at %s, in %s. Nothing else is served meanwhile.",
            block.plugin, seconds, block.place, block.work,
        )  # fmt: skip
        if _log.isEnabledFor(logging.DEBUG):
            _log.debug("Where the event loop is blocked:\n%s", "".join(block.stack.format()))

    def _block(self) -> _Block | None:
        """Who holds the loop up at this moment; None if it is nobody's work."""
        work = self._work.get(asyncio.current_task(self._loop))
        frames = list(walk_stack(sys._current_frames()[self._watched]))  # noqa: SLF001 - documented, for debugging
        place, owners = next(((f, found) for f in frames if (found := self._owners(f[0]))), (frames[0], ()))
        if work is None and not owners:
            return None
        plugin = work.plugin if work and (work.plugin in owners or not owners) else owners[0]
        stack = StackSummary.extract(reversed(frames), lookup_lines=False)
        return _Block(plugin=plugin, work=str(work) if work else self._beside(), place=_place(*place), stack=stack)

    def _owners(self, frame: FrameType) -> Sequence[str]:
        return self._packages.get(str(frame.f_globals.get("__name__")).partition(".")[0], ())

    def _beside(self) -> str:
        """A task that the plugin has started by itself may belong to any work in hand."""
        names = sorted({str(work) for work in list(self._work.values())})
        return f"a task of its own, beside {', '.join(names[:_NAMED])}"


def _place(frame: FrameType, line: int) -> str:
    return f"{frame.f_code.co_filename}:{line} ({frame.f_code.co_name})"
