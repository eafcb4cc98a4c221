"""Changes of a snapshot, as far as they differ from those of an API server, or have nothing to be compared with."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mcp_kubernetes.spi import Request, Response, merge_patch
from mcp_kubernetes_snapshot.opening import Snapshot, SnapshotConnection
from mcp_kubernetes_snapshot.writing.merging import strategic
from mcp_kubernetes_snapshot.writing.states import _MOST

if TYPE_CHECKING:
    from collections.abc import Iterator

CONFIGS = "/api/v1/namespaces/shop/configmaps"
MERGE = "application/merge-patch+json"
JSON = "application/json"


class Writable:
    """A snapshot that may be changed."""

    def __init__(self, connection: SnapshotConnection) -> None:
        self._states = connection._states
        self.close = connection.answering.contents.close

    def ask(self, method: str, path: str, body: Any = None, media_type: str = "", **query: str) -> Response:
        media_type = media_type or (MERGE if method == "PATCH" else "application/json")
        named = {name.replace("continue_", "continue"): value for name, value in query.items()}
        sent = None if body is None else json.dumps(body).encode()
        return self._states.answer(
            Request(method=method, path=path, query=tuple(named.items()), body=sent,
                    headers=(("Content-Type", media_type),))
        )  # fmt: skip

    def get(self, path: str, **query: str) -> Any:
        return json.loads(self.ask("GET", path, **query).body)

    def names(self, path: str = CONFIGS, **query: str) -> list[str]:
        return [item["metadata"]["name"] for item in self.get(path, **query)["items"]]


def config(name: str) -> dict[str, Any]:
    return {
        "apiVersion": "v1",
        "kind": "ConfigMap",
        "metadata": {"name": name, "namespace": "shop"},
        "data": {"a": "1"},
    }


@pytest.fixture
def files(tmp_path: Path) -> Path:
    for name in "abcde":
        (tmp_path / f"{name}.json").write_text(json.dumps(config(name)), "utf-8")
    return tmp_path


@pytest.fixture
def snapshot(files: Path) -> Iterator[Writable]:
    found = Writable(Snapshot(name="test", path=files, most_bytes=1 << 20, writable=True).opened_now())
    yield found
    found.close()


def test_a_list_goes_on_in_the_state_in_which_it_was_begun(snapshot: Writable) -> None:
    token = snapshot.get(CONFIGS, limit="2")["metadata"]["continue"]
    assert snapshot.ask("DELETE", f"{CONFIGS}/c").status == 200
    assert snapshot.ask("POST", CONFIGS, config("cc")).status == 201
    assert snapshot.names(limit="2", continue_=token) == ["c", "d"]
    assert snapshot.names() == ["a", "b", "cc", "d", "e"]


def test_a_state_of_long_ago_has_expired(snapshot: Writable) -> None:
    token = snapshot.get(CONFIGS, limit="2")["metadata"]["continue"]
    for number in range(_MOST):
        snapshot.ask("PATCH", f"{CONFIGS}/a", {"data": {"a": str(number + 2)}})
    answer = snapshot.ask("GET", CONFIGS, continue_=token)
    status = json.loads(answer.body)
    assert (answer.status, status["reason"]) == (410, "Expired")
    assert snapshot.ask("POST", CONFIGS, config("cc")).status == 201
    assert snapshot.names(limit="2", continue_=status["metadata"]["continue"]) == ["c", "cc"]


def test_the_files_stay_as_they_are(snapshot: Writable, files: Path) -> None:
    before = {path: path.read_bytes() for path in files.iterdir()}
    snapshot.ask("DELETE", f"{CONFIGS}/a")
    snapshot.ask("PATCH", f"{CONFIGS}/b", {"data": {"a": "9"}})
    assert {path: path.read_bytes() for path in files.iterdir()} == before


def test_what_would_change_nothing_leaves_the_version(snapshot: Writable) -> None:
    version = snapshot.get(CONFIGS)["metadata"]["resourceVersion"]
    assert snapshot.ask("PATCH", f"{CONFIGS}/a", {"data": {"a": "1"}}).status == 200
    assert snapshot.ask("PATCH", f"{CONFIGS}/a", {"data": {"a": "2"}}, dryRun="All").status == 200
    assert snapshot.get(CONFIGS)["metadata"]["resourceVersion"] == version


def test_an_update_of_another_version_is_a_conflict(snapshot: Writable) -> None:
    found = snapshot.get(f"{CONFIGS}/a")
    first = snapshot.ask("PUT", f"{CONFIGS}/a", found | {"data": {"a": "2"}})
    assert first.status == 200
    stale = json.loads(first.body)
    assert snapshot.ask("PUT", f"{CONFIGS}/a", stale | {"data": {"a": "3"}}).status == 200
    assert snapshot.ask("PUT", f"{CONFIGS}/a", stale | {"data": {"a": "4"}}).status == 409
    assert snapshot.get(f"{CONFIGS}/a")["data"] == {"a": "3"}


def test_the_last_object_of_a_kind_that_nobody_described_takes_the_kind_with_it(files: Path) -> None:
    odd = {"apiVersion": "odd.example/v1", "kind": "Odd", "metadata": {"name": "x", "namespace": "shop"}}
    (files / "odd.json").write_text(json.dumps(odd), "utf-8")
    snapshot = Writable(Snapshot(name="test", path=files, most_bytes=1 << 20, writable=True).opened_now())
    path = "/apis/odd.example/v1/namespaces/shop/odds"
    assert snapshot.names(path) == ["x"]
    assert snapshot.ask("DELETE", f"{path}/x").status == 200
    assert snapshot.ask("GET", path).status == 404
    snapshot.close()


REFUSED = {
    "nothing": ("POST", CONFIGS, None, JSON, 400),
    "no object": ("POST", CONFIGS, [1], JSON, 400),
    "metadata that are none": ("POST", CONFIGS, {"metadata": 5}, JSON, 400),
    "another kind": ("POST", CONFIGS, config("x") | {"kind": "Pod"}, JSON, 400),
    "another form": ("POST", CONFIGS, config("x"), MERGE, 415),
    "another namespace": ("POST", "/api/v1/namespaces/other/configmaps", config("x"), JSON, 400),
    "an unknown form": ("PATCH", f"{CONFIGS}/a", {}, "text/plain", 415),
    "a list to merge": ("PATCH", f"{CONFIGS}/a", [], MERGE, 400),
    "operations that are none": ("PATCH", f"{CONFIGS}/a", [5], "application/json-patch+json", 422),
    "the whole object": ("PATCH", f"{CONFIGS}/a", [{"op": "remove", "path": ""}], "application/json-patch+json", 422),
    "lists of all namespaces": ("DELETE", "/api/v1/configmaps", None, JSON, 405),
    "something in all namespaces": ("POST", "/api/v1/configmaps", {"metadata": {"name": "x"}}, JSON, 405),
    "an object of no namespace": (
        "PATCH",
        "/api/v1/configmaps/x",
        {"metadata": {}},
        "application/apply-patch+yaml",
        404,
    ),
    "half a dry run": ("DELETE", f"{CONFIGS}/a", {"dryRun": ["Half"]}, JSON, 422),
    "a name that is not said": ("PUT", f"{CONFIGS}/a", {"metadata": {}}, JSON, 400),
    "something that runs": ("POST", "/api/v1/namespaces/shop/pods/a/eviction", {}, JSON, 404),
    "an unknown kind": ("POST", "/api/v1/namespaces/shop/nonsense", {}, JSON, 404),
}


@pytest.mark.parametrize("what", REFUSED)
def test_what_cannot_be_done_is_a_status(snapshot: Writable, what: str) -> None:
    *request, code = REFUSED[what]
    answer = snapshot.ask(*request)
    assert answer.status == json.loads(answer.body)["code"] == code
    assert snapshot.names() == [*"abcde"]


def test_a_collection_is_deleted_object_by_object(snapshot: Writable) -> None:
    before = int(snapshot.get(CONFIGS)["metadata"]["resourceVersion"])
    answer = snapshot.ask("DELETE", CONFIGS, fieldSelector="metadata.name!=c")
    assert [item["metadata"]["name"] for item in json.loads(answer.body)["items"]] == [*"abde"]
    assert snapshot.names() == ["c"]
    assert int(snapshot.get(CONFIGS)["metadata"]["resourceVersion"]) == before + 4


def test_a_collection_that_is_only_tried_stays(snapshot: Writable) -> None:
    assert snapshot.ask("DELETE", CONFIGS, dryRun="All").status == 200
    assert snapshot.ask("DELETE", CONFIGS, {"dryRun": ["All"]}).status == 200
    assert snapshot.names() == [*"abcde"]


def test_whoever_asks_may_change_it(snapshot: Writable) -> None:
    body = {"spec": {"resourceAttributes": {"verb": "delete", "resource": "pods"}}}
    answer = snapshot.ask("POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", body)
    assert json.loads(answer.body)["status"]["allowed"]


_keys = st.sampled_from(
    [
        *(
            "metadata",
            "name",
            "namespace",
            "labels",
            "finalizers",
            "generateName",
            "spec",
            "replicas",
            "status",
            "kind",
        ),
        *("apiVersion", "op", "path", "value", "$patch", "containers", "preconditions", "uid", "dryRun", "group"),
        *("names", "versions", "resourceVersion", "gracePeriodSeconds", "propagationPolicy", "data"),
    ]
)
anything = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.sampled_from(["", "a", "shop", "Pod", "apps/v1", "All"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_keys, inner, max_size=4),
    max_leaves=12,
)
types = st.sampled_from(
    [
        MERGE,
        JSON,
        *(f"application/{each}" for each in ("json-patch+json", "strategic-merge-patch+json", "apply-patch+yaml")),
    ]
)
places = st.sampled_from(
    [
        *(CONFIGS, f"{CONFIGS}/a", f"{CONFIGS}/new", "/api/v1/namespaces", "/api/v1/namespaces/shop/pods/odd"),
        *(
            "/apis/apps/v1/namespaces/shop/deployments/odd/scale",
            "/apis/apps/v1/namespaces/shop/deployments/odd/status",
        ),
        "/apis/apiextensions.k8s.io/v1/customresourcedefinitions",
    ]
)


@pytest.fixture(scope="module")
def odd(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Objects that are not what their kinds say."""
    folder = tmp_path_factory.mktemp("odd")
    for api, kind in (("v1", "Pod"), ("apps/v1", "Deployment"), ("v1", "ConfigMap")):
        found = {"apiVersion": api, "kind": kind, "metadata": {"name": "odd", "namespace": "shop"}, "spec": [1]}
        (folder / f"{kind}.json").write_text(json.dumps(found | {"status": "x"}), "utf-8")
    return folder


requests = st.lists(st.tuples(st.sampled_from(["POST", "PUT", "PATCH", "DELETE"]), places, anything, types), max_size=6)


@settings(max_examples=80, deadline=None)
@given(requests)
def test_whatever_is_sent_is_answered(odd: Path, requests: list[tuple[str, str, Any, str]]) -> None:
    snapshot = Writable(Snapshot(name="odd", path=odd, most_bytes=1 << 20, writable=True).opened_now())
    for request in requests:
        answer = snapshot.ask(*request)
        found = json.loads(answer.body)
        assert answer.status == found.get("code", answer.status)
        assert answer.status < 500 or found["message"].startswith(("resourceVersion", "map: "))
        assert snapshot.ask("GET", CONFIGS).status == 200
    snapshot.close()


values = st.recursive(
    st.none() | st.booleans() | st.integers(-9, 9) | st.text("ab", max_size=2),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("abc"), inner, max_size=3),
    max_leaves=8,
)
maps = st.dictionaries(st.sampled_from("abc"), values, max_size=3)


@settings(max_examples=40)
@given(maps, maps)
def test_a_patch_twice_is_a_patch_once_and_both_kinds_agree_where_no_list_is_joined(
    target: dict[str, Any], patch: dict[str, Any]
) -> None:
    once = merge_patch(target, patch)
    assert merge_patch(once, patch) == once
    assert strategic(target, patch).keys() == once.keys()


@settings(max_examples=40)
@given(st.lists(st.sampled_from("abcdef"), unique=True), st.lists(st.sampled_from("abcdef"), unique=True))
def test_a_joined_list_has_each_item_once_and_keeps_the_order_of_what_was_sent(
    there: list[str], sent: list[str]
) -> None:
    def containers(names: list[str]) -> dict[str, Any]:
        return {"containers": [{"name": name} for name in names]}

    found = [each["name"] for each in strategic(containers(there), containers(sent)).get("containers", [])]
    assert sorted(found) == sorted({*there, *sent})
    assert [name for name in found if name in sent] == sent
    assert [name for name in found if name not in sent] == [name for name in there if name not in sent]
