"""Commands through the server as a process: what it holds of 65 MB, and what its audit log says."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.pods.conftest import NAMESPACE
from tests.stdio.wire import Wire, serving, text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.cluster import Cluster

MEBI = 1 << 20
OUTPUT = 65 * MEBI
GROWTH = 40 * MEBI
JWT = "eyJhbGciOiJSUzI1NiIsImtpZCI6IjEyMyJ9.eyJzdWIiOiJ0ZXN0LXVzZXIiLCJhIjoxfQ.c2lnbmF0dXJlLW9mLXRlc3Q"


@pytest.fixture(scope="module")
def server(cluster: Cluster) -> Iterator[Wire]:
    with serving("serve", "--non-destructive=false", kubeconfig=cluster.kubeconfig) as wire:
        wire.open()
        yield wire


def run(server: Wire, pod: str, *command: str, **more: Any) -> str:
    where = {"namespace": NAMESPACE, "podName": pod, "containerName": "main"}
    return text(server.call("k8s_exec_pod", **where, command=command, **more))


def memory(server: Wire, key: str) -> int:
    """What the kernel says of the process, in bytes: VmRSS is now, VmHWM the most."""
    status = Path(f"/proc/{server.process.pid}/status").read_text("utf-8")
    return next(int(line.split()[1]) for line in status.splitlines() if line.startswith(f"{key}:")) * 1024


@pytest.mark.usefixtures("pods")
def test_65_megabytes_of_output_cost_less_than_40_of_memory(server: Wire, pod: str) -> None:
    run(server, pod, "echo", "warm")
    Path(f"/proc/{server.process.pid}/clear_refs").write_text("5", "ascii")  # the most begins anew
    before = memory(server, "VmHWM")
    answer = run(server, pod, "sh", "-c", f"yes 0123456789abcde | head -c {OUTPUT}; echo the end")
    assert f"stdout, {OUTPUT + 8:,} bytes:" in answer
    assert "exit code 0" in answer
    assert "the end" in answer
    assert memory(server, "VmHWM") - before < GROWTH


def test_the_audit_log_has_the_whole_command_before_it_runs_and_no_input(server: Wire, pod: str) -> None:
    script = "cat > /dev/null; " + "true; " * 200 + "exit 3"
    before = len(server.audit())
    run(server, pod, "sh", "-c", script, f"--token={JWT}", stdin="planted-input")
    started, ended = server.audit(before + 2)[before:]
    assert (started["audit"], started["operation"], ended["audit"]) == ("started", "exec", "call")
    assert started["resource"] == f"/api/v1/namespaces/{NAMESPACE}/pods/{pod}/exec"
    assert started["command"] == ["sh", "-c", script, "--token=<redacted>"]
    assert (ended["id"], ended["outcome"]) == (started["id"], "ok")
    assert "planted-input" not in server.stderr.decode()


def test_the_audit_log_says_when_the_end_of_a_command_is_not_known(server: Wire, pod: str) -> None:
    before = len(server.audit())
    run(server, pod, "sleep", "1000", timeoutSeconds=1)
    _, ended = server.audit(before + 2)[before:]
    assert ended["outcome"] == "partial"
    assert ended["reason"] == "Nothing told of its end within 1 s; it may still run."
