"""What is kept of long output: its beginning and its end, in bounded memory, and no credential without its mark."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from mcp_kubernetes.kube.containers.captured import Captured
from mcp_kubernetes.redact import redact

JWT = "eyJhbGciOiJSUzI1NiIsImtpZCI6IjEyMyJ9.eyJzdWIiOiJ0ZXN0LXVzZXIiLCJhIjoxfQ.c2lnbmF0dXJlLW9mLXRlc3Q"
KEY_LINE = "MIIEowIBAAKCAQEAplantedplantedplantedplantedplantedplanted"
KEY = "\n".join(["-----BEGIN RSA PRIVATE KEY-----", *[KEY_LINE] * 20, "-----END RSA PRIVATE KEY-----"])


def captured(data: bytes, limit: int, piece: int = 700) -> Captured:
    """The output, as it comes in pieces."""
    found = Captured(limit)
    for start in range(0, len(data), piece):
        found.feed(memoryview(data)[start : start + piece])
    return found


def test_what_fits_is_kept_whole_however_it_comes() -> None:
    text = "a€\U0001f600\n" * 50
    for piece in (1, 2, 3, 1_000):
        found = captured(text.encode(), 1_000, piece).excerpt(1_000)
        assert (found.text, found.left_out, found.is_text) == (text, 0, True)


def test_beginning_and_end_are_kept_and_the_rest_is_counted() -> None:
    lines = [f"line {number}" for number in range(10_000)]
    data = "\n".join(lines).encode()
    found = captured(data, 2_000).excerpt(2_000)
    head, gap, tail = found.text.partition(f"\n… {found.left_out:,} bytes are left out here …\n")
    assert gap
    assert data.decode().startswith(head)
    assert data.decode().endswith(tail)
    assert len(head) + len(tail) + found.left_out == len(data)
    assert min(len(head), len(tail)) > 800


def test_memory_does_not_grow_with_the_output() -> None:
    found = Captured(10_000)
    for _ in range(10_000):
        found.feed(memoryview(b"x" * 1_000))
        assert len(found._head) + len(found._tail) < 50_000
    assert found.size == 10_000_000


@settings(derandomize=True, max_examples=200, deadline=None)
@given(st.binary(max_size=3_000), st.integers(0, 2_000), st.integers(1, 500), st.integers(150, 2_000))
def test_no_excerpt_is_longer_than_asked_for(data: bytes, limit: int, piece: int, asked: int) -> None:
    found = captured(data, limit, piece)
    excerpt = found.excerpt(asked)
    assert found.size == len(data)
    assert len(excerpt.text.encode()) <= asked
    assert 0 <= excerpt.left_out <= len(data)


@settings(derandomize=True, max_examples=200, deadline=None)
@given(st.integers(0, 4_000), st.integers(0, 4_000), st.integers(200, 3_000), st.integers(1, 900))
def test_a_private_key_is_redacted_wherever_the_cut_is(before: int, after: int, limit: int, piece: int) -> None:
    data = "b " * (before // 2) + "\n" + KEY + "\n" + "a " * (after // 2)
    shown = redact(captured(data.encode(), limit, piece).excerpt(limit).text)
    assert KEY_LINE[-20:] not in shown


@settings(derandomize=True, max_examples=200, deadline=None)
@given(st.integers(0, 3_000), st.integers(0, 3_000), st.integers(250, 3_000), st.integers(1, 900))
def test_a_token_is_redacted_wherever_the_cut_is(before: int, after: int, limit: int, piece: int) -> None:
    data = "b " * (before // 2) + JWT + " a" * (after // 2)
    shown = redact(captured(data.encode(), limit, piece).excerpt(limit).text)
    assert "eyJ" not in shown
    assert JWT[-8:] not in shown


def test_a_key_longer_than_what_is_remembered_is_still_redacted() -> None:
    data = "x\n-----BEGIN PRIVATE KEY-----\n" + f"{KEY_LINE}\n" * 2_000 + "-----END PRIVATE KEY-----\nend\n"
    shown = redact(captured(data.encode(), 1_000).excerpt(1_000).text)
    assert KEY_LINE[-20:] not in shown
    cut_after = redact(captured((data + "more\n" * 100).encode(), 1_000).excerpt(1_000).text)
    assert cut_after.endswith("more\n")


def test_a_cut_through_a_character_does_not_make_a_text_look_like_bytes() -> None:
    for limit in range(400, 420):
        found = captured(("€" * 5_000).encode(), limit).excerpt(limit)
        assert found.left_out
        assert found.is_text
