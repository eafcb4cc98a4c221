"""The official Inspector, a client that none of us wrote, with the console script and a real API server."""

from __future__ import annotations

import json
import os
import subprocess
from typing import TYPE_CHECKING, Any

import pytest

from tests.inspector.install import command
from tests.stdio.kubeconfigs import contexts
from tests.stdio.offered import TOOLS
from tests.stdio.wire import ERAS, PROGRAM, environment

if TYPE_CHECKING:
    from pathlib import Path

    from tests.cluster import Cluster

WITHOUT = "MCP_KUBERNETES_TEST_WITHOUT"
SECONDS = 120
PATIENCE = ("--connect-timeout", "60000")
"""In milliseconds: on a busy machine the server's start takes longer than the Inspector's own 15 s."""

CALLS: dict[str, tuple[dict[str, str], str]] = {
    "k8s_list_contexts": ({}, "CURRENT"),
    "k8s_get_current_context": ({}, "here"),
    "k8s_switch_context": ({"contextName": "there"}, "there"),
    "k8s_list_resources": ({"resourceType": "namespaces"}, "kube-system"),
    "k8s_list_events": ({"namespace": "default", "object": "pod/none"}, "There are no such events."),
    "k8s_get_api_resources": ({"search": "namespace"}, "namespaces"),
    "k8s_check_access": ({}, "system:masters"),
    "k8s_get_resource": ({"resourceType": "ns", "name": "kube-system"}, '"phase":"Active"'),
    "k8s_describe_resource": ({"resourceType": "ns", "name": "kube-system", "kubeContext": "there"}, "Object:"),
}

# One group: npm installs once, and only one worker waits for it.
pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def inspector() -> list[str]:
    """The words that start the Inspector; it is installed when missing."""
    if "inspector" in os.environ.get(WITHOUT, "").split(","):
        pytest.skip(f"{WITHOUT} says that the Inspector is meant to be left out")
    try:
        return command()
    except (OSError, RuntimeError, subprocess.CalledProcessError) as error:
        pytest.fail(f"The Inspector cannot be had ({error}); to test without it, set {WITHOUT}=inspector.")


def run(inspector: list[str], home: Path, kubeconfig: Path, *words: str) -> tuple[Any, str]:
    """What the Inspector answers as JSON, and what it and the server had to say beside it."""
    # The Inspector hands few of its own variables on to the server.
    server = [str(PROGRAM), "-e", f"KUBECONFIG={kubeconfig}"]
    done = subprocess.run(
        [*inspector, "--cli", *server, "--format", "json", *PATIENCE, *words],
        env=environment(None, HOME=str(home), MCP_INSPECTOR_SECRET_STORE="file"),  # noqa: S106 - where, not what
        check=False,
        capture_output=True,
        encoding="utf-8",
        timeout=SECONDS,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout)["result"], done.stderr


@pytest.mark.parametrize("era", ERAS)
def test_it_finds_nothing_to_complain_about_in_the_definitions(
    inspector: list[str], tmp_path: Path, cluster: Cluster, era: str
) -> None:
    kubeconfig = contexts(tmp_path, cluster.kubeconfig, {"here": "", "there": ""}, "here")
    listed, complaints = run(
        inspector, tmp_path, kubeconfig, "--protocol-era", era, "--method", "tools/list", "--strict"
    )
    assert [tool["name"] for tool in listed["tools"]] == TOOLS
    assert not complaints


@pytest.mark.parametrize("era", ERAS)
@pytest.mark.parametrize("tool", CALLS)
def test_it_calls(inspector: list[str], tmp_path: Path, cluster: Cluster, tool: str, era: str) -> None:
    arguments, said = CALLS[tool]
    kubeconfig = contexts(tmp_path, cluster.kubeconfig, {"here": "", "there": ""}, "here")
    asked = ("--method", "tools/call", "--tool-name", tool, "--tool-args-json", json.dumps(arguments))
    result, _ = run(inspector, tmp_path, kubeconfig, "--protocol-era", era, *asked)
    assert said in result["content"][0]["text"]
