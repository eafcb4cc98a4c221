"""Lines counted by template: what is one, what is not, and that nothing is lost of the count."""

from __future__ import annotations

import io
import json

from hypothesis import given, settings
from hypothesis import strategies as st

from mcp_kubernetes_pods.grepping import Pattern
from mcp_kubernetes_pods.templates import ANY, FRAME, LONGEST, Tree, main

STAMP = "2026-11-29T13:20:{:02}.000000001Z "


def block(*texts: str) -> bytes:
    return "".join(f"{STAMP.format(at % 60)}{text}\n" for at, text in enumerate(texts)).encode()


def told(*texts: str) -> list[tuple[int, str]]:
    tree = Tree()
    tree.add(block(*texts))
    return [(each["count"], ANY.join(each["pieces"])) for each in tree.told()["told"]]


def test_lines_that_differ_in_numbers_are_one() -> None:
    assert told("took 5ms", "took 17ms", "took 1.5s") == [(3, f"took {ANY}")]


def test_lines_that_differ_in_few_words_are_one_and_those_of_another_shape_are_not() -> None:
    texts = ["user alice logged in", "user bob logged in", "user alice: logged in", "connection closed by the peer"]
    assert sorted(told(*texts)) == [
        (1, "connection closed by the peer"), (1, "user alice: logged in"), (2, f"user {ANY} logged in"),
    ]  # fmt: skip


def test_lines_of_two_severities_are_never_one_and_trouble_comes_first() -> None:
    texts = ['{"level":"info","msg":"request served","id":1}'] * 9 + ['{"level":"error","msg":"request served","id":2}']
    assert told(*texts) == [
        (1, f'{{"level":"error","msg":"request served","id":{ANY}}}'),
        (9, f'{{"level":"info","msg":"request served","id":{ANY}}}'),
    ]


def test_the_first_and_the_last_line_tell_their_time_and_what_stood_in_them() -> None:
    tree = Tree()
    tree.add(block("job 7 done", "job 8 done"))
    tree.add(block("job 5 done"))
    (only,) = tree.told()["told"]
    assert only["values"] == [["7"], ["8"]]
    assert only["last"] - only["first"] == 1


@settings(derandomize=True, max_examples=150, deadline=None)
@given(st.lists(st.text(alphabet='ab1 =:"{},', max_size=20), min_size=1, max_size=60))
def test_every_line_is_counted_once_and_found_again_by_its_template(texts: list[str]) -> None:
    tree = Tree()
    tree.add(block(*texts))
    found = tree.told()
    assert found["lines"] == sum(each["count"] for each in found["told"]) == len(texts)
    patterns = [Pattern.whole(each["pieces"]) for each in found["told"]]
    for text in texts:
        assert any(pattern.matches(b"stamp " + text.encode()) for pattern in patterns)


def test_a_line_that_is_very_long_is_found_again_by_its_begin() -> None:
    text = "word " * LONGEST
    (only,) = grown(text)
    assert Pattern.whole(only["pieces"]).matches(b"stamp " + text.encode())


def grown(*texts: str) -> list[dict[str, list[str]]]:
    tree = Tree()
    tree.add(block(*texts))
    return list(tree.told()["told"])


def test_ever_new_lines_take_bounded_memory_and_are_counted_all_the_same() -> None:
    tree = Tree()
    for start in range(0, 6_000, 1_000):
        tree.add(block(*(f"{n:b}".replace("0", ",").replace("1", ";") for n in range(start, start + 1_000))))
    found = tree.told()
    assert found["templates"] <= 2_000
    assert found["others"] > 0
    assert found["lines"] == 6_000


def test_the_program_reads_frames_and_tells_once() -> None:
    frames = b"".join(FRAME.pack(source, len(part)) + part for source, part in enumerate([block("a 1"), block("a 2")]))
    out = io.BytesIO()
    main(io.BytesIO(frames), out)
    assert json.loads(out.getvalue())["told"][0]["count"] == 2
