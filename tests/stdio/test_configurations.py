"""Whatever is wrong with the clusters, the handshake succeeds, and the call says what it is."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import pytest

from tests.silence import silent_server
from tests.stdio.accounts import allow
from tests.stdio.kubeconfigs import NOWHERE, ODD_PATH, contexts
from tests.stdio.offered import CLUSTER_TOOLS, TOOLS
from tests.stdio.wire import Wire, serving, text

if TYPE_CHECKING:
    from tests.cluster import Cluster

ASKED = {"resourceType": "namespaces"}
BROKEN: dict[str, tuple[Callable[[Path], object], str]] = {
    "no kubeconfig": (Path.exists, "There is no kubeconfig: no file at "),
    "an empty kubeconfig": (Path.touch, "There is no context in "),
    "a kubeconfig that is no YAML": (lambda path: path.write_text("{{{"), "is not valid YAML"),
    "a kubeconfig that is no text": (lambda path: path.write_bytes(bytes(range(256)) * 100), "is not valid YAML"),
    "a kubeconfig that is a list": (lambda path: path.write_text("[1, 2]\n"), "is no kubeconfig"),
    "a kubeconfig of brackets": (lambda path: path.write_text("[" * 100_000), "is not valid YAML"),
    "a kubeconfig without a context": (lambda path: path.write_text("kind: Config\n"), "There is no context in "),
    "a kubeconfig that is a folder": (Path.mkdir, "cannot be read: not a regular file"),
    "a kubeconfig that is a named pipe": (os.mkfifo, "cannot be read: not a regular file"),
    "a kubeconfig that is a link to itself": (lambda path: path.symlink_to(path), "cannot be read: Too many levels"),
    "a kubeconfig that fails to be read": (lambda path: path.symlink_to("/proc/self/mem"), "Input/output error"),
    "a kubeconfig of 200 megabytes": (lambda path: _sparse(path, 200 << 20), "cannot be read: larger than 16 MiB"),
}


POD = ("--plugin", "in_pod_plugin", "--disable-plugin", "contexts")


def _sparse(path: Path, size: int) -> None:
    with path.open("wb") as file:
        file.truncate(size)


def refusal(server: Wire, **arguments: Any) -> str:
    """What a call that cannot work says: one sentence and perhaps what to do, in one line."""
    answer = server.call("k8s_list_resources", **ASKED, **arguments)
    assert answer["isError"] is True
    said = answer["content"][0]["text"]
    assert "\n" not in said
    assert said.endswith(".")
    assert "Traceback" not in said
    assert "its log tells more" not in said
    return str(said)


@pytest.mark.parametrize(("make", "about"), BROKEN.values(), ids=BROKEN)
def test_a_client_connects_and_is_told_about(tmp_path: Path, make: Callable[[Path], object], about: str) -> None:
    kubeconfig = tmp_path / "kubeconfig"
    make(kubeconfig)
    with serving(kubeconfig=kubeconfig, variables={"HOME": str(tmp_path)}) as server:
        server.open()
        assert [tool["name"] for tool in server.ask("tools/list")["tools"]] == TOOLS
        assert about in refusal(server)
        assert server.audit(1)[0]["outcome"] == "error"


def test_a_handshake_asks_no_cluster_anything(tmp_path: Path, cluster: Cluster) -> None:
    with silent_server() as visit:
        kubeconfig = contexts(tmp_path, cluster.kubeconfig, {"silent": visit.url}, "silent")
        with serving(kubeconfig=kubeconfig) as server:
            server.open()
            server.ask("tools/list")
            assert "silent" in text(server.call("k8s_get_current_context"))
            assert not visit.came.is_set()


def test_a_cluster_that_never_answers_holds_up_its_own_calls_alone(tmp_path: Path, cluster: Cluster) -> None:
    with silent_server() as visit:
        kubeconfig = contexts(tmp_path, cluster.kubeconfig, {"alive": "", "silent": visit.url}, "alive")
        with serving(kubeconfig=kubeconfig) as server:
            server.open()
            asked = {"name": "k8s_list_resources", "arguments": {**ASKED, "kubeContext": "silent"}}
            server.send(*(server.request("tools/call", **asked) for _ in range(20)))
            assert visit.came.wait(30)
            for _ in range(5):
                later = server.request("tools/call", name="k8s_list_resources", arguments=ASKED)
                server.send(later)
                answer = server.message()
                assert answer["id"] == later["id"]
                assert "kube-system" in text(answer["result"])


def test_a_cluster_that_never_answers_is_told_when_the_calls_time_is_over(tmp_path: Path, cluster: Cluster) -> None:
    with silent_server() as visit:
        kubeconfig = contexts(tmp_path, cluster.kubeconfig, {"silent": visit.url}, "silent")
        with serving(kubeconfig=kubeconfig, variables={"MCP_KUBERNETES_TOOLS__TIMEOUT": "1"}) as server:
            server.open()
            assert "The call took longer than 1 s and was stopped." in refusal(server)


def test_without_any_kubeconfig_the_list_of_contexts_says_so(tmp_path: Path) -> None:
    with serving(variables={"HOME": str(tmp_path)}) as server:
        server.open()
        assert "kubeconfig" in text(server.call("k8s_list_contexts"))
        assert "kubeconfig" in refusal(server)


def test_a_dead_cluster_among_living_ones_costs_only_the_calls_that_go_there(tmp_path: Path, cluster: Cluster) -> None:
    kubeconfig = contexts(tmp_path, cluster.kubeconfig, {"alive": "", "dead": NOWHERE}, "alive")
    with serving(kubeconfig=kubeconfig) as server:
        server.open()
        assert {"alive", "dead"} <= set(text(server.call("k8s_list_contexts")).split())
        assert "cannot be reached" in refusal(server, kubeContext="dead")
        assert "dead" in refusal(server, kubeContext="dead")
        assert "kube-system" in text(server.call("k8s_list_resources", **ASKED))


def test_an_unknown_context_is_refused_with_the_names_that_exist(tmp_path: Path, cluster: Cluster) -> None:
    kubeconfig = contexts(tmp_path, cluster.kubeconfig, {"alive": "", "spare": ""}, "alive")
    with serving(kubeconfig=kubeconfig) as server:
        server.open()
        said = refusal(server, kubeContext="aliv")
    assert "alive" in said


def test_in_cluster_mode_outside_of_a_pod_is_told_at_the_call() -> None:
    with serving("--in-cluster") as server:
        server.open()
        names = [tool["name"] for tool in server.ask("tools/list")["tools"]]
        said = refusal(server)
    assert names == CLUSTER_TOOLS
    assert "This is no pod of a cluster" in said
    assert "--in-cluster needs a pod" in said


def test_in_cluster_mode_names_the_missing_file_of_the_service_account() -> None:
    if Path("/var/run/secrets/kubernetes.io/serviceaccount").exists():
        pytest.skip("this machine is a pod itself")
    variables = {"KUBERNETES_SERVICE_HOST": "127.0.0.1", "KUBERNETES_SERVICE_PORT": "1"}
    with serving("--in-cluster", variables=variables) as server:
        server.open()
        assert "/var/run/secrets/kubernetes.io/serviceaccount/ca.crt cannot be read" in refusal(server)


def test_a_pod_signs_in_with_its_service_account_and_asks_in_its_own_namespace(
    tmp_path: Path, cluster: Cluster, namespace: str
) -> None:
    with serving(*POD, variables=pod(tmp_path, cluster, namespace)) as server:
        server.open()
        refused = server.call("k8s_list_resources", resourceType="configmaps")
        allow(cluster, namespace)
        answer = text(server.call("k8s_list_resources", resourceType="configmaps"))
    assert f"system:serviceaccount:{namespace}:reader" in text(refused)
    assert "kube-root-ca.crt" in answer
    assert f"note: Namespace {namespace} was assumed." in answer


def test_a_pods_rotated_token_is_used_after_the_old_one_was_refused(
    tmp_path: Path, cluster: Cluster, namespace: str
) -> None:
    variables = pod(tmp_path, cluster, namespace)
    allow(cluster, namespace)
    token = (tmp_path / "token").read_text(encoding="utf-8")
    (tmp_path / "token").write_text(token[:-8], encoding="utf-8")
    with serving(*POD, variables=variables) as server:
        server.open()
        refused = server.call("k8s_list_resources", resourceType="configmaps")
        (tmp_path / "token").write_text(token, encoding="utf-8")
        answer = server.call("k8s_list_resources", resourceType="configmaps")
    assert refused["isError"]
    assert "401" in text(refused)
    assert not answer["isError"]


def pod(folder: Path, cluster: Cluster, namespace: str) -> dict[str, str]:
    """Write what the kubelet mounts for a ServiceAccount; the variables that the pod has."""
    token = cluster.service_account_token(namespace, "reader")
    for name, content in (("token", token), ("namespace", namespace), ("ca.crt", cluster.ca.read_text("utf-8"))):
        (folder / name).write_text(content, encoding="utf-8")
    address = urlsplit(cluster.server)
    host = {"KUBERNETES_SERVICE_HOST": str(address.hostname), "KUBERNETES_SERVICE_PORT": str(address.port)}
    return {**ODD_PATH, **host, "POD_FOLDER": str(folder)}
