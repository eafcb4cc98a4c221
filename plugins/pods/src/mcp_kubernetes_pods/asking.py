"""What was asked for: which lines, in which window of time, and from where on; and how the API server is asked."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Annotated

from pydantic import AwareDatetime, Field

from mcp_kubernetes import InvalidArguments, LogOptions, ToolCall
from mcp_kubernetes_pods import stamps
from mcp_kubernetes_pods.grepping import Filter, Pattern
from mcp_kubernetes_pods.sources import Source

_LONGEST_PATTERN = 1_000
_SHORTEST_LINE = 32
"""Bytes: tells how many lines the answer may hold, so how many are asked for where all are wanted."""

_CRASH_LINES = 20
"""Of a run that crashed, whose end comes along unasked."""

_FURTHER = 4
"""Times as many lines are read for each page that goes back."""

_RESERVE = 3.0
"""Seconds of a call that are kept for what comes after reading."""

Expression = Annotated[str | None, Field(min_length=1, max_length=_LONGEST_PATTERN)]


@dataclass(frozen=True, kw_only=True)
class Window:
    """Which lines of a log, as the API server can tell them."""

    tail_lines: Annotated[int | None, Field(ge=1, description="Of each, before grep.")] = None
    since_seconds: Annotated[int | None, Field(ge=1, description="Only newer.")] = None
    since_time: Annotated[AwareDatetime | None, Field(description="Only newer.")] = None
    previous: Annotated[bool, Field(description="The run before the restart.")] = False

    @property
    def since(self) -> str | None:
        """The time that was given, as the API server takes it."""
        return self.since_time.isoformat() if self.since_time else None


@dataclass(frozen=True, kw_only=True)
class Matching:
    """Which lines by their text."""

    grep: Annotated[Expression, Field(description="RE2 expression.")] = None
    exclude: Annotated[Expression, Field(description="The reverse.")] = None
    lines_around: Annotated[int, Field(ge=0, le=50, description="Around each hit.")] = 0

    def filter(self, template: Sequence[str]) -> Filter:
        """With the lines of one template of a summary alone, if there is one. Raises InvalidArguments."""
        wanted = [Pattern.whole(template)] if template else []
        wanted += [Pattern.of(self.grep, "grep")] if self.grep else []
        return Filter(wanted=wanted, unwanted=Pattern.of(self.exclude, "exclude") if self.exclude else None)


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where to go on from: `shown` lines of the time `until`, and all newer ones, were shown already.

    `tail` is how many lines are read now, `since` from when; `template` is that of a summary whose lines are wanted.
    """

    until: int | None = None
    shown: int = 0
    tail: int | None = None
    since: str | None = None
    template: Sequence[str] = ()

    def cursor(self, call: ToolCall) -> str:
        """For a client to come back with."""
        return call.cluster.cursor({name: value for name, value in vars(self).items() if value})


@dataclass(frozen=True, kw_only=True)
class Question:
    """One call of the tool."""

    window: Window
    matching: Matching
    timestamps: bool
    follow_seconds: int | None
    place: Place
    filter: Filter
    summarize: bool

    @property
    def default_tail(self) -> bool:
        """Whether it is for us to say how many lines are read."""
        return not self.filter and not self.summarize and self.window.tail_lines is None

    def options(self, call: ToolCall, source: Source) -> LogOptions:
        """How the API server is asked for one log."""
        since = self.place.since or self.window.since
        return LogOptions(
            container=source.container,
            previous=source.previous,
            follow=self.follow_seconds is not None and not source.previous,
            timestamps=True,
            tail_lines=_CRASH_LINES if source.added else self._tail(call),
            since_seconds=None if since else self.window.since_seconds,
            since_time=since,
            seconds=max(call.deadline - asyncio.get_running_loop().time(), 1.0),
        )

    def _tail(self, call: ToolCall) -> int | None:
        if not self.default_tail:
            return None if self.place.since else self.window.tail_lines
        return self.place.tail or call.budget.left // _SHORTEST_LINE

    def further_back(self, options: LogOptions) -> Question:
        """The same, with more lines read than by `options`."""
        return replace(self, place=replace(self.place, tail=_FURTHER * (options.tail_lines or 0)))

    def seconds(self, call: ToolCall) -> float:
        """How long to read."""
        left = max(call.deadline - asyncio.get_running_loop().time() - _RESERVE, 0.5)
        return left if self.follow_seconds is None else min(left, self.follow_seconds)

    def since(self, call: ToolCall, first: int | None) -> str | None:
        """From when on the next page reads: what is counted from now or from the end would move. `first` is in ns."""
        if since := self.place.since or self.window.since:
            return since
        if self.window.since_seconds:
            return (call.now - timedelta(seconds=self.window.since_seconds)).isoformat()
        return None if first is None or self.window.tail_lines is None else stamps.whole_second(first)


def checked(window: Window, matching: Matching, follow_seconds: int | None, cursor: str | None) -> None:
    """Refuse what would have no effect. Raises InvalidArguments."""
    if window.since_seconds and window.since_time:
        raise InvalidArguments("sinceSeconds and sinceTime exclude each other.", hint="Give one of them.")
    if window.previous and follow_seconds is not None:
        raise InvalidArguments("A run that has ended prints no more.", hint="Leave followSeconds or previous out.")
    if matching.lines_around and not matching.grep:
        raise InvalidArguments("linesAround has no effect without grep.", hint="Leave it out, or give grep.")
    if cursor and follow_seconds is not None:
        raise InvalidArguments("continue goes back to older lines.", hint="Leave followSeconds out.")
