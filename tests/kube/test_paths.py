from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mcp_kubernetes.errors import InvalidArguments
from mcp_kubernetes.kube.paths import APIPath, UnparsablePath, parse, resource_path, segment

NAMES = st.from_regex(r"[a-z0-9]([-a-z0-9]{0,15}[a-z0-9])?", fullmatch=True).filter(
    lambda name: name not in {"watch", "proxy", "status", "finalize", "namespaces"}
)


@pytest.mark.parametrize(
    ("arguments", "path"),
    [
        ({"group": "", "version": "v1", "resource": "pods"}, "/api/v1/pods"),
        ({"group": "", "version": "v1", "resource": "pods", "namespace": "a"}, "/api/v1/namespaces/a/pods"),
        ({"group": "", "version": "v1", "resource": "nodes", "name": "n1"}, "/api/v1/nodes/n1"),
        ({"group": "", "version": "v1", "resource": "namespaces", "name": "a"}, "/api/v1/namespaces/a"),
        ({"group": "apps", "version": "v1", "resource": "deployments"}, "/apis/apps/v1/deployments"),
        (
            {"group": "apps", "version": "v1", "resource": "deployments", "namespace": "a", "name": "d"}
            | {"subresource": "scale"},
            "/apis/apps/v1/namespaces/a/deployments/d/scale",
        ),
        (
            {"group": "rbac.authorization.k8s.io", "version": "v1", "resource": "clusterroles", "name": "system:node"},
            "/apis/rbac.authorization.k8s.io/v1/clusterroles/system:node",
        ),
    ],
)
def test_a_path_is_built_as_the_api_server_expects_it(arguments: dict[str, Any], path: str) -> None:
    assert resource_path(**arguments) == path


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("/version", {}),
        ("/api", {}),
        ("/api/v1", {}),
        ("/apis/apps/v1", {}),
        ("/api/v1/pods", {"version": "v1", "resource": "pods"}),
        ("/api/v1/namespaces", {"version": "v1", "resource": "namespaces"}),
        ("/api/v1/namespaces/a", {"version": "v1", "resource": "namespaces", "name": "a", "namespace": "a"}),
        (
            "/api/v1/namespaces/a/finalize",
            {"version": "v1", "resource": "namespaces", "name": "a", "namespace": "a", "subresource": "finalize"},
        ),
        (
            "/api/v1/namespaces/a/status",
            {"version": "v1", "resource": "namespaces", "name": "a", "namespace": "a", "subresource": "status"},
        ),
        ("/api/v1/namespaces/a/pods", {"version": "v1", "namespace": "a", "resource": "pods"}),
        ("/api/v1/namespaces/a/pods/p", {"version": "v1", "namespace": "a", "resource": "pods", "name": "p"}),
        (
            "/api/v1/namespaces/a/pods/p/log",
            {"version": "v1", "namespace": "a", "resource": "pods", "name": "p", "subresource": "log"},
        ),
        (
            "/api/v1/nodes/n/proxy/a//b/",
            {"version": "v1", "resource": "nodes", "name": "n", "subresource": "proxy", "rest": ("a", "", "b", "")},
        ),
        (
            "/apis/apps/v1/namespaces/a/deployments/d/scale",
            {"group": "apps", "version": "v1", "namespace": "a", "resource": "deployments", "name": "d"}
            | {"subresource": "scale"},
        ),
        (
            "/apis/g.example.com/v1/watchers/proxy",
            {"group": "g.example.com", "version": "v1", "resource": "watchers", "name": "proxy"},
        ),
    ],
)
def test_a_path_is_parsed_as_the_api_server_parses_it(path: str, expected: dict[str, Any]) -> None:
    assert parse(path) == APIPath(path=path, **expected)


@pytest.mark.parametrize(
    "path",
    [
        "",
        "pods",
        "/",
        "//",
        "/api/",
        "/api/v1/",
        "/api/v1/pods/",
        "/api/v1/watch/pods",
        "/api/v1/proxy/nodes/n",
        "/apis/apps/v1/watch/deployments",
        "/api/v1/Pods",
        "/api/v1/pods/a/log/x",
        "/api/v1/pods/..",
        "/api/v1/nodes/n/proxy/../x",
        "/api/v1/nodes/n/proxy/./x",
        "/api/v1/nodes/n/proxy/a%2fb",
        "/api/v1/nodes/n/proxy/a?b",
    ],
)
def test_a_path_that_a_server_might_read_differently_is_not_parsed(path: str) -> None:
    with pytest.raises(UnparsablePath):
        parse(path)


@pytest.mark.parametrize("value", ["a", "A", "web-1", "system:node", "a.b", "x" * 253, "1", "a@b", "a_b"])
def test_a_name_that_kubernetes_allows_may_become_a_segment(value: str) -> None:
    assert segment(value, "name") == value


@pytest.mark.parametrize("value", ["", ".", "..", "a..b", "-a", "a-", "a/b", "a%b", "a b", "a\n", "x" * 254, "é"])
def test_any_other_name_is_refused_by_what_it_is_for_and_never_repeated(value: str) -> None:
    with pytest.raises(InvalidArguments, match=r"^namespace is not a valid Kubernetes name") as caught:
        segment(value, "namespace")
    assert len(value) < 2 or value not in str(caught.value)


@settings(derandomize=True, deadline=None)
@given(
    group=st.just("") | NAMES,
    resource=NAMES,
    namespace=st.none() | NAMES,
    name=st.none() | NAMES,
    subresource=st.just("") | NAMES,
)
def test_what_was_built_is_parsed_into_the_same(
    group: str, resource: str, namespace: str | None, name: str | None, subresource: str
) -> None:
    parts = {"group": group, "version": "v1", "resource": resource, "namespace": namespace, "name": name}
    if name is not None:
        parts["subresource"] = subresource
    path = resource_path(**parts)  # type: ignore[arg-type]
    assert parse(path) == APIPath(path=path, **parts)  # type: ignore[arg-type]
