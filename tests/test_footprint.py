"""What each command loads, and what a running server holds. Names, ratios and bytes; never seconds."""

from __future__ import annotations

import subprocess
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Any

import pytest

from bench.measuring import paired, seconds
from bench.servers import bare, mebibytes, ours, started
from tests.stdio.wire import PROGRAM, environment, serving, text

if TYPE_CHECKING:
    from tests.cluster import Cluster

SDK = {"mcp", "mcp_types"}
KUBERNETES = {"kubernetes", "aiohttp"}
HTTP = {"starlette", "uvicorn", "h11"}
OF_HTTP = "mcp_kubernetes.transports.http."
REPORT = {"PYTHONPROFILEIMPORTTIME": "1"}
"""Makes Python write each import to standard error."""

START_UP = 1.5
"""How much longer than a bare SDK server ours may take to its first answer, on a machine that does other things too.
The figure itself, and how far it is from the 1.15 that we want, is for `make bench` to say."""

OF_KUBE = "mcp_kubernetes.kube."
TO_START = {"cluster", "wire", "wire.proxy"}
"""What of `kube` stands before the first call, beside who the clusters are and how one would sign in."""

AFTER_TOOLS_LIST, AFTER_ALL_PODS, GROWTH = 80, 110, 35
"""MiB. What the list adds includes the Kubernetes client, which is loaded with the first call."""

PODS = 5_000
NAMESPACES = [f"load-{number:03}" for number in range(20)]
ALL_PODS = {"resourceType": "pods", "allNamespaces": True, "maxBytes": 4_194_304}


def imported(stderr: str) -> set[str]:
    """The top-level packages that Python's report names."""
    lines = (line for line in stderr.splitlines() if line.startswith("import time:"))
    return {line.rpartition("|")[2].strip().partition(".")[0] for line in lines}


def run(kubeconfig: Path, *words: str) -> set[str]:
    """The packages that a command imports."""
    done = subprocess.run(
        [PROGRAM, *words],
        env=environment(kubeconfig, **REPORT),
        check=True,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
    )
    assert done.stdout
    return imported(done.stderr)


def test_version_loads_next_to_nothing(tmp_path: Path) -> None:
    loaded = run(tmp_path / "none", "version")
    assert "mcp_kubernetes" in loaded
    assert not loaded & (SDK | KUBERNETES | {"pydantic", "pluggy", "dynaconf", "asyncio", "msgspec"})


@pytest.mark.parametrize("command", ["plugins", "tools", "config"])
def test_a_command_that_serves_nobody_loads_neither_the_sdk_nor_http_nor_the_kubernetes_client(
    tmp_path: Path, command: str
) -> None:
    loaded = run(tmp_path / "none", command)
    assert "pydantic" in loaded
    assert not loaded & (SDK | HTTP | KUBERNETES)


def test_over_stdio_nothing_is_loaded_that_serves_http(tmp_path: Path) -> None:
    """The SDK itself brings Starlette and uvicorn; of ours it is the settings alone, and the hooks."""
    with serving(kubeconfig=tmp_path / "none", variables=REPORT) as server:
        server.open()
        server.ask("tools/list")
        names = {line.rpartition("|")[2].strip() for line in server.stderr.decode().splitlines()}
    ours = {name.removeprefix(OF_HTTP) for name in names if name.startswith(OF_HTTP)}
    assert ours == {"settings", "tokens"}


def test_what_asks_a_cluster_is_not_loaded_before_a_call_does(tmp_path: Path) -> None:
    with serving(kubeconfig=tmp_path / "none", variables=REPORT) as server:
        server.open()
        server.ask("tools/list")
        names = {line.rpartition("|")[2].strip() for line in server.stderr.decode().splitlines()}
    loaded = {name.removeprefix(OF_KUBE) for name in names if name.startswith(OF_KUBE)}
    assert {name for name in loaded if not name.startswith(("credentials", "kubeconfig"))} == TO_START
    assert "packaging" not in names


def test_the_kubernetes_client_is_loaded_by_the_first_call_that_needs_it(cluster: Cluster) -> None:
    with serving(kubeconfig=cluster.kubeconfig, variables=REPORT) as server:
        server.open()
        server.ask("tools/list")
        text(server.call("k8s_get_current_context"))
        before = imported(server.stderr.decode())
        assert "kube-system" in text(server.call("k8s_list_resources", resourceType="namespaces"))
        after = imported(server.stderr.decode())
    assert before >= SDK
    assert not before & KUBERNETES
    assert after >= KUBERNETES


def test_no_generated_class_of_the_kubernetes_client_is_ever_loaded(cluster: Cluster) -> None:
    with serving(kubeconfig=cluster.kubeconfig, variables=REPORT) as server:
        server.open()
        text(server.call("k8s_describe_resource", resourceType="ns", name="kube-system"))
        names = [line.rpartition("|")[2].strip() for line in server.stderr.decode().splitlines()]
    generated = ("kubernetes.aio.client.models.", "kubernetes.aio.client.api.", "kubernetes.client.models.")
    assert not [name for name in names if name.startswith((*generated, "kubernetes.client.api."))]


def test_dynaconf_is_loaded_only_for_a_file_or_a_variable(tmp_path: Path) -> None:
    file = tmp_path / "config.toml"
    file.write_text("[server]\ndebug = true\n", encoding="utf-8")
    assert "dynaconf" not in run(tmp_path / "none", "plugins")
    assert "dynaconf" in run(tmp_path / "none", "plugins", "--config", str(file))


def test_the_first_answer_comes_nearly_as_soon_as_from_a_bare_server(cluster: Cluster) -> None:
    pairs = paired(
        4,
        lambda: seconds(lambda: started(ours(cluster.kubeconfig))),
        lambda: seconds(lambda: started(bare())),
    )
    assert median(mine / peer for mine, peer in pairs) <= START_UP


@pytest.fixture
def crowded(own_cluster: Cluster) -> Cluster:
    """An API server with 5,000 pods that nobody runs: rows are all that a list needs of them."""
    api = own_cluster.api
    api.ensure_all([("/api/v1/namespaces", {"metadata": {"name": name}}) for name in NAMESPACES])
    accounts = [f"/api/v1/namespaces/{name}/serviceaccounts" for name in NAMESPACES]
    api.ensure_all([(path, {"metadata": {"name": "default"}}) for path in accounts])
    pods = [f"/api/v1/namespaces/{name}/pods" for name in NAMESPACES]
    api.ensure_all([(path, pod(number)) for path in pods for number in range(PODS // len(NAMESPACES))])
    return own_cluster


def pod(number: int) -> dict[str, Any]:
    return {
        "metadata": {"name": f"app-{number % 10}-5d4f8c7b9-{number:05}", "labels": {"tier": "backend"}},
        "spec": {"nodeName": "none", "containers": [{"name": "main", "image": "registry.example/app:1.0.0"}]},
    }


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="only Linux tells what a process holds")
def test_a_server_stays_small_over_a_list_of_5000_pods(crowded: Cluster) -> None:
    """With tokens to spare it asks namespace by namespace; with few, in one list with pages of megabytes."""
    for burst in ("1000", "3"):
        with serving("--qps-limit", "1000", "--burst-limit", burst, kubeconfig=crowded.kubeconfig) as server:
            server.open()
            server.ask("tools/list")
            idle = mebibytes(server)
            answer = text(server.call("k8s_list_resources", **ALL_PODS))
            held = mebibytes(server)
        assert sum(answer.count(f"\n{name}\t") for name in NAMESPACES) == PODS
        assert idle <= AFTER_TOOLS_LIST
        assert held <= AFTER_ALL_PODS
        assert held - idle < GROWTH
