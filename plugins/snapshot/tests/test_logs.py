"""The log of a container out of its pieces: which ones, in which order, how many lines, and since when."""

from __future__ import annotations

import gzip
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mcp_kubernetes_snapshot.files.log_text import Asked, LogText
from mcp_kubernetes_snapshot.files.logs import LogKey, key_of
from mcp_kubernetes_snapshot.files.sources import Extent

if TYPE_CHECKING:
    from conftest import OpeningFiles

BEGAN, ENDED = datetime(2026, 1, 1, 10, tzinfo=UTC), datetime(2026, 1, 1, 12, tzinfo=UTC)
LOG = "/api/v1/namespaces/shop/pods/a/log"
PLACE = "namespaces/shop/pods/a/c/c/logs"


def pod(restarts: int | None) -> dict[str, Any]:
    statuses = [] if restarts is None else [{"name": "c", "restartCount": restarts}]
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": "a", "namespace": "shop"},
        "spec": {"containers": [{"name": "c", "image": "i"}]},
        "status": {"containerStatuses": statuses},
    }


def whose(namespace: str, name: str, container: str, **more: Any) -> LogKey:
    return LogKey(namespace=namespace, pod=name, container=container, **more)


NAMES = {
    "x/namespaces/shop/pods/a/c/c/logs/current.log": whose("shop", "a", "c"),
    "x/namespaces/shop/pods/a/c/c/logs/current.insecure.log": whose("shop", "a", "c"),
    "x/namespaces/shop/pods/a/c/logs/previous.log": whose("shop", "a", "c", previous=True),
    "x/namespaces/shop/pods/a/c/c/logs/previous.insecure.log": whose("shop", "a", "c", previous=True),
    "x/namespaces/shop/pods/a/c/c/logs/rotated/3.log.20260101-100000": whose(
        "shop", "a", "c", rotated="3.log.20260101-100000"
    ),
    "namespaces/pods/pods/logs/logs/logs/logs/current.log": whose("pods", "logs", "logs"),
    "b/cluster-resources/pods/logs/shop/a/c.log": whose("shop", "a", "c"),
    "b/cluster-resources/pods/logs/shop/a/c-previous.log": whose("shop", "a", "c", previous=True),
    "b/logs/shop/a/c.log": whose("shop", "a", "c"),
    "b/logs/shop/a/c.log.1": whose("shop", "a", "c", previous=True),
    "b/kubecapture/core_v1/shop/pods/a/c/c.log": whose("shop", "a", "c"),
    "b/kubecapture/core_v1/shop/pods/a/c/other.log": None,
    "b/cluster-resources/pods/logs/shop/a/c-logs-errors.log": None,
    "b/logs/shop/a/notes.txt": None,
    "x/namespaces/shop/pods/a/c/c/logs/other.log": None,
    "x/namespaces/shop/pods/a/c/c/logs/rotated/other": None,
    "logs/current.log": None,
    "current.log": None,
}


@pytest.mark.parametrize("name", NAMES)
def test_whose_log_it_is_is_told_by_where_it_lies(name: str) -> None:
    assert key_of(PurePosixPath(name)) == NAMES[name]


@given(st.lists(st.sampled_from(["logs", "pods", "rotated", "current.log", "0.log.1", ".log", "..", "a"]), min_size=1))
def test_no_name_breaks_it(parts: list[str]) -> None:
    found = key_of(PurePosixPath(*parts))
    assert found is None or (found.namespace and found.pod and found.container)


def test_an_empty_file_of_the_run_before_says_that_there_was_none(opened_files: OpeningFiles) -> None:
    snapshot = opened_files({"a.json": pod(0), f"{PLACE}/current.log": "", f"{PLACE}/previous.log": ""})
    assert snapshot.ask(LOG).body == b""
    assert "its previous container was not recorded" in snapshot.get(LOG, previous="true")["message"]


@pytest.mark.parametrize("which", ["current", "previous"])
def test_where_one_way_to_read_a_log_failed_the_other_one_counts(opened_files: OpeningFiles, which: str) -> None:
    snapshot = opened_files({"a.json": pod(1), f"{PLACE}/{which}.log": "", f"{PLACE}/{which}.insecure.log": "one\n"})
    assert snapshot.ask(LOG, previous=str(which == "previous").lower()).body == b"one\n"


ROTATED = {
    "1.log.20260101-110000": "2026-01-01T11:00:00.5Z stderr F third\n",
    "1.log.20260101-100000": "2026-01-01T10:00:00.5Z stdout P fi\n2026-01-01T10:00:00.6Z stdout F rst\n"
    "2026-01-01T10:00:01Z stdout F second\n",
    "0.log.20260101-090000": "2026-01-01T09:00:00.123456789+02:00 stdout F before\n",
}
CURRENT = "2026-01-01T12:00:00.500000000Z last\n"


def rotated(restarts: int | None) -> dict[str, Any]:
    files = {f"{PLACE}/rotated/{name}": text for name, text in ROTATED.items()}
    return {"a.json": pod(restarts), f"{PLACE}/current.log": CURRENT, **files}


@pytest.mark.parametrize("restarts", [None, 1])
def test_what_was_put_aside_stands_before_the_rest_of_its_run(opened_files: OpeningFiles, restarts: int | None) -> None:
    snapshot = opened_files(rotated(restarts))
    assert snapshot.ask(LOG).body == b"first\nsecond\nthird\nlast\n"
    assert snapshot.ask(LOG, tailLines="3").body == b"second\nthird\nlast\n"
    assert snapshot.ask(LOG, tailLines="1").body == b"last\n"
    assert snapshot.ask(LOG, tailLines="0").body == b""
    assert snapshot.ask(LOG, tailLines="9").body == b"first\nsecond\nthird\nlast\n"
    assert snapshot.ask(LOG, sinceTime="2026-01-01T11:00:00Z").body == b"third\nlast\n"
    assert snapshot.ask(LOG, timestamps="true", limitBytes="37").body == b"2026-01-01T10:00:00.500000000Z first\n"
    assert snapshot.ask(LOG, previous="true").body == b"before\n"


def test_of_a_log_without_a_line_break_at_its_end_no_line_is_lost(opened_files: OpeningFiles) -> None:
    snapshot = opened_files({"a.json": pod(0), f"{PLACE}/current.log": "one\ntwo"})
    assert [snapshot.ask(LOG, tailLines=tail).body for tail in "0123"] == [b"", b"two", b"one\ntwo", b"one\ntwo"]


def test_the_number_of_restarts_tells_which_run_they_are_of(opened_files: OpeningFiles) -> None:
    snapshot = opened_files(rotated(0))
    assert snapshot.ask(LOG).body == b"before\nlast\n"


def test_compressed_ones_are_read_like_the_others(opened_files: OpeningFiles, tmp_path: Path) -> None:
    (tmp_path / PLACE / "rotated").mkdir(parents=True)
    for name, text in ROTATED.items():
        (tmp_path / PLACE / "rotated" / f"{name}.gz").write_bytes(gzip.compress(text.encode()))
    snapshot = opened_files({"a.json": pod(1), f"{PLACE}/current.log": CURRENT})
    assert snapshot.ask(LOG).body == b"first\nsecond\nthird\nlast\n"
    assert snapshot.left_out == []


def test_times_in_the_zone_of_a_node_are_compared_as_what_they_are(opened_files: OpeningFiles) -> None:
    lines = [f"2026-01-01T1{hour}:00:00.000000000+02:00 {hour}\n" for hour in range(3)]
    snapshot = opened_files({"a.json": pod(0), f"{PLACE}/current.log": "".join(lines)})
    assert snapshot.ask(LOG, sinceTime="2026-01-01T09:00:00Z").body == b"1\n2\n"
    assert snapshot.ask(LOG, sinceTime="2026-01-01T12:00:00+02:00").body == b"2\n"
    assert "no time as in RFC 3339" in snapshot.get(LOG, sinceTime="yesterday")["message"]


def test_what_a_program_wrote_of_the_time_itself_stays(opened_files: OpeningFiles) -> None:
    text = "2026-01-01T10:00:00.123Z INFO one\n2026-01-01T10:00:00Z two\n"
    snapshot = opened_files({"a.json": pod(0), "cluster-resources/pods/logs/shop/a/c.log": text})
    assert snapshot.ask(LOG).body == text.encode()
    stamped = snapshot.ask(LOG, timestamps="true")
    assert stamped.body.endswith(b"Z 2026-01-01T10:00:00Z two\n")
    assert "recorded without times" in stamped.headers["warning"]


def log_of(text: bytes) -> LogText:
    return LogText(rotated=(), written=Extent(0, 0, len(text)), read=lambda e: text[e.offset : e.offset + e.size])


def as_lines(text: bytes) -> list[bytes]:
    return text.removesuffix(b"\n").split(b"\n") if text else []


LINES = st.lists(st.sampled_from([b"", b"a", b"b\r", b"c" * 50]), max_size=30).map(b"\n".join)


@given(LINES, st.integers(0, 40))
def test_the_last_lines_are_the_last_lines(text: bytes, wanted: int) -> None:
    found = log_of(text).lines(Asked(ended=ENDED, tail=wanted))
    assert as_lines(found) == (as_lines(text)[-wanted:] if wanted else [])
    assert text.endswith(found)


@given(LINES, st.integers(1, 40))
def test_each_line_without_a_time_keeps_the_one_that_it_was_given(text: bytes, wanted: int) -> None:
    whole = log_of(text).lines(Asked(began=BEGAN, ended=ENDED, stamps=True))
    found = log_of(text).lines(Asked(began=BEGAN, ended=ENDED, stamps=True, tail=wanted))
    stamps = [line.partition(b" ")[0] for line in as_lines(whole)]
    assert whole.endswith(found)
    assert stamps == sorted(set(stamps))
    assert [line.partition(b" ")[2] for line in as_lines(whole)] == as_lines(text)


def test_a_log_without_times_has_the_bounds_of_its_run() -> None:
    assert as_lines(log_of(b"one\ntwo\nthree").lines(Asked(began=BEGAN, ended=ENDED, stamps=True))) == [
        b"2026-01-01T10:00:00.000000000Z one",
        b"2026-01-01T11:59:59.999999999Z two",
        b"2026-01-01T12:00:00.000000000Z three",
    ]


def test_of_a_long_log_no_more_is_read_than_its_end() -> None:
    text = b"".join(b"2026-01-01T10:00:00.000000000Z %d\n" % number for number in range(200_000))
    seen: list[int] = []

    def read(extent: Extent) -> bytes:
        seen.append(extent.size)
        return text[extent.offset : extent.offset + extent.size]

    log = LogText(rotated=(), written=Extent(0, 0, len(text)), read=read)
    assert log.lines(Asked(ended=ENDED, tail=2)) == b"199998\n199999\n"
    assert sum(seen) * 4 < len(text)
