"""Servers without aggregated discovery, by recorded answers: every API server since 1.27 has it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any

import pytest

from mcp_kubernetes.errors import ClusterUnreachable, ServerFailure
from mcp_kubernetes.kube.catalogue.discovery import Discovery
from mcp_kubernetes.kube.connection import Request, Response


@dataclass
class RecordedServer:
    """A double: answers as a kube-apiserver 1.26 did, which has no aggregated discovery; shortened to a few kinds.

    `down` are paths that it answers with 503, as for an aggregated API whose server is gone.
    """

    down: tuple[str, ...] = ("/apis/metrics.k8s.io/v1beta1",)
    asked: list[str] = field(default_factory=list)

    async def send(self, request: Request) -> Response:
        self.asked.append(request.path)
        if request.path in self.down:
            raise ServerFailure("The API server answered 503: service unavailable.", status=503)
        return Response(status=200, body=json.dumps(RECORDED[request.path]).encode())


def _listed(group_version: str, *resources: dict[str, Any]) -> dict[str, Any]:
    return {"kind": "APIResourceList", "apiVersion": "v1", "groupVersion": group_version, "resources": [*resources]}


def _served(name: str, kind: str, *, namespaced: bool = True, **more: Any) -> dict[str, Any]:
    return {"name": name, "singularName": "", "namespaced": namespaced, "kind": kind, "verbs": ["get", "list"], **more}


def _versions(group: str, *versions: str) -> dict[str, Any]:
    found = [{"groupVersion": f"{group}/{version}", "version": version} for version in versions]
    return {"name": group, "versions": found, "preferredVersion": found[-1]}


RECORDED: dict[str, Any] = {
    "/api": {"kind": "APIVersions", "versions": ["v1"], "serverAddressByClientCIDRs": []},
    "/apis": {
        "kind": "APIGroupList",
        "apiVersion": "v1",
        "groups": [
            _versions("apps", "v1"),
            _versions("example.com", "v1beta1", "v1"),
            _versions("metrics.k8s.io", "v1beta1"),
        ],
    },
    "/api/v1": _listed(
        "v1",
        _served("nodes", "Node", namespaced=False, shortNames=["no"]),
        _served("nodes/proxy", "NodeProxyOptions", namespaced=False),
        _served("pods", "Pod", shortNames=["po"], categories=["all"]),
        _served("pods/log", "Pod"),
        _served("pods/eviction", "Eviction", group="policy", version="v1"),
    ),
    "/apis/apps/v1": _listed("apps/v1", _served("deployments", "Deployment", shortNames=["deploy"])),
    "/apis/example.com/v1": _listed("example.com/v1", _served("widgets", "Widget")),
    "/apis/example.com/v1beta1": _listed("example.com/v1beta1", _served("widgets", "Widget"), _served("old", "Old")),
}


async def test_a_server_without_aggregated_discovery_is_asked_for_each_group_version() -> None:
    discovery, server = Discovery(), RecordedServer()
    index = await discovery.index("key", server.send)
    found = {resource.full_name: resource for resource in index.preferred()}
    assert sorted(found) == ["deployments.apps", "nodes", "old.example.com", "pods", "widgets.example.com"]
    assert found["pods"].subresources == ("log", "eviction")
    assert (found["pods"].short_names, found["pods"].categories) == (("po",), ("all",))
    assert not found["nodes"].namespaced
    assert found["widgets.example.com"].version == "v1"
    assert found["old.example.com"].version == "v1beta1"
    assert index.stale == ("metrics.k8s.io/v1beta1",)
    assert (await discovery.resolve("key", server.send, "deploy")).path("a", "b") == (
        "/apis/apps/v1/namespaces/a/deployments/b"
    )
    assert len(server.asked) == len(set(server.asked)) == 7


async def test_what_is_no_discovery_at_all_is_named_so() -> None:
    async def send(_: Request) -> Response:
        return Response(status=200, body=b'{"kind":"Welcome"}')

    with pytest.raises(ClusterUnreachable, match="not the discovery of a Kubernetes API server"):
        await Discovery().index("key", send)
