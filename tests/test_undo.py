"""How a change is reversed: a JSON patch, applied as the API server does, and what cannot be undone at all."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mcp_kubernetes.diff import FieldChange, changes
from mcp_kubernetes.kinds import KindProfile
from mcp_kubernetes.undo import MOST_OPERATIONS, NO_UNDO, recreated, undo_patch, why_not_undoable
from tests.json_patch import ServerCrashed, TestFailed, applied, spelled

_KEYS = st.sampled_from(["a", "b", "c/d", "~", "~1", "", "-", "0", "name", "image"])
_LEAVES = st.none() | st.booleans() | st.sampled_from([0, 1, 1.0, 2**53 + 1, "", "a", "b", "1", "<"])
_NAMED = st.fixed_dictionaries({"name": st.sampled_from("abcd")}, optional={"image": _LEAVES, "a": _LEAVES})
_JSON = st.recursive(
    _LEAVES,
    lambda inner: (
        st.dictionaries(_KEYS, inner, max_size=4)
        | st.lists(inner, max_size=4)
        | st.lists(_NAMED, max_size=4, unique_by=lambda item: item["name"])
    ),
    max_leaves=12,
)
_PARTS = st.dictionaries(st.sampled_from(["spec", "data", "type"]), _JSON)
_LABELS = st.dictionaries(st.sampled_from(["app", "example.com/a", "a~b"]), st.sampled_from("xy"), max_size=3)


@st.composite
def objects(draw: st.DrawFn) -> dict[str, Any]:
    """An object as the API server keeps it, each with a version of its own."""
    metadata = {"name": "o", "uid": "1", "resourceVersion": str(draw(st.integers(1, 10**9)))}
    labels = {"labels": draw(_LABELS)} if draw(st.booleans()) else {}
    return {"metadata": metadata | labels, **draw(_PARTS)}


@st.composite
def edited(draw: st.DrawFn, document: dict[str, Any]) -> dict[str, Any]:
    """The document with a value somewhere set, removed or inserted: what somebody else did in between."""
    document = json.loads(json.dumps(document))
    for _ in range(draw(st.integers(1, 3))):
        _edit(draw, draw(st.sampled_from(list(containers(document)))))
    document["metadata"]["resourceVersion"] += ".1"
    return document


def containers(value: Any) -> Any:
    """All maps and lists that anybody may change."""
    if isinstance(value, dict | list):
        yield value
        for below in value.values() if isinstance(value, dict) else value:
            yield from containers(below)


def _edit(draw: st.DrawFn, value: Any) -> None:
    if isinstance(value, list):
        at = draw(st.integers(0, len(value)))
        if draw(st.booleans()):
            value.insert(at, draw(_NAMED | _LEAVES))
        else:
            value[at : at + 1] = draw(st.lists(_NAMED | _LEAVES, max_size=1))
        return
    key = draw(st.sampled_from([*value, "a"]))
    if key in {"metadata", "uid", "resourceVersion"}:
        return
    if draw(st.booleans()):
        value.pop(key, None)
    else:
        value[key] = draw(_JSON)


def versionless(document: dict[str, Any]) -> dict[str, Any]:
    kept = {key: value for key, value in document["metadata"].items() if key != "resourceVersion"}
    return {**document, "metadata": kept}


def at(document: Any, pointer: str) -> Any:
    """The value at a pointer; None if there is none."""
    for part in pointer.split("/")[1:]:
        key = part.replace("~1", "/").replace("~0", "~")
        if isinstance(document, list):
            document = document[int(key)] if key.isdigit() and int(key) < len(document) else None
        else:
            document = document.get(key) if isinstance(document, dict) else None
    return document


def reversals(patch: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [operation for operation in patch if operation["op"] != "test"]


@settings(derandomize=True, deadline=None, max_examples=100)
@given(before=objects(), after=objects())
def test_after_the_patch_everything_is_as_it_was(before: dict[str, Any], after: dict[str, Any]) -> None:
    found = applied(undo_patch(before, after), after)
    assert spelled(versionless(found)) == spelled(versionless(before))


@settings(derandomize=True, deadline=None, max_examples=100)
@given(st.data())
def test_what_somebody_else_changed_since_is_either_noticed_or_left_alone(data: st.DataObject) -> None:
    before = data.draw(objects())
    after = data.draw(edited(before))
    since = data.draw(edited(after))
    patch = undo_patch(before, after)
    touched = [operation["path"] for operation in reversals(patch)]
    assert all(
        any(f"{change.pointer}/".startswith(f"{path}/") for path in touched) for change in changes(before, after)
    )
    try:
        found = applied(patch, since)
    except (TestFailed, ServerCrashed):
        return
    for path in touched:
        assert spelled(at(since, path)) == spelled(at(after, path))
        assert spelled(at(found, path)) == spelled(at(before, path))
    assert all(any(change.pointer.startswith(path) for path in touched) for change in changes(since, found))


@settings(derandomize=True, deadline=None, max_examples=100)
@given(st.data())
def test_a_change_of_any_field_that_would_be_put_back_is_noticed(data: st.DataObject) -> None:
    before, after = data.draw(objects()), data.draw(objects())
    patch = undo_patch(before, after)
    for operation in reversals(patch):
        other = {"other": 1} if operation["op"] != "add" else "back"
        since = applied([{"op": "add", "path": operation["path"], "value": other}], after)
        since["metadata"]["resourceVersion"] += ".1"
        with pytest.raises(TestFailed):
            applied(patch, since)


@settings(derandomize=True, deadline=None)
@given(before=objects(), after=objects())
def test_all_tests_come_before_anything_is_put_back(before: dict[str, Any], after: dict[str, Any]) -> None:
    operations = [operation["op"] for operation in undo_patch(before, after)]
    assert operations == sorted(operations, key=lambda op: op != "test")


def test_where_nothing_differs_there_is_nothing_to_undo() -> None:
    before, after = ({"a": 1, "metadata": {"uid": "1", "resourceVersion": version}} for version in "12")
    assert undo_patch(before, after) == []


def test_another_object_of_the_same_name_is_not_touched() -> None:
    after = {"metadata": {"name": "o", "uid": "1"}, "data": {"a": "new"}}
    patch = undo_patch({**after, "data": {"a": "old"}}, after)
    again = {**after, "metadata": {"name": "o", "uid": "2"}}
    assert applied(patch, after)["data"] == {"a": "old"}
    with pytest.raises(TestFailed):
        applied(patch, again)


def listed(*items: Any) -> dict[str, Any]:
    return {"metadata": {"uid": "1", "resourceVersion": "1"}, "spec": {"containers": list(items)}}


WEB, WEB_2, LOG = {"name": "web", "image": "a:1"}, {"name": "web", "image": "a:2"}, {"name": "log"}


def test_an_item_of_a_list_is_put_back_alone_where_its_name_tells_that_it_is_the_same() -> None:
    patch = undo_patch(listed(WEB, LOG), listed(WEB_2, LOG))
    assert applied(patch, listed(WEB_2, {"name": "other"}))["spec"]["containers"] == [WEB, {"name": "other"}]
    for since in (listed(LOG, WEB_2), listed({"name": "first", "image": "a:2"}, WEB_2), listed()):
        with pytest.raises(TestFailed):
            applied(patch, since)


@pytest.mark.parametrize(
    ("before", "after"),
    [([WEB], [WEB, LOG]), ([WEB, LOG], [LOG]), ([WEB, LOG], [LOG, WEB]), (["--a"], ["--b"]), ([["x"]], [["y"]])],
)
def test_any_other_list_is_put_back_as_a_whole_if_nobody_touched_it(before: list[Any], after: list[Any]) -> None:
    patch = undo_patch(listed(*before), listed(*after))
    assert [operation["path"] for operation in reversals(patch)] == ["/spec/containers"]
    assert applied(patch, listed(*after)) == listed(*before)
    with pytest.raises(TestFailed):
        applied(patch, listed(*after, {"name": "new"}))


def test_a_list_that_the_api_server_cannot_compare_is_put_back_if_the_whole_object_is_as_it_was() -> None:
    patch = undo_patch(listed(1), listed(None, 2))
    assert applied(patch, listed(None, 2)) == listed(1)
    later = listed(None, 2)
    later["metadata"]["resourceVersion"] = "2"
    with pytest.raises(TestFailed):
        applied(patch, later)


def test_parts_that_appeared_or_vanished_as_a_whole_are_put_back_as_a_whole() -> None:
    bare: dict[str, Any] = {"metadata": {"name": "o"}}
    labelled = {"metadata": {"name": "o", "labels": {"example.com/a": "1"}}}
    for before, after in ((bare, labelled), (labelled, bare)):
        patch = undo_patch(before, after)
        assert [operation["path"] for operation in reversals(patch)] == ["/metadata/labels"]
        assert applied(patch, after) == before
        with pytest.raises(TestFailed):
            applied(patch, {"metadata": {"name": "o", "labels": {"example.com/b": "1"}}})


def test_the_status_is_put_back_only_where_it_was_meant() -> None:
    before, after = ({"status": {"phase": phase}} for phase in ("A", "B"))
    assert undo_patch(before, after) == []
    assert applied(undo_patch(before, after, status=True), after) == before


@pytest.mark.parametrize("part", ["data", "metadata"])
def test_more_changes_than_one_patch_may_have_are_undone_part_by_part(part: str) -> None:
    many = {f"k{n}": "old" for n in range(MOST_OPERATIONS)}
    before = {"metadata": {"uid": "1"}, "data": {}} | {part: {"uid": "1", "annotations": many}}
    after = json.loads(json.dumps(before).replace("old", "new"))
    patch = undo_patch(before, after)
    assert len(patch) == 3
    assert [op["path"] for op in reversals(patch)] == ["/metadata/annotations" if part == "metadata" else "/data"]
    assert applied(patch, after) == before


DEPLOYMENT = KindProfile(group="apps", resource="deployments")


@pytest.mark.parametrize("kind", NO_UNDO)
def test_what_loses_something_for_good_says_so_before_it_is_deleted(kind: tuple[str, str]) -> None:
    group, resource = kind
    assert why_not_undoable(KindProfile(group=group, resource=resource), {"metadata": {}}) == NO_UNDO[kind]


@pytest.mark.parametrize(
    ("kind", "before", "reason"),
    [
        (DEPLOYMENT, {"metadata": {"finalizers": ["example.com/x"]}}, "its finalizers clean up"),
        (DEPLOYMENT, {"metadata": {"deletionTimestamp": "2026-11-24T00:00:00Z"}}, "is being deleted"),
        (
            KindProfile(group="", resource="secrets"),
            {"type": "kubernetes.io/service-account-token"},
            "its token ends",
        ),
        (
            KindProfile(group="apps", resource="statefulsets"),
            {"spec": {"persistentVolumeClaimRetentionPolicy": {"whenDeleted": "Delete"}}},
            "its volume claims",
        ),
        (KindProfile(group="example.com", resource="databases", no_undo="the data is dropped"), {}, "data is dropped"),
    ],
)
def test_some_objects_lose_something_for_good(kind: KindProfile, before: dict[str, Any], reason: str) -> None:
    assert reason in why_not_undoable(kind, before)


@pytest.mark.parametrize(
    ("kind", "before"),
    [
        (DEPLOYMENT, {"metadata": {"name": "web"}, "spec": {}}),
        (KindProfile(group="", resource="secrets"), {"type": "Opaque", "metadata": {}}),
        (
            KindProfile(group="apps", resource="statefulsets"),
            {"spec": {"persistentVolumeClaimRetentionPolicy": {"whenDeleted": "Retain"}}},
        ),
        (KindProfile(group="metrics.example.com", resource="pods"), {"metadata": {"finalizers": []}}),
    ],
)
def test_any_other_object_can_be_created_again(kind: KindProfile, before: dict[str, Any]) -> None:
    assert not why_not_undoable(kind, before)


def test_what_is_created_again_is_all_that_somebody_wrote() -> None:
    before = {
        "kind": "X",
        "metadata": {"name": "o", "labels": {"a": "b"}, "uid": "1", "resourceVersion": "1", "generation": 2}
        | {"creationTimestamp": "", "managedFields": [], "selfLink": "", "deletionTimestamp": ""},
        "spec": {"uid": "kept"},
        "status": {"phase": "A"},
    }
    assert recreated(before) == {
        "kind": "X",
        "metadata": {"name": "o", "labels": {"a": "b"}},
        "spec": {"uid": "kept"},
    }
    assert "status" in before


def test_a_pointer_of_the_patch_reaches_any_key() -> None:
    for key in ("a/b", "~1", "", "-", "0", "é", "a b"):
        before, after = ({"data": {key: value, "same": 1}} for value in ("old", "new"))
        assert applied(undo_patch(before, after), after) == before
        assert FieldChange(path=("data", key), before=1, after=2).pointer == undo_patch(before, after)[0]["path"]
