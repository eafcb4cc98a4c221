"""What a request does, read off the request. What must be refused is in tests/invariants."""

from __future__ import annotations

from typing import Any

import pytest

from mcp_kubernetes.effects import Effect, Operation
from mcp_kubernetes.errors import Denied
from mcp_kubernetes.kube.connection import Request
from mcp_kubernetes.kube.guard import RequestAttributes, attributes, check

POD = "/api/v1/namespaces/a/pods/p"
APPLY = (("Content-Type", "application/apply-patch+yaml"),)
READ, WRITE, CONNECT = Effect


@pytest.mark.parametrize(
    ("method", "path", "more", "effect", "operation"),
    [
        ("GET", POD, {}, READ, Operation.GET),
        ("HEAD", POD, {}, READ, Operation.GET),
        ("GET", "/api/v1/pods", {}, READ, Operation.LIST),
        ("GET", "/api/v1/pods", {"query": (("watch", "true"),)}, READ, Operation.WATCH),
        ("GET", "/api/v1/pods", {"query": (("watch", "0"),)}, READ, Operation.LIST),
        ("GET", f"{POD}/log", {}, READ, Operation.LOGS),
        ("GET", f"{POD}/status", {}, READ, Operation.GET),
        ("GET", "/apis/apps/v1/namespaces/a/deployments/d/scale", {}, READ, Operation.GET),
        ("GET", "/version", {}, READ, Operation.GET),
        ("POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", {}, READ, Operation.REVIEW),
        ("POST", "/api/v1/namespaces/a/pods", {}, WRITE, Operation.CREATE),
        ("PUT", POD, {}, WRITE, Operation.UPDATE),
        ("PATCH", POD, {}, WRITE, Operation.PATCH),
        ("PATCH", POD, {"headers": APPLY}, WRITE, Operation.APPLY),
        ("DELETE", POD, {}, WRITE, Operation.DELETE),
        ("DELETE", "/api/v1/namespaces/a/pods", {}, WRITE, Operation.DELETECOLLECTION),
        ("PATCH", "/apis/apps/v1/namespaces/a/deployments/d/scale", {}, WRITE, Operation.SCALE),
        ("POST", f"{POD}/eviction", {}, WRITE, Operation.EVICT),
        ("POST", f"{POD}/exec", {}, CONNECT, Operation.EXEC),
        ("GET", f"{POD}/attach", {}, CONNECT, Operation.ATTACH),
        ("POST", f"{POD}/portforward", {}, CONNECT, Operation.PORT_FORWARD),
        ("DELETE", f"{POD}/proxy/x", {}, CONNECT, Operation.PROXY),
        ("GET", "/api/v1/nodes/n/proxy/status", {}, CONNECT, Operation.PROXY),
        ("PATCH", f"{POD}/ephemeralcontainers", {}, CONNECT, Operation.EXEC),
        ("POST", "/api/v1/namespaces/a/serviceaccounts/s/token", {}, CONNECT, Operation.TOKEN),
        ("GET", "/apis/g/v1/namespaces/a/machines/m/console", {}, CONNECT, Operation.PROXY),
        ("GET", "/metrics", {}, WRITE, Operation.GET),
    ],
)
def test_effect_and_operation_follow_from_the_request_alone(
    method: str, path: str, more: dict[str, Any], effect: Effect, operation: Operation
) -> None:
    found = attributes(Request(method=method, path=path, **more))
    assert (found.effect, found.operation) == (effect, operation)


def test_a_refusal_says_what_the_tool_is_and_what_the_request_does() -> None:
    with pytest.raises(Denied, match=r"the tool is declared read, but delete on pods is a write request\."):
        check(Request(method="DELETE", path=POD), READ, lambda _: None)


def test_the_policy_is_asked_about_each_request_and_has_the_last_word() -> None:
    asked: list[RequestAttributes] = []

    def nothing_in_a(found: RequestAttributes) -> None:
        asked.append(found)
        if found.target.namespace == "a":
            raise Denied("Nothing in a.")

    check(Request(method="GET", path="/api/v1/namespaces/b/pods"), READ, nothing_in_a)
    with pytest.raises(Denied, match="Nothing in a"):
        check(Request(method="GET", path=POD), READ, nothing_in_a)
    assert [found.target.namespace for found in asked] == ["b", "a"]


@pytest.mark.parametrize("header", ["Accept", "accept", "Content-Type", "If-None-Match"])
def test_a_request_may_say_what_it_sends_and_wants(header: str) -> None:
    assert attributes(Request(method="GET", path=POD, headers=((header, "x"),))).effect is READ
