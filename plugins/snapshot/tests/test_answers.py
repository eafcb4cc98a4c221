"""What an API server would answer: pages, forms, and refusals with their exact bodies."""

from __future__ import annotations

import json
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mcp_kubernetes.spi import Request
from mcp_kubernetes_snapshot.api.status import Refusal
from mcp_kubernetes_snapshot.watching.watch import begun, is_watch

if TYPE_CHECKING:
    from conftest import Opened, Opening

PODS = "/api/v1/pods"
SHOP = "/api/v1/namespaces/shop/pods"
TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io"
AGGREGATED = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList"
PARTIAL = "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io"


@pytest.fixture
def snapshot(opened: Opening, tmp_path: Path) -> Opened:
    pods = [
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {
                "name": f"p{number}",
                "namespace": namespace,
                "labels": {"even": str(number % 2 == 0).lower()},
                "creationTimestamp": f"2026-01-01T10:00:0{number}Z",
                "resourceVersion": str(number),
            },
            "spec": {"nodeName": f"n{number % 3}"},
        }
        for number in range(7)
        for namespace in ("shop", "shop-test")
    ]
    (tmp_path / "all.json").write_text(json.dumps({"kind": "List", "apiVersion": "v1", "items": pods}), "utf-8")
    return opened(tmp_path)


def pages(snapshot: Opened, path: str, **query: str) -> list[list[str]]:
    found, token = [], ""
    while True:
        page = snapshot.get(path, limit="2", **query, **({"continue_": token} if token else {}))
        found.append([f"{item['metadata']['namespace']}/{item['metadata']['name']}" for item in page["items"]])
        token = page["metadata"].get("continue", "")
        if not token:
            return found


@pytest.mark.parametrize("query", [{}, {"labelSelector": "even=true"}, {"fieldSelector": "spec.nodeName!=n0"}])
@pytest.mark.parametrize("path", [PODS, SHOP])
def test_pages_join_to_the_whole_list_and_all_but_the_last_are_full(
    snapshot: Opened, path: str, query: dict[str, str]
) -> None:
    found = pages(snapshot, path, **query)
    whole = [f"{i['metadata']['namespace']}/{i['metadata']['name']}" for i in snapshot.get(path, **query)["items"]]
    assert [name for page in found for name in page] == whole
    assert {len(page) for page in found[:-1]} == {2}


def test_a_page_says_how_many_follow_unless_something_selects(snapshot: Opened) -> None:
    assert snapshot.get(SHOP, limit="2")["metadata"]["remainingItemCount"] == 5
    assert snapshot.get(PODS, limit="2")["metadata"]["remainingItemCount"] == 12
    assert "remainingItemCount" not in snapshot.get(SHOP, limit="2", labelSelector="even")["metadata"]


def test_ages_are_counted_to_the_newest_moment_in_the_snapshot(snapshot: Opened) -> None:
    assert [row["cells"][4] for row in snapshot.rows(SHOP)] == ["6s", "5s", "4s", "3s", "2s", "1s", "0s"]


def test_a_row_holds_as_much_of_its_object_as_is_asked_for(snapshot: Opened) -> None:
    def row(include: str) -> Any:
        return snapshot.rows(SHOP, includeObject=include)[0]["object"]

    assert row("None") is None
    assert row("Metadata").keys() == {"kind", "apiVersion", "metadata"}
    assert row("Object")["spec"] == {"nodeName": "n0"}


def test_metadata_alone_is_given_to_those_who_ask_for_it(snapshot: Opened) -> None:
    page = json.loads(snapshot.ask(SHOP, accept=PARTIAL).body)
    assert page["kind"] == "PartialObjectMetadataList"
    assert all("spec" not in item for item in page["items"])


REFUSALS: dict[str, tuple[dict[str, Any], int, str, str]] = {
    "no such object": ({"path": f"{SHOP}/x"}, 404, "NotFound", 'pods "x" not found'),
    "no such kind": ({"path": "/apis/apps/v1/x"}, 404, "NotFound", "the server could not find the requested resource"),
    "a change": ({"path": SHOP, "method": "POST"}, 405, "MethodNotAllowed", "a snapshot can only be read"),
    "a deletion": ({"path": f"{SHOP}/p1", "method": "DELETE"}, 405, "MethodNotAllowed", "a snapshot can only be read"),
    "a broken token": ({"path": SHOP, "continue_": "!"}, 400, "BadRequest", "continue key is not valid"),
    "another state": (
        {"path": SHOP, "resourceVersion": "3", "resourceVersionMatch": "Exact"}, 410, "Expired", "is too old"
    ),
    "a state to come": ({"path": SHOP, "resourceVersion": "99"}, 504, "Timeout", "Too large resource version: 99"),
    "health": ({"path": "/readyz"}, 404, "NotFound", "nothing of the API server itself"),
    "a scale": ({"path": f"{SHOP}/p1/scale"}, 404, "NotFound", "could not find the requested resource"),
}  # fmt: skip


@pytest.mark.parametrize("what", REFUSALS)
def test_a_refusal_is_a_status_that_says_why(snapshot: Opened, what: str) -> None:
    question, code, reason, words = REFUSALS[what]
    answer = snapshot.ask(**question)
    status = json.loads(answer.body)
    assert answer.status == status["code"] == code
    assert status | {"reason": reason, "kind": "Status", "apiVersion": "v1", "status": "Failure"} == status
    assert words in status["message"]


def test_a_token_of_another_snapshot_has_expired(snapshot: Opened, opened: Opening, tmp_path: Path) -> None:
    token = snapshot.get(SHOP, limit="2")["metadata"]["continue"]
    other = tmp_path / "other.json"
    other.write_text('{"apiVersion": "v1", "kind": "Pod", "metadata": {"name": "p", "namespace": "shop"}}', "utf-8")
    assert opened(other).ask(SHOP, continue_=token).status == 410


def test_whoever_asks_may_read_and_not_change(snapshot: Opened) -> None:
    def may(verb: str) -> bool:
        body = json.dumps({"spec": {"resourceAttributes": {"verb": verb, "resource": "pods"}}}).encode()
        path = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
        answer = snapshot.answering.answer(Request(method="POST", path=path, body=body))
        return bool(json.loads(answer.body)["status"]["allowed"])

    assert [may(verb) for verb in ("get", "list", "create", "delete")] == [True, True, False, False]


def test_discovery_is_not_sent_again_to_those_who_have_it(snapshot: Opened) -> None:
    first = snapshot.ask("/apis", accept=AGGREGATED)
    headers = (("Accept", AGGREGATED), ("If-None-Match", first.headers["etag"]))
    assert snapshot.answering.answer(Request(method="GET", path="/apis", headers=headers)).status == 304


@pytest.mark.parametrize("accept", ["text/plain", "*/*", "application/json", ""])
def test_a_log_is_text_whatever_is_accepted(snapshot: Opened, accept: str) -> None:
    known = snapshot.ask(f"{SHOP}/p1/log", accept="application/json")
    assert known.status != 406
    assert snapshot.ask(f"{SHOP}/p1/log", accept=accept) == known


def test_a_group_that_nobody_serves_is_no_page(snapshot: Opened) -> None:
    answer = snapshot.ask("/apis/a.b/v1/x")
    assert (answer.status, answer.body) == (404, b"404 page not found\n")


def test_an_object_that_is_not_what_its_kind_says_is_shown_all_the_same(opened: Opening, tmp_path: Path) -> None:
    odd = "spec: {containers: 5}\nstatus: [1]\n"
    (tmp_path / "odd.yaml").write_text(
        f"apiVersion: v1\nkind: Pod\nmetadata: {{name: odd, namespace: shop}}\n{odd}", "utf-8"
    )
    cells = opened(tmp_path).rows(SHOP)[0]["cells"]
    assert cells[0] == "odd"
    assert len(cells) == 9


_VALUES = ["", "0", "1", "true", "false", "x", "-1", "99", "a=b", "a in (b)", "metadata.name=p1", "spec.nodeName=n1"]
_QUERIES = st.lists(
    st.tuples(
        st.sampled_from(
            [
                *("watch", "limit", "continue", "resourceVersion", "resourceVersionMatch", "sendInitialEvents"),
                *("allowWatchBookmarks", "timeoutSeconds", "labelSelector", "fieldSelector", "includeObject", "pretty"),
            ]
        ),
        st.sampled_from([*_VALUES, "Exact", "NotOlderThan", "Object", "None"]) | st.text(max_size=3),
    ),
    max_size=5,
)
_PATHS = st.sampled_from(
    [
        PODS,
        SHOP,
        f"{SHOP}/p1",
        f"{SHOP}/p1/log",
        f"{SHOP}/p1/scale",
        "/api",
        "/apis",
        "/apis/apps/v1",
        "/",
        "",
        "//",
        "/x",
    ]
) | st.text("/api.v1%", max_size=9)
_ACCEPTED = st.sampled_from(["", "*/*", TABLE, PARTIAL, AGGREGATED, "text/plain", ";;,q=", "application/json;q=x;as"])
_METHODS = st.sampled_from(["GET", "GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "X"])


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(_METHODS, _PATHS, _QUERIES, _ACCEPTED)
def test_whatever_is_asked_is_answered(
    snapshot: Opened, method: str, path: str, query: list[tuple[str, str]], accept: str
) -> None:
    request = Request(method=method, path=path, query=tuple(query), headers=(("Accept", accept),))
    answer = snapshot.answering.answer(request)
    assert answer.status in {200, 204, 400, 404, 405, 406, 410, 422, 500, 504}
    if is_watch(request):
        with suppress(Refusal):
            begun(snapshot.answering, request)
