"""Text that arrives in pieces: whole lines come out, and no credential however it was cut."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mcp_kubernetes.kube.secrecy.lines import LONGEST_KEY, LONGEST_LINE, Lines

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJhbGljZSJ9.c2lnbmF0dXJlLXNpZ25hdHVyZQ"
KEY = [
    "-----BEGIN RSA PRIVATE KEY-----",
    "TUlJRXBBSUJBQUtDQVFFQXNlY3JldC1zZWNyZXQ",
    "c2VjcmV0LXNlY3JldC1zZWNyZXQtc2VjcmV0LXM",
    "-----END RSA PRIVATE KEY-----",
]
SECRETS = [*JWT.split(".")[1:], *KEY[1:3], "YWRtaW46c2VjcmV0c2VjcmV0"]
PLAIN = st.text(alphabet="abc eyJ.-=\t\x00é", max_size=30)
SECRET = st.sampled_from([JWT, "Authorization: Bearer YWRtaW46c2VjcmV0c2VjcmV0", " ".join(KEY), "\\n".join(KEY)])
LINES = st.lists(
    st.one_of(PLAIN, SECRET, st.builds("{} {}".format, PLAIN, SECRET), st.just("\n".join(KEY))), max_size=12
)
CUTS = st.lists(st.integers(1, 40), min_size=1, max_size=20)


def fed(text: bytes, *sizes: int) -> bytes:
    """The text in pieces of these sizes, in turns."""
    lines, out, at, turn = Lines(), b"", 0, 0
    while at < len(text):
        size = sizes[turn % len(sizes)]
        out += lines.feed(text[at : at + size])
        at, turn = at + size, turn + 1
    return out + lines.end()


@settings(derandomize=True, max_examples=150, deadline=None)
@given(LINES, CUTS)
def test_however_it_is_cut_the_same_comes_out_and_no_credential(lines: list[str], cuts: list[int]) -> None:
    text = "\n".join(lines).encode()
    found = fed(text, *cuts)
    assert found == fed(text, 1_000_000)
    for secret in SECRETS:
        assert secret.encode() not in found


@settings(derandomize=True, max_examples=80, deadline=None)
@given(st.lists(st.text(alphabet="abc xyz\té", max_size=30), max_size=20), CUTS)
def test_text_without_credentials_comes_out_as_it_went_in(lines: list[str], cuts: list[int]) -> None:
    text = "\n".join(lines).encode()
    assert fed(text, *cuts) == text


def test_a_private_key_is_removed_although_each_of_its_lines_has_a_timestamp() -> None:
    stamped = [f"2026-11-29T13:20:0{number}.000000000Z {line}" for number, line in enumerate(["before", *KEY, "after"])]
    for size in (1, 7, 64, 10_000):
        found = fed("\n".join(stamped).encode() + b"\n", size).decode()
        assert [line.split(" ", 1)[1] for line in found.splitlines()] == ["before", "<redacted>", "after"]


def test_a_key_without_an_end_takes_no_more_along_than_a_key_is_long() -> None:
    rest = [f"line {number}" for number in range(10_000)]
    text = "\n".join([KEY[0], *rest, ""]).encode()
    found = {fed(text, size) for size in (999, 4_096, 1_000_000)}
    assert len(found) == 1
    kept = found.pop().decode().splitlines()
    assert kept[0] == "<redacted>"
    assert kept[1:] == rest[len(rest) - len(kept) + 1 :]
    assert 0 < len(text) - len("\n".join(kept)) - LONGEST_KEY < 200


@pytest.mark.parametrize("size", [1_000, 65_537, 1_000_000])
def test_a_line_that_is_too_long_says_what_is_missing_and_is_cut_in_no_word(size: int) -> None:
    text = b"x " * (LONGEST_LINE // 2 - 20) + JWT.encode() + b" y" * 100_000 + b"\nnext\n"
    first, second, _ = fed(text, size).decode().split("\n")
    found = re.search(r"…\(\+([\d,]+) bytes\)\Z", first)
    assert found
    assert second == "next"
    assert JWT[:10] not in first
    assert len(first) < LONGEST_LINE + 30
    assert int(found[1].replace(",", "")) + len(first) - len(found[0]) == len(text) - len("\nnext\n")


def test_a_line_that_never_ends_takes_little_memory_and_time() -> None:
    lines = Lines()
    began = time.perf_counter()
    for _ in range(400):
        assert lines.feed(b"A" * 65_536) == b""
    assert time.perf_counter() - began < 5
    assert len(lines.end()) < LONGEST_LINE + 30
