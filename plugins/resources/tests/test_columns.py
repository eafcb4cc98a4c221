"""What `columns` understands: every character of it counts."""

from __future__ import annotations

import re
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mcp_kubernetes import InvalidArguments
from mcp_kubernetes_resources.columns import cell, parse


@pytest.mark.parametrize(
    ("text", "columns"),
    [
        ("NAME:.metadata.name", {"NAME": ".metadata.name"}),
        ("NAME:.metadata.name,NODE:.spec.nodeName", {"NAME": ".metadata.name", "NODE": ".spec.nodeName"}),
        (" NAME : .metadata.name , B:.b ", {"NAME": ".metadata.name", "B": ".b"}),
        ("NAME:{.metadata.name}", {"NAME": "{.metadata.name}"}),
        ("A:.a['x,y']", {"A": ".a['x,y']"}),
        ('A:.a["x,y:z"],B:.b', {"A": '.a["x,y:z"]', "B": ".b"}),
        ("A:.a['it]s'],B:.b", {"A": ".a['it]s']", "B": ".b"}),
        (r"A:.a.x\,y,B:.b", {"A": r".a.x\,y", "B": ".b"}),
        ("A:.a[0,1],B:.b", {"A": ".a[0,1]", "B": ".b"}),
        ('A:.c[?(@.type=="a,b")].s,B:.b', {"A": '.c[?(@.type=="a,b")].s', "B": ".b"}),
        ("A:.a[0:2]", {"A": ".a[0:2]"}),
        ("CPU LIMIT:.a", {"CPU LIMIT": ".a"}),
        ("example.com/tier:.a", {"example.com/tier": ".a"}),
        (".metadata.name,.spec.nodeName", {"NAME": ".metadata.name", "NODENAME": ".spec.nodeName"}),
        (".metadata.labels['example.com/tier']", {"EXAMPLE.COM/TIER": ".metadata.labels['example.com/tier']"}),
        (".a[0:2]", {"2": ".a[0:2]"}),
        (".spec.containers[*].image", {"IMAGE": ".spec.containers[*].image"}),
        ("{.metadata.name}", {"NAME": "{.metadata.name}"}),
    ],
)
def test_columns_are_read_as_kubectl_writes_them(text: str, columns: dict[str, str]) -> None:
    assert parse(text, "columns") == columns


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "character 1"),
        ("  ", "character 1"),
        (",", "character 1"),
        ("A:.a,", "character 6"),
        ("A:.a,,B:.b", "character 6"),
        ("A:.a['x", "character 5 .* not closed"),
        ("A:.a[0,B:.b", "character 5 .* not closed"),
        ('A:.a,B:"x', "character 8 .* not closed"),
        ("A:.a,A:.b", "two columns of one name"),
        (".a.name,.b.name", "two columns of one name"),
        (",".join(f"C{number}:.a" for number in range(41)), "at most 40"),
    ],
)
def test_what_is_no_column_is_refused_and_never_dropped(text: str, why: str) -> None:
    with pytest.raises(InvalidArguments, match=why):
        parse(text, "columns")


@settings(derandomize=True, max_examples=500, deadline=None)
@given(text=st.text(alphabet="aB.,:[]'\"\\ {}*?(@)0", max_size=24))
def test_every_character_is_part_of_a_column_or_an_error(text: str) -> None:
    with suppress(InvalidArguments):
        left = text
        for header, path in parse(text, "columns").items():
            column = re.match(rf"\s*(?:{re.escape(header)}\s*:\s*)?{re.escape(path)}\s*(?:,|\Z)", left)
            assert column, (text, left)
            left = left[column.end() :]
        assert not left


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (None, "<none>"),
        ([], "<none>"),
        ([None], "null"),
        ("", ""),
        ("a b", "a b"),
        (True, "true"),
        (3, "3"),
        (["a", 1, False], "a,1,false"),
        ({"a": [1]}, '{"a":[1]}'),
        ([{"a": "ä"}], '{"a":"ä"}'),
    ],
)
def test_a_cell_is_text_or_compact_json(value: Any, shown: str) -> None:
    assert cell(value) == shown
