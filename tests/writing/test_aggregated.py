"""An API with a server of its own: a dry run is sent there only where the operator knows that it honours one.

The server is a double: an extension API server that writes down what it is asked. The API server before it is real.
"""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from aiohttp import web

import mcp_kubernetes_resources
from pytest_mcp_kubernetes.apps import text
from pytest_mcp_kubernetes.static import Static

if TYPE_CHECKING:
    from collections.abc import AsyncIterator
    from pathlib import Path

    from mcp.types import CallToolResult

    from pytest_mcp_kubernetes.apps import Apps
    from tests.cluster import Cluster

GROUP = "aggregated.example.com"
_LOOKS = 200
_THING: dict[str, Any] = {
    "apiVersion": f"{GROUP}/v1", "kind": "Thing", "metadata": {"name": "it", "namespace": "default", "uid": "u"},
}  # fmt: skip
_VERBS = ["create", "delete", "get", "list", "patch"]
_RESOURCES = {
    "kind": "APIResourceList", "apiVersion": "v1", "groupVersion": f"{GROUP}/v1",
    "resources": [{"name": "things", "singularName": "thing", "namespaced": True, "kind": "Thing", "verbs": _VERBS}],
}  # fmt: skip


@dataclass
class Extension:
    """Serves one object, and changes nothing."""

    changes: list[tuple[str, str]] = field(default_factory=list)
    lists: list[str] = field(default_factory=list)

    async def handle(self, request: web.Request) -> web.Response:
        if request.method != "GET":
            self.changes.append((request.method, request.query_string))
        if request.path == f"/apis/{GROUP}/v1":
            return web.json_response(_RESOURCES)
        if request.path.endswith("/things"):
            self.lists.append(request.path)
        if "/things" in request.path:
            return web.json_response(_THING)
        return web.json_response({"kind": "Status", "code": 404}, status=404)


@pytest.fixture
async def extension(cluster: Cluster, tmp_path: Path) -> AsyncIterator[Extension]:
    """Behind an APIService, which reaches it by a Service with the name of this machine."""
    certificate, key = cluster.pki.issue("extension", server=True)
    (tmp_path / "tls.pem").write_bytes(certificate + key)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(tmp_path / "tls.pem")
    made, app = Extension(), web.Application()
    app.router.add_route("*", "/{path:.*}", made.handle)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, ssl_context=context).start()
    port = runner.addresses[0][1]
    service = {"type": "ExternalName", "externalName": "localhost", "ports": [{"port": port}]}
    cluster.api.post("/api/v1/namespaces/default/services", {"metadata": {"name": "extension"}, "spec": service})
    spec = {
        "group": GROUP, "version": "v1", "insecureSkipTLSVerify": True, "groupPriorityMinimum": 100,
        "versionPriority": 100, "service": {"name": "extension", "namespace": "default", "port": port},
    }  # fmt: skip
    cluster.api.post("/apis/apiregistration.k8s.io/v1/apiservices", {"metadata": {"name": f"v1.{GROUP}"}, "spec": spec})
    await _wait_until_served(cluster)
    yield made
    cluster.api.delete(f"/apis/apiregistration.k8s.io/v1/apiservices/v1.{GROUP}")
    cluster.api.delete("/api/v1/namespaces/default/services/extension")
    await runner.cleanup()


async def _wait_until_served(cluster: Cluster) -> None:
    for _ in range(_LOOKS):
        found = await asyncio.to_thread(cluster.kubectl, "get", "--raw", "/apis")
        if GROUP in found and await asyncio.to_thread(
            cluster.api.answers, f"/apis/{GROUP}/v1/namespaces/default/things/it"
        ):
            return
    raise AssertionError("the API server does not serve the aggregated API")


async def _patched(app: Apps, cluster: Cluster, safety: dict[str, Any], **more: Any) -> CallToolResult:
    plugins = {"resources": mcp_kubernetes_resources, "static": Static(cluster.kubeconfig)}
    async with app(plugins, {"safety": safety}) as client:
        arguments = {"resourceType": f"things.{GROUP}", "name": "it", "namespace": "default", "patch": {"a": 1}}
        return await client.call_tool("k8s_patch_resource", {**arguments, "patchType": "merge", **more})


async def test_a_dry_run_reaches_only_a_server_that_is_known_to_honour_it(
    app: Apps, cluster: Cluster, extension: Extension
) -> None:
    for safety, more in (({"dry_run": True}, {}), ({"non_destructive": False}, {"dryRun": True})):
        result = await _patched(app, cluster, safety, **more)
        assert result.is_error
        assert "which may not honour a dry run" in text(result)
        assert "safety.dry_run_groups" in text(result)
    assert extension.changes == []
    tried = await _patched(app, cluster, {"dry_run": True, "dry_run_groups": [GROUP]})
    assert not tried.is_error, text(tried)
    [(method, query)] = extension.changes
    assert method == "PATCH"
    assert "dryRun=All" in query
    changed = await _patched(app, cluster, {"non_destructive": False})
    assert not changed.is_error, text(changed)
    assert "dryRun" not in extension.changes[1][1]


async def test_a_list_over_all_namespaces_is_never_asked_of_it_where_some_are_withheld(
    app: Apps, cluster: Cluster, extension: Extension
) -> None:
    """It may pass over the selector that leaves them out. Namespace by namespace it is asked all the same."""
    plugins = {"resources": mcp_kubernetes_resources, "static": Static(cluster.kubeconfig)}
    async with app(plugins, {"safety": {"restricted_namespaces": ["default"]}}) as client:
        asked = {"resourceType": f"things.{GROUP}", "allNamespaces": True}
        before = len(extension.lists)
        await client.call_tool("k8s_list_resources", asked)
        whole = await client.call_tool("k8s_list_resources", {**asked, "output": "json"})
    assert whole.is_error
    assert "this API has a server of its own" in text(whole)
    assert all("/namespaces/" in path for path in extension.lists[before:])
    assert not [path for path in extension.lists[before:] if "/namespaces/default/" in path]
