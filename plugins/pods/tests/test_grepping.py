"""Which lines a pattern finds: the same as a search in each line's text, and in bounded time whatever the pattern."""

from __future__ import annotations

import re
import threading
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mcp_kubernetes import InvalidArguments
from mcp_kubernetes_pods.grepping import Around, Filter, Pattern

STAMP = b"2026-11-29T13:20:49.123456789Z "
PATTERNS = [
    *("error", "^error", "r$", "^$", "", "a|b", "[^a]b", r"\berr"),
    *("2026", r"\d+", "(?i)ERROR", "e.*r", r"\Aerr", r"r\z", "(a+)+$", " e"),
]
TEXTS = st.lists(st.text(alphabet="aber 2\t", max_size=12) | st.just("error"), max_size=40)


def block(texts: list[str]) -> bytes:
    return b"".join(STAMP + text.encode() + b"\n" for text in texts)


def wanted(pattern: str, texts: list[str]) -> list[str]:
    return [text for text in texts if re.search(pattern.replace(r"\z", r"\Z"), text)]


@pytest.mark.parametrize("pattern", PATTERNS)
@settings(derandomize=True, max_examples=40, deadline=None)
@given(texts=TEXTS)
def test_a_pattern_finds_the_lines_whose_text_it_matches(pattern: str, texts: list[str]) -> None:
    found = [line for _, line in Around(Filter(wanted=[Pattern.of(pattern, "grep")]), 0).of(block(texts))]
    assert found == [STAMP + text.encode() for text in wanted(pattern, texts)]


@settings(derandomize=True, max_examples=100, deadline=None)
@given(texts=TEXTS, around=st.integers(1, 3), size=st.integers(1, 9))
def test_lines_around_are_the_same_wherever_blocks_end(texts: list[str], around: int, size: int) -> None:
    hits = [at for at, text in enumerate(texts) if "error" in text]
    near = sorted({n for at in hits for n in range(at - around, at + around + 1) if 0 <= n < len(texts)})
    search = Around(Filter(wanted=[Pattern.of("error", "grep")]), around)
    parts = [texts[at : at + size] for at in range(0, len(texts), size)]
    found = [each for part in parts for each in search.of(block(part))]
    assert found == [(at in hits, STAMP + texts[at].encode()) for at in near]


@settings(derandomize=True, max_examples=60, deadline=None)
@given(texts=TEXTS)
def test_what_is_excluded_is_left_out(texts: list[str]) -> None:
    kept = Filter(unwanted=Pattern.of("a", "exclude")).kept(block(texts))
    assert kept == block([text for text in texts if "a" not in text])
    both = Filter(wanted=[Pattern.of("b", "grep")], unwanted=Pattern.of("a", "exclude")).kept(block(texts))
    assert both == block([text for text in texts if "b" in text and "a" not in text])


@pytest.mark.parametrize("pattern", ["(?=a)", r"(a)\1", "(", "*", "a{1001}"])
def test_what_re2_does_not_take_is_refused_in_words(pattern: str) -> None:
    with pytest.raises(InvalidArguments, match=r"^grep is no regular expression that RE2 takes: .+\. RE2 has no"):
        Pattern.of(pattern, "grep")


def test_a_pattern_whose_search_would_take_long_is_refused() -> None:
    with pytest.raises(InvalidArguments, match="too large a pattern"):
        Pattern.of("(a?){900}b", "grep")


@pytest.mark.parametrize("pattern", ["(a+)+$", "(a|a)*b", "(a|aa)+c", "(.*)(.*)(.*)x$", "(a?){150}b", "([a-z]+)*9"])
def test_a_hostile_pattern_leaves_the_lock_to_other_threads(pattern: str) -> None:
    search = Filter(wanted=[Pattern.of(pattern, "grep")])
    lines = block(["a" * 3_000 + "!"] * 20)
    thread = threading.Thread(target=lambda: [search.kept(lines) for _ in range(5)])
    began = time.process_time()
    thread.start()
    longest, last = 0.0, time.perf_counter()
    while thread.is_alive():
        time.sleep(0)
        longest, last = max(longest, time.perf_counter() - last), time.perf_counter()
    assert longest < 2
    assert time.process_time() - began < 30
