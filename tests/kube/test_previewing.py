"""What a patch would make of an object, told without the API server: the examples of RFC 6902 and RFC 7386."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from mcp_kubernetes.kube.changes.previewing import NoPreview, previewed

JSON_PATCHES: list[tuple[Any, list[dict[str, Any]], Any]] = [
    ({"foo": "bar"}, [{"op": "add", "path": "/baz", "value": "qux"}], {"foo": "bar", "baz": "qux"}),
    ({"foo": ["a", "b"]}, [{"op": "add", "path": "/foo/1", "value": "q"}], {"foo": ["a", "q", "b"]}),
    ({"foo": ["a"]}, [{"op": "add", "path": "/foo/-", "value": ["b"]}], {"foo": ["a", ["b"]]}),
    ({"foo": 1, "baz": 2}, [{"op": "remove", "path": "/baz"}], {"foo": 1}),
    ({"foo": ["a", "b", "c"]}, [{"op": "remove", "path": "/foo/1"}], {"foo": ["a", "c"]}),
    ({"foo": 1}, [{"op": "replace", "path": "/foo", "value": 2}], {"foo": 2}),
    ({"foo": ["a", "b"]}, [{"op": "replace", "path": "/foo/0", "value": "c"}], {"foo": ["c", "b"]}),
    ({"a": {"b": 1}, "c": {}}, [{"op": "move", "from": "/a/b", "path": "/c/d"}], {"a": {}, "c": {"d": 1}}),
    ({"foo": ["a", "b", "c"]}, [{"op": "move", "from": "/foo/0", "path": "/foo/2"}], {"foo": ["b", "c", "a"]}),
    ({"a": {"b": 1}}, [{"op": "copy", "from": "/a", "path": "/c"}], {"a": {"b": 1}, "c": {"b": 1}}),
    ({"a/b": 1, "m~n": 2}, [{"op": "remove", "path": "/a~1b"}, {"op": "remove", "path": "/m~0n"}], {}),
    ({"a": 1}, [{"op": "replace", "path": "", "value": {"b": 2}}], {"b": 2}),
    ({"a": 1}, [{"op": "test", "path": "/a", "value": 2}], {"a": 1}),
]

NOT_TOLD: list[list[dict[str, Any]]] = [
    [{"op": "remove", "path": "/none"}],
    [{"op": "add", "path": "/none/deep", "value": 1}],
    [{"op": "replace", "path": "/list/-1", "value": 1}],
    [{"op": "replace", "path": "/list/00", "value": 1}],
    [{"op": "replace", "path": "/list/9", "value": 1}],
    [{"op": "remove", "path": "/list/-"}],
    [{"op": "copy", "from": "/text/0", "path": "/x"}],
    [{"op": "add", "path": "/text/0", "value": 1}],
]

MERGES: list[tuple[Any, Any, Any]] = [
    ({"a": "b"}, {"a": "c"}, {"a": "c"}),
    ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
    ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
    ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
    ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
    ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
    ({"a": "foo"}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
]


@pytest.mark.parametrize(("before", "patch", "after"), [*JSON_PATCHES, *MERGES])
def test_a_patch_is_told_as_its_rfc_has_it(before: Any, patch: Any, after: Any) -> None:
    assert json.loads(previewed(patch, json.dumps(before).encode())) == after


@pytest.mark.parametrize("patch", NOT_TOLD)
def test_what_an_api_server_might_read_in_another_way_is_not_told(patch: list[dict[str, Any]]) -> None:
    with pytest.raises(NoPreview):
        previewed(patch, b'{"list": ["a", "b"], "text": "abc"}')


def test_the_patch_itself_stays_as_it_is_sent() -> None:
    """A later operation changes what an earlier one put in."""
    patch = [{"op": "add", "path": "/new", "value": {}}, {"op": "copy", "from": "/hidden", "path": "/new/open"}]
    sent = copy.deepcopy(patch)
    previewed(patch, b'{"hidden": "x"}')
    assert patch == sent
