from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mcp_kubernetes.errors import AnswerTooLarge
from mcp_kubernetes.jsonpath import parse
from mcp_kubernetes.kube.decoding.picking import Picker
from mcp_kubernetes.results import Object

POD: dict[str, Any] = {
    "metadata": {"name": "web", "labels": {"app.kubernetes.io/name": "web", "a": ""}},
    "spec": {"containers": [{"name": "c", "ports": [{"port": 80}]}, {"name": "d"}], "none": None},
    "status": {"ready": True, "count": 0},
}
JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5) | st.text(max_size=3),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
)
PATHS = st.lists(
    st.sampled_from("abc").map(lambda key: f".{key}") | st.integers(0, 2).map(lambda index: f"[{index}]"),
    min_size=1,
    max_size=4,
).map("".join)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (".metadata.name", "web"),
        (".metadata.labels['app.kubernetes.io/name']", "web"),
        (".metadata.labels.a", ""),
        (".spec.containers[0].name", "c"),
        (".spec.containers[1].name", "d"),
        (".spec.containers[0].ports[0].port", 80),
        (".spec.containers[0].ports", [{"port": 80}]),
        (".status", {"ready": True, "count": 0}),
        (".status.count", 0),
        (".status.ready", True),
        (".spec.none", None),
        (".spec.none.deeper", None),
        (".spec.containers[9].name", None),
        (".spec.containers.name", None),
        (".metadata[0]", None),
        (".metadata.name.deeper", None),
        (".no.such.path", None),
    ],
)
def test_a_path_finds_its_value_or_none(path: str, value: Any) -> None:
    assert Picker({"found": path}).pick(json.dumps(POD).encode()) == [value]


def test_values_come_in_the_order_of_the_names_whatever_is_inside_what() -> None:
    paths = {"b": ".spec.containers", "a": ".metadata.name", "c": ".spec", "d": ".metadata.name"}
    picker = Picker(paths)
    assert picker.names == ("b", "a", "c", "d")
    assert picker.pick(json.dumps(POD).encode()) == [POD["spec"]["containers"], "web", POD["spec"], "web"]


def test_an_index_and_a_key_at_the_same_place_are_both_looked_for() -> None:
    picker = Picker({"first": ".x[0]", "named": ".x.name"})
    assert picker.pick(b'{"x": [1]}') == [1, None]
    assert picker.pick(b'{"x": {"name": 2}}') == [None, 2]


@pytest.mark.parametrize(
    ("path", "values"),
    [
        (".spec.containers[*].name", ["c", "d"]),
        (".spec.containers[-1:].name", ["d"]),
        (".spec.containers[1,0].name", ["d", "c"]),
        ('.spec.containers[?(@.name=="d")].name', ["d"]),
        (".spec.containers[?(@.ports[0].port > 79)].name", ["c"]),
        (".spec.containers[?(@.name == @.name)].name", ["c", "d"]),
        (".spec.containers[?(@.ports)].ports[*].port", [80]),
        (".metadata.labels.*", ["web", ""]),
        (".metadata.*", ["web", POD["metadata"]["labels"]]),
        ("..name", ["web", "c", "d"]),
        (".metadata['name','labels']", ["web", POD["metadata"]["labels"]]),
        (".metadata.name[*]", []),
        (".none[*].none", []),
    ],
)
def test_a_path_to_several_values_finds_them_in_their_order(path: str, values: list[Any]) -> None:
    assert Picker({"found": path}).pick(json.dumps(POD).encode()) == [values]


def test_paths_that_lead_through_the_same_places_do_not_hide_each_other() -> None:
    paths = {
        "name": ".spec.containers[0].name",
        "ports": ".spec.containers[*].ports",
        "all": ".spec.*",
        "key": ".spec.a",
    }
    containers = POD["spec"]["containers"]
    assert Picker(paths).pick(json.dumps(POD).encode()) == ["c", [[{"port": 80}]], [containers, None], None]


def test_an_object_too_deep_to_be_read_is_refused_in_a_sentence() -> None:
    with pytest.raises(AnswerTooLarge, match="nested too deeply"):
        Picker({"found": ".b"}).pick(b'{"a":' * 5_000 + b"1" + b"}" * 5_000)


def test_values_at_any_depth_are_found_as_deep_as_an_object_can_be_read() -> None:
    value: Any = 7
    for _ in range(5_000):
        value = {"a": value, "b": 1}
    assert parse("..b").values(value) == [1] * 5_000
    assert len(parse("..*").values(value)) == 10_000


@settings(derandomize=True, max_examples=300, deadline=None)
@given(value=st.dictionaries(st.sampled_from("abc"), JSON, max_size=3), paths=st.lists(PATHS, min_size=1, max_size=4))
def test_it_finds_what_a_walk_through_the_whole_object_finds(value: dict[str, Any], paths: list[str]) -> None:
    raw = json.dumps(value).encode()
    named = {f"p{number}": path for number, path in enumerate(paths)}
    assert Picker(named).pick(raw) == [Object(raw).at(path) for path in paths]
