"""The official conformance suite over HTTP, with our default settings, in both eras of the protocol.

The tools, prompts and resources that it calls by name come from an outside plugin, through the hooks that every plugin
has. What it asks for that we leave out stands beside this file, each with its reason; nothing else may fail.
"""

from __future__ import annotations

import os
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.http.server import HTTPServer, http_server
from tests.npm import Node, installed
from tests.outside import install

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.cluster import Cluster

HERE = Path(__file__).parent
WITHOUT = "MCP_KUBERNETES_TEST_WITHOUT"
NODE = 22
SECONDS = 300

PRERELEASE, RELEASED = "@modelcontextprotocol/conformance", "released"

RUNS: dict[str, tuple[str, tuple[str, ...], int]] = {
    "2025-11-25": (PRERELEASE, ("--requirements", "2025-11-25"), 27),
    "2026-07-28": (PRERELEASE, ("--requirements", "2026-07-28"), 32),
    "0.1.16": (RELEASED, ("--suite", "all"), 26),
}
"""Which suite, what to ask it for, and how many scenarios have to pass, so that it is known to have asked."""

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
def server(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[HTTPServer]:
    """A server as anybody starts it, who has installed one more plugin."""
    variables = install(HERE / "fixtures", tmp_path_factory.mktemp("fixtures"))
    with http_server(kubeconfig=cluster.kubeconfig, variables=variables) as found:
        yield found


@pytest.mark.parametrize("run", RUNS)
def test_everything_that_concerns_what_we_offer_passes(
    node: Node, server: HTTPServer, tmp_path: Path, run: str
) -> None:
    package, words, passing = RUNS[run]
    suite = HERE / "node_modules" / package / "dist" / "index.js"
    left_out = ("--expected-failures", HERE / f"left-out-{run}.yml")
    done = subprocess.run(
        [node.node, suite, "server", "--url", server.url, *words, *left_out, "--output-dir", tmp_path],
        check=False,
        capture_output=True,
        encoding="utf-8",
        timeout=SECONDS,
    )
    assert done.returncode == 0, done.stdout[-6_000:] + done.stderr[-2_000:]
    passed = {line.split(":")[0] for line in done.stdout.splitlines() if line.startswith("✓ ")}
    assert len(passed) >= passing, done.stdout
    assert server.is_up()
