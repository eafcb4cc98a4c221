"""The token is sent, and the server knows who asks with what: kubernetes 36.0.0 dropped the header."""

from __future__ import annotations

import json
import uuid
from typing import TYPE_CHECKING

import pytest
import yaml

import mcp_kubernetes_resources
from mcp_kubernetes import __version__
from mcp_kubernetes_contexts import Contexts
from pytest_mcp_kubernetes.apps import text
from tests.invariants.probes import wait_until_allowed

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_mcp_kubernetes.apps import Apps
    from tests.cluster import Cluster


@pytest.mark.parametrize("form", ["token", "tokenFile"])
async def test_the_server_sees_the_service_account_whose_token_the_kubeconfig_holds(
    app: Apps, cluster: Cluster, namespace: str, tmp_path: Path, form: str
) -> None:
    account = f"reader-{uuid.uuid4().hex[:8]}"
    token = cluster.service_account_token(namespace, account)
    cluster.kubectl(
        *("create", "rolebinding", "reads", "--clusterrole=view", f"--serviceaccount={namespace}:{account}"),
        *("-n", namespace),
    )
    wait_until_allowed(cluster, f"system:serviceaccount:{namespace}:{account}", "list", "pods", namespace)
    (tmp_path / "token").write_text(token, "utf-8")
    config = yaml.safe_load(cluster.kubeconfig.read_text("utf-8"))
    config["users"][0]["user"] = {form: token if form == "token" else str(tmp_path / "token")}
    (tmp_path / "config").write_text(json.dumps(config), "utf-8")
    plugins = {"resources": mcp_kubernetes_resources, "contexts": Contexts()}
    async with app(plugins, {"contexts": {"kubeconfig": [str(tmp_path / "config")]}}) as client:
        answer = await client.call_tool("k8s_list_resources", {"resourceType": "pods", "namespace": namespace})
    assert not answer.is_error, text(answer)
    seen = cluster.requests(user=f"system:serviceaccount:{namespace}:{account}")
    assert f"/api/v1/namespaces/{namespace}/pods" in {request.uri.split("?")[0] for request in seen}
    assert {request.user_agent for request in seen} == {f"mcp-kubernetes/{__version__}"}
    assert token not in text(answer)
