"""An outside plugin, installed from its own wheel and found by its entry point, on a real cluster over stdio.

Its wheel goes into a folder that is on the path of the server's process alone: this environment never has it.
"""

from __future__ import annotations

import json
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import tomli_w

from tests.outside import install, run
from tests.stdio.accounts import allow
from tests.stdio.wire import PROGRAM, Wire, serving, text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.cluster import Cluster

EXAMPLE = Path(__file__).parents[1] / "examples" / "third_party"

# One group, so that one worker builds and installs.


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    """The variables of a process that has the plugin installed."""
    return install(EXAMPLE, tmp_path_factory.mktemp("acme"))


@pytest.fixture
def inventory(tmp_path: Path, cluster: Cluster, namespace: str) -> Path:
    """A configuration of ACME's: two names for the cluster, a token of a ServiceAccount, and a secret place."""
    directory = tmp_path / "clusters"
    directory.mkdir()
    token = cluster.service_account_token(namespace, "reader")
    for name in ("berlin", "oslo"):
        (directory / f"{name}.token").write_text(token, encoding="utf-8")
        (directory / f"{name}.crt").write_bytes(cluster.ca.read_bytes())
    clusters = dict.fromkeys(("berlin", "oslo"), cluster.server)
    acme = {"directory": str(directory), "off_limits": ["kube-system"], "clusters": clusters}
    file = tmp_path / "acme.toml"
    file.write_text(tomli_w.dumps({"acme": acme, "kubernetes": {"sources": ["acme", "kubeconfig"]}}), encoding="utf-8")
    allow(cluster, namespace)
    return file


@pytest.fixture
def server(installed: dict[str, str], inventory: Path, cluster: Cluster) -> Iterator[Wire]:
    """A server with that configuration."""
    with serving("--config", str(inventory), kubeconfig=cluster.kubeconfig, variables=installed) as wire:
        wire.open()
        yield wire


def refused(answer: dict[str, Any]) -> str:
    assert answer["isError"] is True
    return text(answer)


def test_this_environment_does_not_have_the_plugin() -> None:
    assert "acme" not in {found.name for found in entry_points(group="mcp_kubernetes")}


def test_the_plugin_is_found_by_its_entry_point(installed: dict[str, str]) -> None:
    (acme,) = (p for p in json.loads(run(PROGRAM, "plugins", "--json", **installed)) if p["name"] == "acme")
    assert (acme["status"], acme["distribution"], acme["version"]) == ("active", "acme-mcp-tools", "0.1.0")
    assert {"register_tools", "register_middleware", "register_cluster_sources"} <= set(acme["hooks"])


def test_its_tool_stands_beside_the_built_in_ones(installed: dict[str, str]) -> None:
    tools = {tool["name"]: tool["plugin"] for tool in json.loads(run(PROGRAM, "tools", "--json", **installed))}
    assert tools["acme_list_images"] == "acme"
    assert tools["k8s_list_resources"] == "resources"


def test_its_tool_is_called_on_a_cluster_of_its_source(server: Wire, cluster: Cluster, namespace: str) -> None:
    cluster.kubectl("create", "deployment", "web", "--image=registry.example/web:1", "--replicas=2", "-n", namespace)
    cluster.kubectl("wait", "--for=jsonpath={.status.replicas}=2", "deployment/web", "-n", namespace)
    counted = text(server.call("acme_list_images", namespace=namespace, acmeCluster="oslo"))
    assert "registry.example/web:1\t2" in counted
    assert server.audit(1)[-1]["cluster"] == "oslo"


def test_its_source_serves_the_built_in_tools_with_its_own_credentials(server: Wire, namespace: str) -> None:
    listed = text(server.call("k8s_list_resources", resourceType="configmaps", namespace=namespace))
    assert "kube-root-ca.crt" in listed
    assert "note: Cluster berlin was used." in listed
    said = refused(server.call("k8s_list_resources", resourceType="nodes", acmeCluster="oslo"))
    assert f"system:serviceaccount:{namespace}:reader" in said


def test_its_parameter_is_in_the_schema_and_takes_the_names_of_its_inventory(server: Wire) -> None:
    (list_tool,) = (t for t in server.ask("tools/list")["tools"] if t["name"] == "k8s_list_resources")
    assert "acmeCluster" in list_tool["inputSchema"]["properties"]
    assert "kubeContext" not in list_tool["inputSchema"]["properties"]
    assert "berlin" in refused(server.call("k8s_list_resources", resourceType="pods", acmeCluster="rome"))


def test_its_policy_denies_before_the_cluster_is_asked(server: Wire) -> None:
    said = refused(server.call("k8s_list_resources", resourceType="configmaps", namespace="kube-system"))
    assert said.startswith("ACME keeps this namespace to itself.")
    line = server.audit(1)[-1]
    assert (line["decision"], line["outcome"]) == ("denied", "denied")


def test_a_missing_token_is_an_error_and_nobody_else_signs_in(
    installed: dict[str, str], inventory: Path, cluster: Cluster
) -> None:
    (inventory.parent / "clusters" / "berlin.token").unlink()
    with serving("--config", str(inventory), kubeconfig=cluster.kubeconfig, variables=installed) as server:
        server.open()
        said = refused(server.call("k8s_list_resources", resourceType="namespaces"))
    assert said.startswith("The inventory has no readable token file for berlin.")


def test_the_plugin_can_be_left_out(installed: dict[str, str]) -> None:
    listed = json.loads(run(PROGRAM, "plugins", "--json", "--disable-plugin", "acme", **installed))
    assert [plugin["status"] for plugin in listed if plugin["name"] == "acme"] == ["disabled"]
