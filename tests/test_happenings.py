"""Events are counted in bounded memory, and ages are told as kubectl tells them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest

from mcp_kubernetes import Happenings, age, duration, instant

START = datetime(2026, 1, 1, tzinfo=UTC)


def event(number: int, **more: object) -> SimpleNamespace:
    time = (START + timedelta(seconds=number)).isoformat()
    return SimpleNamespace(**(dict.fromkeys(Happenings.PATHS) | {"message": f"m{number}", "last": time, **more}))


def test_only_the_newest_are_kept_of_very_many_and_that_is_known() -> None:
    happenings = Happenings(10)
    for number in range(5_000):
        happenings.take(event(number))
    newest = happenings.newest()
    assert len(newest) < 2_000
    assert [happening.message for happening, _ in newest[:2]] == ["m4999", "m4998"]
    assert happenings.overflowed


def test_few_are_all_kept() -> None:
    happenings = Happenings(1)
    for number in range(100):
        happenings.take(event(number))
    assert len(happenings.newest()) == 100
    assert not happenings.overflowed


def test_times_within_one_second_keep_their_order_however_they_are_written() -> None:
    happenings = Happenings(10)
    happenings.take(event(0, message="later", last="2026-01-01T00:00:00.500000Z"))
    happenings.take(event(0, message="earlier", last="2026-01-01T00:00:00Z"))
    assert [happening.message for happening, _ in happenings.newest()] == ["later", "earlier"]


def test_an_event_without_any_time_is_the_oldest() -> None:
    happenings = Happenings(10)
    happenings.take(event(0, message="none", last=None))
    happenings.take(event(0, message="broken", last="yesterday"))
    happenings.take(event(0, message="some"))
    assert happenings.newest()[0][0].message == "some"


@pytest.mark.parametrize(
    ("seconds", "told"),
    [(-5, "0s"), (0, "0s"), (59, "59s"), (60, "1m"), (90, "1m30s"), (660, "11m"), (3_660, "1h1m"), (100_000, "1d3h")],
)
def test_an_age_has_two_units_at_most(seconds: int, told: str) -> None:
    assert age(START - timedelta(seconds=seconds), START) == told


def test_a_time_span_is_read_back() -> None:
    assert duration("1d2h3m4s") == timedelta(days=1, hours=2, minutes=3, seconds=4)


@pytest.mark.parametrize("text", [None, 5, "", "2026-01-01T00:00:00", "x"])
def test_what_is_no_time_with_its_zone_is_none(text: object) -> None:
    assert instant(text) is None
