"""The newest lines of many logs: the same as all of them sorted and cut, in the memory of an answer."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from mcp_kubernetes_pods import stamps
from mcp_kubernetes_pods.merging import Newest

TIMES = st.lists(st.integers(0, 12), max_size=60).map(sorted)
LOGS = st.lists(TIMES, min_size=1, max_size=4)
BEGAN = 1_795_958_400


def line(seconds: int, text: str) -> bytes:
    return f"{stamps.whole_second((BEGAN + seconds) * 1_000_000_000)} {text}".encode()


def merged(logs: list[list[int]], room: int, **place: int) -> Newest:
    newest = Newest(room, **place)
    for source, times in enumerate(logs):
        for number, time in enumerate(times):
            newest.add(source, [(True, line(time, f"{source}:{number}"))])
    return newest


def everything(logs: list[list[int]]) -> list[str]:
    lines = [(time, source, number) for source, times in enumerate(logs) for number, time in enumerate(times)]
    return [f"{source}:{number}" for _, source, number in sorted(lines)]


@settings(derandomize=True, max_examples=200, deadline=None)
@given(LOGS, st.integers(1, 200))
def test_the_end_of_all_lines_in_the_order_of_time_is_kept(logs: list[list[int]], room: int) -> None:
    newest = merged(logs, room)
    kept = [each.text.decode() for each in newest.kept()]
    assert kept == everything(logs)[len(everything(logs)) - len(kept) :]
    assert newest.dropped == len(everything(logs)) - len(kept)
    assert newest.dropped == 0 or sum(len(text) + 1 for text in kept) >= room
    assert sum(len(text) + 1 for text in kept[1:]) <= room


@settings(derandomize=True, max_examples=200, deadline=None)
@given(LOGS, st.integers(1, 7))
def test_pages_join_without_a_loss_or_a_repetition(logs: list[list[int]], page: int) -> None:
    seen: list[str] = []
    place: dict[str, int] = {}
    while True:
        newest = merged(logs, 10_000, **place)
        lines = newest.kept()
        if not lines:
            break
        first = max(len(lines) - page, 0)
        seen = [each.text.decode() for each in lines[first:]] + seen
        until, shown = newest.before(lines, first)
        place = {"until": until, "shown": shown}
    assert seen == everything(logs)


def test_times_of_other_zones_and_lines_without_a_time_find_their_place() -> None:
    newest = Newest(1_000)
    newest.add(0, [(True, b"2026-11-29T15:00:00.5+02:00 second"), (True, b"second, too")])
    newest.add(1, [(True, b"2026-11-29T13:00:00.100000000Z first"), (True, b"2026-11-29T13:00:01Z third")])
    assert [each.text.decode() for each in newest.kept()] == ["first", "second", "second, too", "third"]
    assert stamps.shown(newest.kept()[1].time) == "2026-11-29T13:00:00.500Z"
