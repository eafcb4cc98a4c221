from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mcp_kubernetes.results import Answer, Foreign, Object, Rendered, Rows, Text, answer, clean, strip_control

POD = {
    "metadata": {"name": "web", "labels": {"app.kubernetes.io/name": "web"}},
    "spec": {"containers": [{"name": "c"}]},
    "n": 0,
}


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (".metadata.name", "web"),
        (".metadata.labels['app.kubernetes.io/name']", "web"),
        (".spec.containers[0].name", "c"),
        (".n", 0),
        (".spec.containers[1]", "default"),
        (".spec.containers.name", "default"),
        (".metadata[0]", "default"),
        (".metadata.name.deeper", "default"),
        (".metadata.name[0]", "default"),
        (".none", "default"),
    ],
)
def test_an_object_gives_the_value_at_a_path_or_the_default(path: str, value: Any) -> None:
    assert Object.of(POD).at(path, "default") == value


def test_an_object_keeps_its_bytes() -> None:
    raw = b'{"a": 1.00, "b": 12345678901234567890}'
    assert Object(raw).raw is raw
    assert Object(raw).value["b"] == 12345678901234567890


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"name": "web"}, "Pod web."),
        ({"name": "a\nnote: b"}, "Pod a note: b."),
        ({"name": "a\x1b[31mb\u202e"}, "Pod ab."),
        ({"name": "{name}"}, "Pod {name}."),
        ({"name": "{0.__class__}"}, "Pod {0.__class__}."),
        ({"name": None}, "Pod None."),
    ],
)
def test_fields_of_our_sentences_are_cleaned_and_never_templates(fields: dict[str, Any], expected: str) -> None:
    assert str(Text("Pod {name}.", **fields)) == expected


CONTROL = [*range(9), *range(11, 32), *range(127, 160), *range(0x200B, 0x2010), *range(0x2028, 0x202F)]
CONTROL += [*range(0x2060, 0x206A), 0xFEFF]


@pytest.mark.parametrize("code", [*CONTROL, 0xAD, 0x61C, 0x180E, 0xFFF9, 0xFFFB, 0xE0001, 0xE0041, 0xE007F], ids=hex)
def test_a_character_that_nobody_sees_is_removed(code: int) -> None:
    assert strip_control(f"a{chr(code)}b") == "ab"


@pytest.mark.parametrize(
    ("text", "seen"),
    [
        ("\x1b[1;31mred\x1b[0m", "red"),
        ("a\x1b[2K\x1b[10;20Hb", "ab"),
        ("\x1b]0;a title\x07text", "text"),
        ("\x1b]8;;https://example.com\x1b\\a link\x1b]8;;\x1b\\", "a link"),
        ("\x1b(Bx\x1b7y\x1b=z", "xyz"),
        ("\x9b31mred", "red"),
        ("\x1b]0;a title without an end", "]0;a title without an end"),
        ("\x1b]0;over\nlines\x07", "]0;over\nlines"),
        ("\x1b\x1b[31m[31m", "[31m"),
        ("[31m stays", "[31m stays"),
    ],
)
def test_what_a_terminal_acts_on_is_removed_as_a_whole_and_never_the_text_around_it(text: str, seen: str) -> None:
    assert strip_control(text) == seen
    assert strip_control(seen) == seen


def test_what_people_write_stays() -> None:
    text = "Zażółć\tgęślą\njaźń — 日本語 🙂 «quoted»"
    assert strip_control(text) == text


@pytest.mark.parametrize(
    ("text", "expected"),
    [("plain", "plain"), ("a\nb", "a b"), ("a\r\n\tb", "a b"), ("a\x00b", "ab"), ("a\u2028b", "ab"), ("é", "é")],
)
def test_a_cell_is_one_line(text: str, expected: str) -> None:
    assert clean(text) == expected


@settings(derandomize=True, deadline=None)
@given(st.text(max_size=50))
def test_a_cleaned_text_is_one_line_without_control_characters(text: str) -> None:
    found = clean(text)
    assert len(found.splitlines()) <= 1
    assert "\t" not in found
    assert clean(found) == found


@pytest.mark.parametrize(
    ("returned", "kinds"),
    [
        ("text", [Foreign]),
        (None, [Text]),
        (Text("a"), [Text]),
        (Rows(("A",), []), [Rows]),
        (Object(b"{}"), [Object]),
        ([Text("a"), Foreign("b")], [Text, Foreign]),
        ((Text("a"),), [Text]),
        (Answer((Foreign("b"),), (Text("n"),)), [Foreign]),
    ],
)
def test_whatever_a_handler_returns_becomes_an_answer(returned: Any, kinds: list[type]) -> None:
    assert [type(part) for part in answer(returned).parts] == kinds


def test_the_size_of_an_answer_is_that_of_its_final_text_in_bytes() -> None:
    assert Answer((Rendered("é"), Rendered("ab"), Text("not yet"))).size == 4
