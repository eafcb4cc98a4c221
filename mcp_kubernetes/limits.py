"""Fairness between the users of one server: whose call begins now, whose waits in line, and who is to come back later.

Each user has a line. Places that become free go round the lines, so a flood waits behind itself: whoever floods does
not get more turns than others, and others do not wait longer than for one turn of each. Waiting costs next to nothing,
and slows down those who wait for an answer before they ask again; what is refused at once would only be asked again.
"""

from __future__ import annotations

import asyncio
import math
import time
from collections import OrderedDict, deque
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mcp_kubernetes.errors import Busy
from mcp_kubernetes.kube.wire.limiter import TokenBucket

if TYPE_CHECKING:
    from mcp_kubernetes.calls import ToolCall
    from mcp_kubernetes.pipeline import Proceed
    from mcp_kubernetes.results import Answer
    from mcp_kubernetes.settings import LimitSettings

_MOST_LINES = 4_096
"""Users that are remembered. One that is forgotten may burst anew."""

_NOTED_WAIT = 1.0


@dataclass(eq=False)
class _Line:
    """One user's calls: how many run, which wait, the longest first, and how fast they may begin."""

    user: str
    bucket: TokenBucket
    running: int = 0
    waiting: deque[asyncio.Future[None]] = field(default_factory=deque)

    @property
    def idle(self) -> bool:
        return not self.running and not self.waiting


class Turns:
    """The host's step in the pipeline that lets a call begin when it is its turn."""

    def __init__(self, settings: LimitSettings, clock: Callable[[], float] = time.monotonic) -> None:
        self._settings = settings
        self._clock = clock
        self._running = 0
        self._lines: dict[str, _Line] = {}
        self._in_turn: OrderedDict[str, _Line] = OrderedDict()
        self._timer: asyncio.TimerHandle | None = None

    async def __call__(self, call: ToolCall, proceed: Proceed) -> Answer:
        """Let the call proceed when it is its turn. Raises Busy where the line is full, or its time is up before."""
        async with self._turn(call):
            return await proceed(call)

    def refusal(self, user: str) -> Busy | None:
        """Why one more call of this user would not even be let into the line, if so."""
        line = self._lines.get(user)
        if line is None or self._begins(line) or len(line.waiting) < self._settings.waiting:
            return None
        return Busy(
            f"{line.running} calls of yours run and {len(line.waiting)} wait, the most that this server takes from one "
            "user.",
            retry_after=self._seconds(line),
        )

    @asynccontextmanager
    async def _turn(self, call: ToolCall) -> AsyncIterator[None]:
        user = call.identity.key
        if refused := self.refusal(user):
            raise refused
        line = self._line(user)
        await self._begun(line, call)
        try:
            yield
        finally:
            self._end(line)

    def _line(self, user: str) -> _Line:
        if user not in self._lines:
            if len(self._lines) >= _MOST_LINES:
                self._lines = {key: line for key, line in self._lines.items() if not line.idle}
            bucket = TokenBucket(self._settings.rate, self._settings.burst, self._clock)
            self._lines[user] = _Line(user, bucket)
        return self._lines[user]

    async def _begun(self, line: _Line, call: ToolCall) -> None:
        if self._begins(line):
            self._begin(line)
            return
        began = self._clock()
        turn = asyncio.get_running_loop().create_future()
        line.waiting.append(turn)
        self._in_turn[line.user] = line
        self._serve()
        try:
            async with asyncio.timeout_at(call.deadline):
                await turn
        except BaseException as error:
            self._leave(line, turn)
            if isinstance(error, TimeoutError):
                raise self._in_vain(line, call) from None
            raise
        _note(call, self._clock() - began)

    def _leave(self, line: _Line, turn: asyncio.Future[None]) -> None:
        """Nobody waits any more. The turn may have come in this very moment, and then goes to another."""
        if turn in line.waiting:
            line.waiting.remove(turn)
        elif turn.done() and not turn.cancelled():
            self._end(line)

    def _in_vain(self, line: _Line, call: ToolCall) -> Busy:
        return Busy(
            f"This call waited {call.timeout:g} s for its turn and was not begun: {line.running} calls of yours run, "
            f"and {self._running} of all users.",
            retry_after=self._seconds(line),
        )

    def _has_place(self, line: _Line) -> bool:
        return self._running < self._settings.all_calls and line.running < self._settings.calls

    def _begins(self, line: _Line) -> bool:
        """Whether a call that comes now begins at once."""
        return not line.waiting and self._has_place(line) and not line.bucket.wait

    def _begin(self, line: _Line) -> None:
        line.bucket.take()
        line.running += 1
        self._running += 1

    def _end(self, line: _Line) -> None:
        line.running -= 1
        self._running -= 1
        self._serve()

    def _serve(self) -> None:
        """Give free places away, one to each line in turn, and come back when the next call may begin."""
        while line := next(filter(self._is_served, self._in_turn.values()), None):
            self._in_turn.move_to_end(line.user)
            turn = line.waiting.popleft()
            if not line.waiting:
                del self._in_turn[line.user]
            if not turn.done():  # whoever gave up is about to say so
                self._begin(line)
                turn.set_result(None)
        self._come_back()

    def _is_served(self, line: _Line) -> bool:
        return bool(line.waiting) and self._has_place(line) and not line.bucket.wait

    def _come_back(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        waits = [line.bucket.wait for line in self._in_turn.values() if line.waiting and self._has_place(line)]
        self._timer = asyncio.get_running_loop().call_later(min(waits), self._serve) if waits else None

    def _seconds(self, line: _Line) -> int:
        """About when it is worth another try."""
        ahead = len(line.waiting) / self._settings.rate if self._settings.rate else 0.0
        return max(1, math.ceil(ahead + line.bucket.wait))


def _note(call: ToolCall, seconds: float) -> None:
    if seconds > _NOTED_WAIT:
        call.notes.add("The call waited {s} s for its turn at this server (limits).", s=f"{seconds:.1f}")
