"""Cutting a page down to what is looked at changes no value that is picked, and none of the masks."""

from __future__ import annotations

import json
from itertools import product
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mcp_kubernetes.kube.decoding.decode import ObjectTable, RawList
from mcp_kubernetes.kube.decoding.picking import Picker
from mcp_kubernetes.kube.decoding.projection import projected
from mcp_kubernetes.kube.secrecy.hiding import hidden
from mcp_kubernetes.kube.secrecy.marks import MARKER
from tests.kube.test_hiding import HIDDEN, KEPT, NAMES, PLANTED, TREES, body

POD: dict[str, Any] = {
    "kind": "Pod",
    "metadata": {"name": "web", "namespace": "a", "uid": "1", "labels": {"app": "web"}},
    "spec": {"containers": [{"name": "c", "image": "i:1", "env": [{"name": "DB_PASSWORD", "value": PLANTED}]}]},
    "status": {"phase": "Running"},
}
STEPS = st.one_of(
    NAMES.map(lambda name: f"['{name}']"),
    st.sampled_from(["[*]", "[0]", "[-1]", "[0:2]", ".*", '[?(@.name=="token")]', "[?(@.value)]", "['value','name']"]),
)
PATHS = st.lists(STEPS, min_size=1, max_size=5).map(lambda steps: "$" + "".join(steps)) | st.just("..value")


def page(objects: list[Any]) -> bytes:
    return body({"kind": "AnyList", "apiVersion": "v1", "metadata": {"continue": "eyJ2"}, "items": objects})


def table(objects: list[Any]) -> bytes:
    rows = [{"cells": ["o", PLANTED], "object": one} for one in objects]
    return body({"kind": "Table", "columnDefinitions": [{"name": "Name"}, {"name": "API Token"}], "rows": rows})


def picked(sent: bytes, paths: tuple[str, ...], *, looks: bool, cut: bool) -> list[Any]:
    said = hidden(sent, looks=looks, key=bytes(32), paths=paths if cut else ())
    picker = Picker({str(number): path for number, path in enumerate(paths)})
    items = msgspec.json.decode(said, type=RawList).items or ()
    rows = msgspec.json.decode(said, type=ObjectTable).rows or ()
    cells = [row["cells"] for row in json.loads(said).get("rows", ())]
    return [*(picker.pick(raw) for raw in (*items, *(row.object for row in rows))), *cells]


@settings(derandomize=True, deadline=None, max_examples=500)
@given(
    objects=st.lists(st.dictionaries(NAMES, TREES, max_size=4), min_size=1, max_size=3),
    paths=st.lists(PATHS, min_size=1, max_size=3).map(tuple),
    looks=st.booleans(),
)
def test_masking_what_is_looked_at_is_masking_all_and_then_looking(
    objects: list[Any], paths: tuple[str, ...], *, looks: bool
) -> None:
    for sent in (page(objects), table(objects)):
        assert picked(sent, paths, looks=looks, cut=True) == picked(sent, paths, looks=looks, cut=False)


WAYS = (
    "..value", ".spec", ".spec.containers[*].env[*].value", ".spec.containers[*].env", ".env[*].value", ".env[*].*",
    ".env[0].value", ".args", ".args[*]", ".args[1]", ".args[-1]", ".data", ".data.*", ".data['db.password']",
    ".spec.template.data.x", ".spec.template.stringData.*", ".spec.tokens[0]", ".metadata.annotations.*",
    ".metadata['annotations','name']", ".message", ".metadata.managedFields[*].fieldsV1.*", "['kind','data']",
    '.env[?(@.name=="token")].value',
)  # fmt: skip


@pytest.mark.parametrize("what", [*HIDDEN, *KEPT])
def test_each_known_case_is_picked_as_it_is_from_the_whole_object(what: str) -> None:
    for sent, path in product((page([(HIDDEN | KEPT)[what]] * 2), table([(HIDDEN | KEPT)[what]])), WAYS):
        cut = picked(sent, (path, ".metadata.name"), looks=True, cut=True)
        assert cut == picked(sent, (path, ".metadata.name"), looks=True, cut=False), path
        assert PLANTED not in json.dumps(cut)


def test_a_value_is_masked_by_a_name_that_nobody_asked_for() -> None:
    path = ".spec.containers[*].env[*].value"
    [[[value]]] = picked(page([POD]), (path,), looks=True, cut=True)
    assert value.startswith(MARKER)


def test_little_is_kept_of_an_object_of_which_little_is_asked() -> None:
    kept = json.loads(projected(page([POD]), (".spec.containers[*].image", ".status.phase")))
    assert kept["items"] == [
        {
            "kind": "Pod",
            "metadata": {"name": "web", "namespace": "a", "uid": "1"},
            "spec": {"containers": [{"image": "i:1"}]},
            "status": {"phase": "Running"},
        }
    ]
    assert kept["metadata"] == {"continue": "eyJ2"}


@pytest.mark.parametrize(
    "sent",
    [b'{"kind":"Pod","spec":{"a":1}}', b'{"items":1}', b'{"kind":"X","items":[', b'{"kind":"Status","code":404}',
     b'{"items":[' + b'{"a":' * 5_000 + b"1" + b"}" * 5_000 + b"]}"],
    ids=["object", "no list", "cut", "status", "deep"],
)  # fmt: skip
def test_what_cannot_be_cut_down_stays_as_it_is(sent: bytes) -> None:
    assert projected(sent, (".spec.a",)) is sent


@pytest.mark.parametrize("paths", [(), ("..name",), (".*", ".spec.a")])
def test_nothing_is_left_out_where_everything_is_looked_at(paths: tuple[str, ...]) -> None:
    sent = page([POD])
    assert projected(sent, paths) is sent


def test_numbers_keep_their_digits() -> None:
    sent = b'{"items":[{"a":1.10,"b":123456789012345678901234567890,"c":{"d":1e400}}]}'
    assert projected(sent, (".a", ".b", ".c")) == sent
