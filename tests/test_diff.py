from __future__ import annotations

import json
from copy import deepcopy
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mcp_kubernetes.diff import ABSENT, SERVER_FIELDS, FieldChange, Item, changes, rows
from mcp_kubernetes.jsonpath import parse
from tests.objects import POD, TEXTS, VALUES

WEB: dict[str, Any] = {"name": "web", "image": "a:1"}
LOG: dict[str, Any] = {"name": "log", "image": "b:1"}
TEN = list(range(10))


def shown(before: Any, after: Any) -> list[tuple[str, str, str]]:
    return list(rows(changes(before, after)))


def containers(*items: Any) -> dict[str, Any]:
    return {"spec": {"containers": list(items)}}


DIFFERENCES: dict[str, tuple[Any, Any, list[tuple[str, str, str]]]] = {
    "nothing": ({"a": [1, {"b": None}]}, {"a": [1, {"b": None}]}, []),
    "a value": ({"spec": {"replicas": 2}}, {"spec": {"replicas": 3}}, [(".spec.replicas", "2", "3")]),
    "a field more": ({}, {"a": "x"}, [(".a", "(none)", "x")]),
    "a field less": ({"a": "x"}, {}, [(".a", "x", "(none)")]),
    "a whole part more": ({}, {"a": {"b": [1, {"c": "d"}]}}, [(".a", "(none)", '{"b":[1,{"c":"d"}]}')]),
    "another kind of value": ({"a": {"b": 1}}, {"a": [1]}, [(".a", '{"b":1}', "[1]")]),
    "null and nothing": ({"a": None}, {}, [(".a", "null", "(none)")]),
    "a number and its text": ({"a": 1}, {"a": "1"}, [(".a", "1", '"1"')]),
    "a truth and a number": ({"a": True}, {"a": 1}, [(".a", "true", "1")]),
    "a number with a point": ({"a": 1}, {"a": 1.0}, [(".a", "1", "1.0")]),
    "large numbers": ({"a": 2**53}, {"a": 2**53 + 1}, [(".a", "9007199254740992", "9007199254740993")]),
    "a text that says none": ({"a": "(none)"}, {}, [(".a", '"(none)"', "(none)")]),
    "texts that look empty": ({"a": ""}, {"a": " "}, [(".a", '""', '" "')]),
    "a hidden character": ({"a": "x"}, {"a": "x\u200b"}, [(".a", "x", '"x\\u200b"')]),
    "a hidden letter": ({"a": "x"}, {"a": "x\u3164"}, [(".a", "x", '"x\\u3164"')]),
    "a line break": ({"a": "x y"}, {"a": "x\ny"}, [(".a", "x y", '"x\\ny"')]),
    "a key with dots": (
        {"metadata": {"labels": {"example.com/a": "1x"}}},
        {"metadata": {"labels": {"example.com/a": "2x"}}},
        [(".metadata.labels['example.com/a']", "1x", "2x")],
    ),
    "an item by its place": (
        containers(WEB, LOG), containers(WEB, {**LOG, "image": "b:2"}), [(".spec.containers[1].image", "b:1", "b:2")],
    ),
    "plain items": ({"a": ["x", "y"]}, {"a": ["x", "z"]}, [(".a[1]", "y", "z")]),
    "a plain item more": ({"a": ["x"]}, {"a": ["x", "y"]}, [(".a", '["x"]', '["x","y"]')]),
    "an item more, and one that moved": (
        containers(WEB), containers(LOG, {**WEB, "image": "a:2"}),
        [(".spec.containers[name=web].image", "a:1", "a:2"),
         (".spec.containers[name=log]", "(none)", '{"name":"log","image":"b:1"}')],
    ),
    "an item less": (
        containers(LOG, WEB), containers(WEB),
        [(".spec.containers[name=log]", '{"name":"log","image":"b:1"}', "(none)")],
    ),
    "items that changed places": (
        containers({"name": "a"}, {"name": "b"}), containers({"name": "b"}, {"name": "a"}),
        [(".spec.containers", '[{"name":"a"},{"name":"b"}]', '[{"name":"b"},{"name":"a"}]')],
    ),
    "items told apart by a number": (
        {"ports": [{"port": 80}, {"port": 81}]}, {"ports": [{"port": 81, "x": "y"}]},
        [(".ports[port=80]", '{"port":80}', "(none)"), (".ports[port=81].x", "(none)", "y")],
    ),
    "items of one name": (
        {"a": [{"name": "x"}, {"name": "x"}]}, {"a": [{"name": "x"}]},
        [(".a", '[{"name":"x"},{"name":"x"}]', '[{"name":"x"}]')],
    ),
    "an item with a strange name": (
        {"a": [{"name": "x", "b": "c"}, {"name": "it's"}]}, {"a": [{"name": "x", "b": "c"}]},
        [(".a[name='it\\'s']", '{"name":"it\'s"}', "(none)")],
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", DIFFERENCES)
def test_a_reader_sees_what_differs_and_nothing_else(name: str) -> None:
    before, after, expected = DIFFERENCES[name]
    assert shown(before, after) == expected


def test_what_the_api_server_keeps_for_itself_is_passed_over() -> None:
    before = {"metadata": dict.fromkeys(SERVER_FIELDS, 1), "status": {"a": 1}}
    after = {"metadata": dict.fromkeys(SERVER_FIELDS, 2), "status": {"a": 2}}
    assert changes(before, after) == ()
    assert [change.spelled for change in changes(before, after, status=True)] == [".status.a"]
    deeper = {change.spelled for change in changes({"spec": before}, {"spec": after})}
    assert deeper == {".spec.status.a", *(f".spec.metadata.{name}" for name in SERVER_FIELDS)}


def test_of_a_long_text_the_place_that_differs_is_shown() -> None:
    text = "".join(f"line {n}\n" for n in range(1_000))
    ((_, before, after),) = shown({"a": text}, {"a": text.replace("line 700\n", "line 7OO\n")})
    assert "line 700" in before
    assert "line 7OO" in after
    assert before.endswith("… (9,892 characters)")
    assert max(len(before), len(after)) < 240


@pytest.mark.parametrize("value", ["x" * 201, {"a": "y" * 300}, [["z" * 100] * 3]])
def test_a_long_value_is_shortened_and_says_how_long_it_is(value: Any) -> None:
    ((_, nothing, text),) = shown({}, {"v": value})
    assert nothing == "(none)"
    length = len(value if isinstance(value, str) else json.dumps(value, separators=(",", ":")))
    assert text.endswith(f"… ({length} characters)")
    assert len(text) < 240


def test_an_object_deeper_than_functions_may_nest_is_compared() -> None:
    deep: Any = 1
    for _ in range(5_000):
        deep = {"a": deep}
    (change,) = changes({"x": deep}, {"x": {"a": 2}})
    assert change.path == ("x", "a")
    assert changes(deep, deep) == ()


@pytest.mark.parametrize(
    ("path", "pointer"),
    [
        ((), ""),
        (("a", 0, "b"), "/a/0/b"),
        (("metadata", "labels", "example.com/a~b"), "/metadata/labels/example.com~1a~0b"),
        (("", "~1"), "//~01"),
        (("a", Item(index=3, key="name", value="x")), "/a/3"),
    ],
)
def test_a_path_is_a_json_pointer(path: tuple[Any, ...], pointer: str) -> None:
    assert FieldChange(path=path, before=1, after=2).pointer == pointer


@settings(derandomize=True, deadline=None)
@given(st.lists(TEXTS | st.integers(0, 3), max_size=5).filter(lambda path: path and isinstance(path[0], str)))
def test_a_path_is_spelled_so_that_it_can_be_asked_for(path: list[str | int]) -> None:
    value: Any = "found"
    for step in reversed(path):
        value = {step: value} if isinstance(step, str) else [*[None] * step, value]
    assert parse(FieldChange(path=tuple(path), before=1, after=2).spelled).values(value) == ["found"]


@settings(derandomize=True, deadline=None)
@given(before=VALUES, after=VALUES)
def test_there_are_rows_if_and_only_if_something_differs(before: Any, after: Any) -> None:
    found = shown({"spec": before}, {"spec": after})
    alike = json.dumps(before, sort_keys=True).replace("-0.0", "0.0")
    assert bool(found) is (alike != json.dumps(after, sort_keys=True).replace("-0.0", "0.0"))
    assert all(len(cell) < 240 and cell for row in found for cell in row[1:])
    assert all(one != other for _, one, other in found if max(len(one), len(other)) < 200)


@settings(derandomize=True, deadline=None)
@given(VALUES)
def test_nothing_differs_from_itself(value: Any) -> None:
    assert changes(value, deepcopy(value)) == ()


def test_the_fields_of_a_pod_are_found_one_by_one() -> None:
    after = json.loads(json.dumps(POD))
    after["spec"]["containers"][2]["env"][3]["value"] = "else"
    del after["metadata"]["labels"]["example.com/label-1"]
    assert changes(POD, after) == (
        FieldChange(path=("metadata", "labels", "example.com/label-1"), before="value-1", after=ABSENT),
        FieldChange(path=("spec", "containers", 2, "env", 3, "value"), before="value 3: some text", after="else"),
    )
