"""Clients that none of us wrote, over HTTP and against a real API server: each lists our tools and calls one."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.clients.environment import python_of
from tests.http.server import HTTPServer, http_server
from tests.inspector.install import command
from tests.npm import installed
from tests.stdio.offered import TOOLS
from tests.stdio.wire import ERAS, environment

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.cluster import Cluster

HERE = Path(__file__).parent
WITHOUT = "MCP_KUBERNETES_TEST_WITHOUT"
SECONDS = 120

TOOL, ARGUMENTS, SAID = "k8s_list_resources", '{"resourceType": "namespaces"}', "kube-system"

pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def server(cluster: Cluster) -> Iterator[HTTPServer]:
    """A server as anybody starts it."""
    with http_server(kubeconfig=cluster.kubeconfig) as found:
        yield found


def had(name: str, make: Callable[[], list[str]]) -> list[str]:
    """The words that start a client, which is installed when missing."""
    if name in os.environ.get(WITHOUT, "").split(","):
        pytest.skip(f"{WITHOUT} says that {name} is meant to be left out")
    try:
        return make()
    except (OSError, RuntimeError, subprocess.CalledProcessError) as error:
        pytest.fail(f"The client {name} cannot be had ({error}); to test without it, set {WITHOUT}={name}.")


def run(words: list[str], home: Path) -> Any:
    """What a client prints."""
    variables = environment(None, HOME=str(home), MCP_INSPECTOR_SECRET_STORE="file", LANGSMITH_TRACING="false")  # noqa: S106 - where, not what
    done = subprocess.run(
        words, env=variables, check=False, capture_output=True, encoding="utf-8", timeout=SECONDS, cwd=home
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return json.loads(done.stdout)


def typescript() -> list[str]:
    return [str(installed(HERE).node), str(HERE / "typescript.mjs")]


def langchain() -> list[str]:
    return [str(python_of("langchain")), str(HERE / "langchain_client.py")]


@pytest.mark.parametrize("make", [typescript, langchain], ids=["typescript", "langchain"])
def test_a_client_of_the_first_sdk_generation_lists_and_calls(
    server: HTTPServer, tmp_path: Path, make: Callable[[], list[str]]
) -> None:
    found = run([*had(make.__name__, make), server.url, TOOL, ARGUMENTS], tmp_path)
    assert found["sdk"].startswith("1.")
    assert {*TOOLS} <= {*found["tools"]}
    assert SAID in found["text"]


@pytest.mark.parametrize("era", ERAS)
def test_the_inspector_lists_and_calls(server: HTTPServer, tmp_path: Path, era: str) -> None:
    words = [*had("inspector", command), "--cli", server.url, "--transport", "http", "--format", "json"]
    words += ["--protocol-era", era, "--method"]
    listed = run([*words, "tools/list"], tmp_path)["result"]
    assert {*TOOLS} <= {tool["name"] for tool in listed["tools"]}
    called = run([*words, "tools/call", "--tool-name", TOOL, "--tool-args-json", ARGUMENTS], tmp_path)["result"]
    assert SAID in called["content"][0]["text"]
