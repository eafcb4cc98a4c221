"""The official conformance suite over HTTP, with our default settings, in both eras of the protocol.

What it asks for that we do not offer stands beside this file, each with its reason; nothing else may fail.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.http.server import HTTPServer, http_server
from tests.npm import Node, installed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.cluster import Cluster

HERE = Path(__file__).parent
WITHOUT = "MCP_KUBERNETES_TEST_WITHOUT"
NODE = 22
SECONDS = 300

PASSED = {
    "2025-11-25": {
        "dns-rebinding-protection",
        "ping",
        "resources-list",
        "server-initialize",
        "server-session-lifecycle",
        "server-sse-multiple-streams",
        "tools-list",
    },
    "2026-07-28": {
        "dns-rebinding-protection",
        "http-header-validation",
        "input-required-result-unsupported-methods",
        "input-required-result-validate-input",
        "resources-list",
        "sep-2164-resource-not-found",
        "server-sse-multiple-streams",
        "tools-list",
    },
}
"""What has to pass, by the revision of the protocol: so that the suite is known to have asked."""

pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def node() -> Node:
    """A Node that can run the suite, which is installed when missing."""
    if "conformance" in os.environ.get(WITHOUT, "").split(","):
        pytest.skip(f"{WITHOUT} says that the conformance suite is meant to be left out")
    try:
        return installed(HERE, NODE)
    except (OSError, RuntimeError, subprocess.CalledProcessError) as error:
        pytest.fail(f"The conformance suite cannot be had ({error}); to test without it, set {WITHOUT}=conformance.")


@pytest.fixture(scope="module")
def server(cluster: Cluster) -> Iterator[HTTPServer]:
    """A server as anybody starts it."""
    with http_server(kubeconfig=cluster.kubeconfig) as found:
        yield found


@pytest.mark.parametrize("revision", PASSED)
def test_everything_that_concerns_what_we_offer_passes(
    node: Node, server: HTTPServer, tmp_path: Path, revision: str
) -> None:
    suite = HERE / "node_modules" / ".bin" / "conformance"
    words = ("--url", server.url, "--requirements", revision, "--output-dir", str(tmp_path))
    done = subprocess.run(
        [node.node, suite.resolve(), "server", *words, "--expected-failures", HERE / f"left-out-{revision}.yml"],
        check=False,
        capture_output=True,
        encoding="utf-8",
        timeout=SECONDS,
    )
    assert done.returncode == 0, done.stdout[-6_000:] + done.stderr[-2_000:]
    lines = [line.removeprefix("✓ ") for line in done.stdout.splitlines() if line.startswith("✓ ")]
    assert PASSED[revision] <= {line.partition(":")[0] for line in lines}
    assert server.is_up()
