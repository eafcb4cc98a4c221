"""The path language: what is understood, what it finds, and where an error is said to be."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mcp_kubernetes.jsonpath import PathError, parse

OBJECT: dict[str, Any] = {
    "metadata": {"name": "web", "labels": {"app.kubernetes.io/name": "x", "a": "b"}},
    "spec": {"containers": [{"name": "c", "cpu": 1}, {"name": "d", "cpu": 2.5, "on": True}], "replicas": 3},
    "status": {"conditions": [{"type": "Ready", "status": "True"}, {"type": "Busy", "status": "False"}]},
}


@pytest.mark.parametrize(
    ("path", "values"),
    [
        (".metadata.name", ["web"]),
        ("metadata.name", ["web"]),
        ("{.metadata.name}", ["web"]),
        ("{metadata.name}", ["web"]),
        (" .metadata.name ", ["web"]),
        ("$.metadata.name", ["web"]),
        (r".metadata.labels.app\.kubernetes\.io/name", ["x"]),
        (".metadata.labels['app.kubernetes.io/name']", ["x"]),
        (r".metadata.labels['app\.kubernetes\.io/name']", ["x"]),
        ('.metadata.labels["app.kubernetes.io/name"]', ["x"]),
        (".spec.containers[0].name", ["c"]),
        (".spec.containers[-1].name", ["d"]),
        (".spec.containers[5].name", []),
        (".spec.containers[*].name", ["c", "d"]),
        (".spec.containers[0:1].name", ["c"]),
        (".spec.containers[:].name", ["c", "d"]),
        (".spec.containers[::2].name", ["c"]),
        (".spec.containers[0,1].name", ["c", "d"]),
        (".spec.containers[?(@.cpu>1)].name", ["d"]),
        (".spec.containers[?(@.cpu <= 1)].name", ["c"]),
        (".spec.containers[?(@.on==true)].name", ["d"]),
        (".spec.containers[?(@.on==1)].name", []),
        (".spec.containers[?(@.on)].name", ["d"]),
        (".spec.containers[?(@.name > 1)].name", []),
        (".spec.containers[?(@.name != 1)].name", ["c", "d"]),
        ('.status.conditions[?(@.type=="Ready")].status', ["True"]),
        (".status.conditions[?(@.type!='Ready')].status", ["False"]),
        (".status.conditions[?( @.none == @.type )].status", []),
        (".metadata.labels.*", ["x", "b"]),
        ("..status", [OBJECT["status"], "True", "False"]),
        (".spec.replicas.deeper", []),
    ],
)
def test_a_path_finds(path: str, values: list[Any]) -> None:
    assert parse(path).values(OBJECT) == values


@pytest.mark.parametrize(
    ("path", "place"),
    [
        ("", "empty"),
        ("{}", "empty"),
        ("a[", "character 3"),
        ("a]", "character 2"),
        ("a..", "character 4"),
        ("['a'", "character 5"),
        ("a[x]", "character 3"),
        ("a['']b", "character 6"),
        ("a b", "character 2"),
        ("a[?(x)]", "character 5"),
        ("a[?(@.x==)]", "character 10"),
        ("a[?(@.x=='y']", "character 13"),
        ("a" * 1_001, "at most 1000"),
    ],
)
def test_what_is_no_path_is_refused_with_the_place(path: str, place: str) -> None:
    with pytest.raises(PathError, match=place):
        parse(path)


@settings(derandomize=True, max_examples=500, deadline=None)
@given(text=st.text(alphabet="ab.[]*?(@=<>!'\"\\{}$, :-019", max_size=20))
def test_any_text_is_a_path_or_an_error(text: str) -> None:
    with suppress(PathError):
        assert isinstance(parse(text).values(OBJECT), list)


def _key(name: str) -> str:
    return "['" + re.sub(r"([\\'])", r"\\\1", name) + "']"


@settings(derandomize=True, deadline=None)
@given(steps=st.lists(st.text(min_size=1, max_size=6) | st.integers(0, 99), min_size=1, max_size=6))
def test_every_key_can_be_written_in_quotes(steps: list[str | int]) -> None:
    value: Any = "here"
    for step in reversed(steps):
        value = {step: value} if isinstance(step, str) else [None] * step + [value]
    written = "".join(_key(step) if isinstance(step, str) else f"[{step}]" for step in steps)
    assert parse(written).values(value) == ["here"]


@pytest.mark.parametrize("path", [".a.b", "a[0]['c']", "."])
def test_a_path_of_keys_and_positions_leads_to_one_value(path: str) -> None:
    assert parse(path).is_single


@pytest.mark.parametrize("path", [".a[*]", "..a", ".a[0:1]", ".a[0,1]", ".a[?(@.b)]", ".a.*"])
def test_any_other_path_may_lead_to_several(path: str) -> None:
    assert not parse(path).is_single
