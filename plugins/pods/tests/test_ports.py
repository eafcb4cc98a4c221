"""How ports are written: whatever comes is a pair of ports, or refused without being repeated."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mcp_kubernetes import InvalidArguments
from mcp_kubernetes_pods.ports import PortPair, pairs

PORT = st.integers(1, 65_535)
NAME = st.from_regex(r"[a-z](-?[a-z0-9]){0,7}", fullmatch=True)


@pytest.mark.parametrize(
    ("written", "local", "remote"),
    [
        ("80", None, "80"),
        ("8080:80", 8080, "80"),
        ("0:80", 0, "80"),
        (":80", 0, "80"),
        ("http", None, "http"),
        ("8080:http", 8080, "http"),
    ],
)
def test_they_are_written_like_kubectl_s(written: str, local: int | None, remote: str) -> None:
    assert pairs([written]) == (PortPair(local=local, remote=remote),)


@pytest.mark.parametrize(
    "written", ["", ":", "0", "65536", "65536:1", "1:65536", "a:1", "1:2:3", "-1", "1:", "1 2", "a-", "a--b", "A", "٣"]
)
def test_what_is_no_port_is_refused_by_its_place(written: str) -> None:
    sentence = r"^ports\.1 is no port\. Write \[LOCAL:\]REMOTE, such as 8080:80, 8080 or 0:http\.$"
    with pytest.raises(InvalidArguments, match=sentence):
        pairs(["80", written])


def test_one_local_port_cannot_lead_to_two_places_and_any_free_one_can_be_asked_for_twice() -> None:
    with pytest.raises(InvalidArguments, match="one local port twice"):
        pairs(["8080:80", "8080:81"])
    assert len(pairs(["0:80", "0:81"])) == 2


@settings(derandomize=True, deadline=None)
@given(st.none() | st.integers(0, 65_535), PORT.map(str) | NAME)
def test_what_was_written_is_what_is_read(local: int | None, remote: str) -> None:
    written = remote if local is None else f"{local}:{remote}"
    assert pairs([written]) == (PortPair(local=local, remote=remote),)


@settings(derandomize=True, deadline=None)
@given(st.lists(st.text(max_size=12), max_size=4))
def test_no_text_fails_in_another_way(written: list[str]) -> None:
    try:
        found = pairs(written)
    except InvalidArguments:
        return
    assert all(pair.number is None or 0 < pair.number < 65_536 for pair in found)
    assert all(pair.local is None or 0 <= pair.local < 65_536 for pair in found)
