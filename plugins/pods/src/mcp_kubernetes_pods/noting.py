"""What has to be said about logs beside their lines: what failed, what the kubelet no longer has, why there is none."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from mcp_kubernetes import Text, ToolCall
from mcp_kubernetes_pods import stamps
from mcp_kubernetes_pods.reading import Reading

if TYPE_CHECKING:
    from mcp_kubernetes_pods.asking import Question

_MOST_FAILURES = 5
_ROTATED_SECONDS = 5
"""Between a container's begin and its first line. Programs print earlier, and the kubelet rotates later."""


def note_readings(call: ToolCall, question: Question, readings: Sequence[Reading], stopped: str) -> None:
    """Say what was not read, or not to its end. Raises the error of a single log that could not be read."""
    _note_failures(call, readings)
    if stopped and question.follow_seconds is None:
        unread = sum(not reading.is_complete and not reading.error for reading in readings)
        call.notes.add(
            "Reading stopped because {why}: {unread} of {all} logs were not read to their end.",
            why=stopped, unread=unread, all=len(readings),
        )  # fmt: skip
    for reading in readings:
        _note_rotation(call, question, reading)


def _note_failures(call: ToolCall, readings: Sequence[Reading]) -> None:
    asked = [reading for reading in readings if not reading.source.added]
    if len(asked) == 1 and asked[0].error and not asked[0].lines:
        raise asked[0].error
    failed = [(one.source.name, one.error.message if one.error else one.said) for one in readings]
    told = [(name, why) for name, why in failed if why]
    for name, why in told[:_MOST_FAILURES]:
        call.notes.add("{name} could not be read: {why}", name=name, why=why)
    if len(told) > _MOST_FAILURES:
        call.notes.add("{n} more could not be read either.", n=len(told) - _MOST_FAILURES)


def _note_rotation(call: ToolCall, question: Question, reading: Reading) -> None:
    """The kubelet tells of no rotation; it shows where the first line there is came long after the container began."""
    began, first = reading.source.began, reading.first
    window = question.window
    if began is None or first is None or reading.is_full or window.since_seconds or window.since_time:
        return
    late = first / 1_000_000_000 - began.timestamp()
    if late > _ROTATED_SECONDS:
        call.notes.add(
            "{name} began {late} s before its first line here; the kubelet serves only the current file, so what it "
            "printed before, if anything, was rotated away.", name=reading.source.name, late=int(late),
        )  # fmt: skip


def why_none(question: Question, readings: Sequence[Reading]) -> Text:
    """An empty answer, and why it is empty."""
    read = sum(reading.lines for reading in readings)
    if question.place.until is not None:
        return Text("There are no older lines.")
    if all(reading.error or reading.said for reading in readings):
        return Text("No log could be read.")
    if question.filter and read:
        return Text("None of the {read} lines that were read match.", read=f"{read:,}")
    if question.window.since_seconds or question.window.since_time:
        return Text("Nothing was printed since then.")
    if len(readings) == 1 and (began := readings[0].source.began):
        since = stamps.shown(int(began.timestamp()) * 1_000_000_000)
        return Text("The log is empty: nothing was printed since {since}.", since=since)
    return Text("The logs are empty.")
