"""Tokens and authorities that are replaced while the server runs: the next call uses the new ones, and no old ones."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
import yaml

import mcp_kubernetes_resources
from mcp_kubernetes_contexts import Contexts
from pytest_mcp_kubernetes.apps import text
from tests.cluster.pki import Pki
from tests.kube.pod import Pod

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from mcp import Client

    from pytest_mcp_kubernetes.apps import Apps
    from tests.cluster import Cluster


@dataclass(frozen=True)
class Way:
    """How this process comes to the cluster, with the files token and ca.crt of a folder."""

    plugins: Mapping[str, object]
    settings: Mapping[str, Any]


def by_kubeconfig(folder: Path, cluster: Cluster) -> Way:
    content = {
        "current-context": "a",
        "contexts": [{"name": "a", "context": {"cluster": "a", "user": "a"}}],
        "clusters": [{"name": "a", "cluster": {"server": cluster.server, "certificate-authority": "ca.crt"}}],
        "users": [{"name": "a", "user": {"tokenFile": "token"}}],
    }
    (folder / "config").write_text(json.dumps(content), encoding="utf-8")
    return Way({"contexts": Contexts()}, {"contexts": {"kubeconfig": [str(folder / "config")]}})


def by_pod(folder: Path, cluster: Cluster) -> Way:
    (folder / "namespace").write_text("default", encoding="utf-8")
    return Way({"pod": Pod(folder, cluster)}, {})


@pytest.fixture(params=[by_kubeconfig, by_pod], ids=["kubeconfig", "pod"])
def way(request: pytest.FixtureRequest, cluster: Cluster, namespace: str, tmp_path: Path) -> Way:
    """Signed in as the ServiceAccount `first`, to whom the server's real authority is known."""
    (tmp_path / "token").write_text(cluster.service_account_token(namespace, "first"), encoding="utf-8")
    (tmp_path / "ca.crt").write_bytes(cluster.ca.read_bytes())
    made: Way = request.param(tmp_path, cluster)
    return made


async def said(client: Client, namespace: str) -> str:
    """What a call answers: which account may not read."""
    return text(await client.call_tool("k8s_list_resources", {"resourceType": "pods", "namespace": namespace}))


def made_up(token: str) -> str:
    """A token of the same form that no server takes."""
    return token[:-8]


async def test_a_token_that_replaces_a_refused_one_is_used_in_the_same_call(
    app: Apps, way: Way, cluster: Cluster, namespace: str, tmp_path: Path
) -> None:
    token = (tmp_path / "token").read_text("utf-8")
    (tmp_path / "token").write_text(made_up(token), encoding="utf-8")
    async with app({"resources": mcp_kubernetes_resources, **way.plugins}, way.settings) as client:
        assert "401" in await said(client, namespace)
        (tmp_path / "token").write_text(cluster.service_account_token(namespace, "second"), encoding="utf-8")
        assert f"system:serviceaccount:{namespace}:second" in await said(client, namespace)


async def test_a_server_is_trusted_by_the_authority_that_is_there_now(
    app: Apps, way: Way, cluster: Cluster, namespace: str, tmp_path: Path
) -> None:
    before, other = cluster.ca.read_bytes(), Pki.create(tmp_path / "other").ca.read_bytes()
    (tmp_path / "ca.crt").write_bytes(other)
    async with app({"resources": mcp_kubernetes_resources, **way.plugins}, way.settings) as client:
        assert "is not trusted" in await said(client, namespace)
        (tmp_path / "ca.crt").write_bytes(before)
        assert f"system:serviceaccount:{namespace}:first" in await said(client, namespace)
        (tmp_path / "ca.crt").write_bytes(other)
        assert "is not trusted" in await said(client, namespace), "a connection that stands was made with the old one"
        (tmp_path / "ca.crt").write_bytes(other + before)
        assert f"system:serviceaccount:{namespace}:first" in await said(client, namespace)


async def test_a_certificate_that_is_replaced_signs_in_at_the_next_call(
    app: Apps, cluster: Cluster, namespace: str, tmp_path: Path
) -> None:
    config = yaml.safe_load(cluster.kubeconfig.read_text("utf-8"))
    config["users"][0]["user"] = {"client-certificate": "tls.crt", "client-key": "tls.key"}
    (tmp_path / "config").write_text(json.dumps(config), encoding="utf-8")
    plugins = {"resources": mcp_kubernetes_resources, "contexts": Contexts()}
    _renew(tmp_path, cluster, "early")
    async with app(plugins, {"contexts": {"kubeconfig": [str(tmp_path / "config")]}}) as client:
        assert 'User "early" cannot' in await said(client, namespace)
        _renew(tmp_path, cluster, "late")
        assert 'User "late" cannot' in await said(client, namespace)


def _renew(folder: Path, cluster: Cluster, name: str) -> None:
    user = yaml.safe_load(cluster.user(name).read_text("utf-8"))["users"][0]["user"]
    for file, part in (("tls.crt", "certificate"), ("tls.key", "key")):
        (folder / file).write_bytes(base64.b64decode(user[f"client-{part}-data"]))
