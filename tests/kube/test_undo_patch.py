"""What a real API server makes of the patches that undo a change, and of objects that are created again."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mcp_kubernetes.diff import changes
from mcp_kubernetes.go_json import go_json
from mcp_kubernetes.undo import MOST_OPERATIONS, recreated, undo_patch
from tests.cluster.api import client_tls
from tests.json_patch import ServerCrashed, TestFailed, applied

if TYPE_CHECKING:
    import ssl

    from tests.cluster import Cluster

JSON_PATCH = "application/json-patch+json"
MERGE_PATCH = "application/merge-patch+json"
_GROUP = "undo.example.com"
_SECONDS = 30


@dataclass(frozen=True)
class Collection:
    """The objects of one kind in the test's namespace, asked for with nothing of ours in between."""

    cluster: Cluster
    path: str

    def send(self, method: str, name: str = "", body: bytes = b"", form: str = "application/json") -> tuple[int, Any]:
        """Status and answer; status 0 if the connection ended without one."""
        address = f"{self.cluster.server}{self.path}" + (f"/{name}" if name else "")
        request = urllib.request.Request(address, body or None, {"Content-Type": form}, method=method)  # noqa: S310
        try:
            with urllib.request.urlopen(request, timeout=_SECONDS, context=self._tls) as answer:  # noqa: S310
                return answer.status, json.loads(answer.read())
        except urllib.error.HTTPError as error:
            return error.code, _decoded(error.read())
        except ConnectionError as error:
            return 0, error

    def create(self, body: dict[str, Any]) -> Any:
        return self._fine("POST", "", json.dumps(body).encode())

    def get(self, name: str) -> Any:
        return self._fine("GET", name)

    def delete(self, name: str) -> None:
        self._fine("DELETE", name)

    def merge(self, name: str, patch: Any) -> Any:
        return self._fine("PATCH", name, json.dumps(patch).encode(), MERGE_PATCH)

    def replace(self, name: str, **parts: Any) -> Any:
        now = self.get(name)
        kept = {key: now[key] for key in ("apiVersion", "kind")} | {"metadata": {"name": name}}
        kept["metadata"]["resourceVersion"] = now["metadata"]["resourceVersion"]
        return self._fine("PUT", name, json.dumps(kept | parts).encode())

    def undo(self, name: str, before: Any, after: Any) -> tuple[int, Any]:
        return self.send("PATCH", name, go_json(undo_patch(before, after)), JSON_PATCH)

    def _fine(self, method: str, name: str, body: bytes = b"", form: str = "application/json") -> Any:
        status, answer = self.send(method, name, body, form)
        assert 200 <= status < 300, answer
        return answer

    @cached_property
    def _tls(self) -> ssl.SSLContext:
        config = yaml.safe_load(self.cluster.kubeconfig.read_text("utf-8"))
        return client_tls(config["clusters"][0]["cluster"], config["users"][0]["user"])


def _decoded(body: bytes) -> Any:
    return json.loads(body) if body.startswith(b"{") else body


def labelled(labels: dict[str, str | None]) -> dict[str, Any]:
    return {"metadata": {"labels": labels}}


_WEB = {"name": "web", "image": "a:1", "env": [{"name": "A", "value": "<1>"}]}
_WEB_2, _LOG = {**_WEB, "image": "a:2"}, {"name": "log", "image": "b"}
_SELECTOR = {"matchLabels": {"app": "o"}}


def pods(*containers: Any, **more: Any) -> dict[str, Any]:
    """The spec of a Deployment, which is paused: its controller changes nothing then."""
    template = {"metadata": {"labels": {"app": "o"}}, "spec": {"containers": containers, **more}}
    return {"replicas": 0, "paused": True, "selector": _SELECTOR, "template": template}


Case = tuple[str, dict[str, Any], list[dict[str, Any]], dict[str, Any]]
CASES: dict[str, Case] = {
    # path of the collection, the object, changes of it, a change of the same by somebody else
    "configmap": (
        "api/v1/{}/configmaps",
        {"data": {"a": "1", "x-y": "<&>\u2028", "gone": "é"}},
        [{"data": {"a": "2", "x-y": "<&&>\u2029"}}, {"data": {"gone": None, "new": "\t"}}, {"data": None}],
        {"data": {"a": "3", "gone": "3", "new": "3"}},
    ),
    "secret": (
        "api/v1/{}/secrets", {"data": {"a": "MQ=="}}, [{"data": {"a": "Mg==", "b": ""}}], {"data": {"a": "Mw=="}},
    ),
    "deployment": (
        "apis/apps/v1/{}/deployments",
        {"spec": pods(_WEB, _LOG)},
        [
            {"spec": pods(_WEB_2, _LOG)},
            {"spec": pods(_WEB, hostNetwork=True)},
            {"spec": {"minReadySeconds": 5, "strategy": {"type": "Recreate", "rollingUpdate": None}}},
        ],
        {"spec": {**pods(_LOG), "minReadySeconds": 9}},
    ),
    "service": (
        "api/v1/{}/services",
        {"spec": {"selector": {"app": "o"}, "ports": [{"name": "a", "port": 80}, {"name": "b", "port": 81}]}},
        [
            {"spec": {"ports": [{"name": "a", "port": 80}, {"name": "b", "port": 82}]}},
            {"spec": {"ports": [{"name": "b", "port": 81}], "selector": None, "sessionAffinity": "ClientIP"}},
        ],
        {"spec": {"ports": [{"name": "c", "port": 83}], "selector": {"x": "y"}, "sessionAffinity": "None"}},
    ),
    "networkpolicy": (
        "apis/networking.k8s.io/v1/{}/networkpolicies",
        {"spec": {"podSelector": {}, "policyTypes": ["Ingress"]}},
        [{"spec": {"podSelector": _SELECTOR, "policyTypes": ["Ingress", "Egress"], "egress": [{}]}}],
        {"spec": {"policyTypes": ["Egress"], "podSelector": {"matchLabels": {"app": "x"}}}},
    ),
    "role": (
        "apis/rbac.authorization.k8s.io/v1/{}/roles",
        {"rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get"]}]},
        [{"rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": ["get", "list"]}]}, {"rules": None}],
        {"rules": [{"apiGroups": [""], "resources": ["pods"], "verbs": ["watch"]}]},
    ),
    "custom resource": (
        f"apis/{_GROUP}/v1/{{}}/frees",
        {"spec": {"f": [0.00001, 1e-7, 1e20, 2**53 + 1, 0.5], "n": None, "deep": {"a": [{"b": "<"}]}, "x": 1}},
        [{"spec": {"f": [0.00002, 2e-7, 2e20], "x": 0.000001, "deep": {"a": [{"b": ">"}]}}}, {"spec": None}],
        {"spec": {"f": [1], "x": 2}},
    ),
}  # fmt: skip

CHANGES = [(kind, number) for kind, case in CASES.items() for number in range(len(case[2]))]


@pytest.fixture(scope="module")
def _frees(cluster: Cluster) -> Iterator[None]:
    """A kind whose objects may hold anything."""
    schema = {"type": "object", "x-kubernetes-preserve-unknown-fields": True}
    version = {"name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}}
    spec = {"group": _GROUP, "scope": "Namespaced", "names": {"plural": "frees", "kind": "Free"}, "versions": [version]}
    name = f"frees.{_GROUP}"
    body = {"apiVersion": "apiextensions.k8s.io/v1", "kind": "CustomResourceDefinition", "metadata": {"name": name}}
    cluster.kubectl("create", "-f", "-", stdin=json.dumps({**body, "spec": spec}))
    cluster.kubectl("wait", "--for=condition=Established", f"crd/{name}")
    yield
    cluster.kubectl("delete", "crd", name, "--wait=false")


@pytest.fixture
def kind(request: pytest.FixtureRequest, cluster: Cluster, namespace: str, _frees: None) -> tuple[Collection, Case]:
    case = CASES[request.param]
    return Collection(cluster, "/" + case[0].format(f"namespaces/{namespace}")), case


def body(case: Case) -> dict[str, Any]:
    return {"metadata": {"name": "o"}, **case[1]} | _type(case[0])


def _type(path: str) -> dict[str, str]:
    return {"apiVersion": f"{_GROUP}/v1", "kind": "Free"} if _GROUP in path else {}


def same(one: Any, other: Any) -> bool:
    return not changes(one, other)


@pytest.mark.parametrize(("kind", "number"), CHANGES, indirect=["kind"])
def test_what_was_changed_is_as_it_was(kind: tuple[Collection, Case], number: int) -> None:
    collection, case = kind
    before = collection.create(body(case))
    after = collection.merge("o", {**labelled({"example.com/new": "x"}), **case[2][number]})
    assert not same(before, after)
    status, undone = collection.undo("o", before, after)
    assert status == 200, undone
    assert same(undone, before)
    assert same(collection.get("o"), before)


@pytest.mark.parametrize(("kind", "number"), CHANGES, indirect=["kind"])
def test_a_conflicting_change_in_between_is_refused_by_the_api_server(
    kind: tuple[Collection, Case], number: int
) -> None:
    collection, case = kind
    before = collection.create(body(case))
    after = collection.merge("o", case[2][number])
    since = collection.merge("o", case[3])
    status, answer = collection.undo("o", before, after)
    assert (status, answer["reason"]) == (422, "Invalid")
    # This is what tells it from an object that does not validate: that names the kind and the fields.
    assert answer["details"] == {}
    assert same(collection.get("o"), since)


@pytest.mark.parametrize(("kind", "number"), CHANGES, indirect=["kind"])
def test_what_others_changed_elsewhere_stays(kind: tuple[Collection, Case], number: int) -> None:
    collection, case = kind
    before = collection.create({**body(case), "metadata": {"name": "o", "labels": {"mine": "1", "theirs": "1"}}})
    after = collection.merge("o", {**labelled({"mine": "2"}), **case[2][number]})
    collection.merge("o", labelled({"theirs": "2"}))
    status, undone = collection.undo("o", before, after)
    assert status == 200, undone
    assert undone["metadata"]["labels"] == {"mine": "1", "theirs": "2"}
    assert [change.spelled for change in changes(before, undone)] == [".metadata.labels.theirs"]


@pytest.mark.parametrize("kind", CASES, indirect=True)
def test_an_object_that_took_the_place_of_the_changed_one_is_left_alone(kind: tuple[Collection, Case]) -> None:
    collection, case = kind
    before = collection.create(body(case))
    after = collection.merge("o", labelled({"a": "b"}))
    collection.delete("o")
    collection.create({**body(case), "metadata": {"name": "o", "labels": {"a": "b"}}})
    assert collection.undo("o", before, after)[0] == 422


@pytest.mark.parametrize("kind", CASES, indirect=True)
def test_a_deleted_object_is_created_again_as_it_was(kind: tuple[Collection, Case]) -> None:
    collection, case = kind
    collection.create(body(case))
    before = collection.merge("o", labelled({"a": "b"}))
    collection.delete("o")
    assert same(collection.create(recreated(before)), before)


@pytest.mark.parametrize(("before", "after"), [(0, 3), (3, 0), (2, 5)])
@pytest.mark.parametrize("kind", ["deployment"], indirect=True)
def test_replicas_are_put_back_through_the_subresource_scale(
    kind: tuple[Collection, Case], before: int, after: int
) -> None:
    collection, case = kind
    collection.create({**body(case), "spec": {**case[1]["spec"], "replicas": before}})
    scales = [collection.get("o/scale"), collection.merge("o/scale", {"spec": {"replicas": after}})]
    assert collection.undo("o/scale", scales[0], scales[1])[0] == 200
    assert collection.get("o")["spec"]["replicas"] == before
    collection.merge("o/scale", {"spec": {"replicas": 7}})
    assert collection.undo("o/scale", scales[0], scales[1])[0] == 422


@pytest.mark.parametrize("kind", ["custom resource"], indirect=True)
def test_a_list_that_the_api_server_cannot_compare_is_not_sent_to_it(kind: tuple[Collection, Case]) -> None:
    collection, case = kind
    before = collection.create(body(case))
    after = collection.merge("o", {"spec": {"x": [None, 1]}})
    compared = [{"op": "test", "path": "/spec/x", "value": [None, 1]}]
    assert collection.send("PATCH", "o", go_json(compared), JSON_PATCH)[0] == 0, "so we could send it after all"
    collection.merge("o", labelled({"a": "b"}))
    assert collection.undo("o", before, after)[0] == 422
    collection.merge("o", labelled({"a": None}))
    now = collection.get("o")
    assert collection.undo("o", before, now)[0] == 200
    assert same(collection.get("o")["spec"], before["spec"])


@pytest.mark.parametrize("kind", ["configmap"], indirect=True)
def test_more_changes_than_one_patch_may_have_are_undone_all_the_same(kind: tuple[Collection, Case]) -> None:
    collection, _ = kind
    many = {f"k{n}": "old" for n in range(MOST_OPERATIONS // 2 + 1)}
    before = collection.create({"metadata": {"name": "o"}, "data": many})
    after = collection.merge("o", {"data": dict.fromkeys(many, "new")})
    assert collection.undo("o", before, after)[0] == 200
    assert same(collection.get("o"), before)


_KEYS = st.sampled_from(["a", "b/c", "~1", "", "-", "0", "name"])
_LEAVES = (
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"]), max_size=6) | st.sampled_from("<>&\u2028\x7f\b")
)  # fmt: skip
_NAMED = st.fixed_dictionaries({"name": st.sampled_from("abc")}, optional={"image": _LEAVES})
_SPECS = st.dictionaries(
    _KEYS,
    st.recursive(
        _LEAVES,
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(_KEYS, inner, max_size=3)
            | st.lists(_NAMED, max_size=3, unique_by=lambda item: item["name"])
        ),
        max_leaves=6,
    ),
    max_size=4,
)


@pytest.mark.parametrize("kind", ["custom resource"], indirect=True)
def test_any_object_is_put_back_or_left_alone_as_our_own_reading_of_the_patch_says(
    kind: tuple[Collection, Case],
) -> None:
    collection, case = kind
    collection.create(body(case))

    @settings(derandomize=True, deadline=None, max_examples=40, suppress_health_check=list(HealthCheck))
    @given(one=_SPECS, two=_SPECS, three=_SPECS)
    def holds(one: Any, two: Any, three: Any) -> None:
        # Twice, for the API server spells the numbers of a custom resource its own way once they have been stored.
        before, after, since = [[collection.replace("o", spec=spec) for _ in range(2)][1] for spec in (one, two, three)]
        assert (collection.undo("o", before, after)[0] == 200) is _holds(undo_patch(before, after), since)
        after = collection.get("o")
        since = [collection.replace("o", spec=one) for _ in range(2)][1]
        after, before = since, after
        assert collection.undo("o", before, after)[0] == 200
        assert same(collection.get("o"), before)

    holds()


def _holds(patch: list[dict[str, Any]], document: Any) -> bool:
    try:
        applied(patch, document)
    except (TestFailed, ServerCrashed):
        return False
    return True
