from __future__ import annotations

import base64
import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mcp_kubernetes.errors import InvalidArguments
from mcp_kubernetes.seal import NotSealedHere, Seal

VALUE = {"token": "planted", "skip": 3, "namespace": None}
JSON = st.dictionaries(
    st.text(max_size=8), st.none() | st.booleans() | st.integers() | st.text(max_size=20), max_size=4
)


@pytest.fixture
def seal() -> Seal:
    return Seal.fresh()


def test_what_was_sealed_is_opened_by_the_same_question(seal: Seal) -> None:
    assert seal.bound("alice", "pods").open(seal.bound("alice", "pods").seal(VALUE)) == VALUE


@settings(derandomize=True, deadline=None)
@given(value=JSON, question=st.lists(st.text(max_size=8), max_size=4))
def test_anything_comes_back_as_it_was(value: dict[str, object], question: list[str]) -> None:
    sealer = Seal.fresh().bound(*question)
    assert sealer.open(sealer.seal(value)) == value


@settings(derandomize=True, deadline=None)
@given(one=st.lists(st.text(max_size=5), max_size=4), other=st.lists(st.text(max_size=5), max_size=4))
def test_only_the_same_question_opens_it(one: list[str], other: list[str]) -> None:
    seal = Seal.fresh()
    sealed = seal.bound(*one).seal(VALUE)
    if one == other:
        assert seal.bound(*other).open(sealed) == VALUE
    else:
        with pytest.raises(InvalidArguments):
            seal.bound(*other).open(sealed)


def test_another_process_cannot_open_it(seal: Seal) -> None:
    with pytest.raises(InvalidArguments, match="a key that this server does not have: that of another replica, or one"):
        Seal.fresh().bound("q").open(seal.bound("q").seal(VALUE))


def test_each_byte_of_it_counts(seal: Seal) -> None:
    sealer = seal.bound("q")
    sealed = base64.urlsafe_b64decode(sealer.seal(VALUE) + "==")
    for place in range(len(sealed)):
        changed = bytes([*sealed[:place], sealed[place] ^ 1, *sealed[place + 1 :]])
        with pytest.raises(InvalidArguments):
            sealer.open(base64.urlsafe_b64encode(changed).decode())


@settings(derandomize=True, deadline=None)
@given(st.text(max_size=200) | st.binary(max_size=200).map(lambda data: base64.urlsafe_b64encode(data).decode()))
def test_what_was_never_sealed_is_refused_in_one_way(text: str) -> None:
    with pytest.raises(InvalidArguments) as caught:
        Seal.fresh().bound("q").open(text)
    assert caught.value.hint == "Start again without `continue`."


@pytest.mark.parametrize("cut", [1, 5, 20])
def test_a_cut_text_is_refused(seal: Seal, cut: int) -> None:
    with pytest.raises(InvalidArguments):
        seal.bound("q").open(seal.bound("q").seal(VALUE)[:-cut])


def test_it_tells_nothing_and_never_looks_the_same_twice(seal: Seal) -> None:
    first, second = (seal.bound("question").seal(VALUE) for _ in range(2))
    assert first != second
    for text in (first, second):
        sealed = base64.urlsafe_b64decode(text + "==")
        assert not [word for word in (b"planted", b"token", b"question") if word in sealed]


def test_it_is_text_that_stands_anywhere(seal: Seal) -> None:
    sealed = seal.bound("q").seal({"x": "é" * 50})
    assert sealed.replace("-", "").replace("_", "").isalnum()
    assert json.loads(json.dumps(sealed)) == sealed


@settings(derandomize=True, deadline=None)
@given(data=st.binary(max_size=100), place=st.integers(0, 127))
def test_bytes_come_back_to_the_same_question_alone_and_each_of_them_counts(data: bytes, place: int) -> None:
    seal = Seal.fresh()
    sealed = seal.bound("a").seal_bytes(data)
    assert seal.bound("a").open_bytes(sealed) == data
    changed = bytearray(sealed)
    changed[place % len(sealed)] ^= 1
    for sealer, wrong in ((seal.bound("b"), sealed), (Seal.fresh().bound("a"), sealed), (seal.bound("a"), changed)):
        with pytest.raises(NotSealedHere):
            sealer.open_bytes(bytes(wrong))
    with pytest.raises(NotSealedHere):
        seal.bound("a").open_bytes(sealed[:10])
