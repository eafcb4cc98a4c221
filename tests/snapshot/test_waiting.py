"""A snapshot that takes longer to open than a call may: whoever waits is told how far it is, and others do not wait."""

from __future__ import annotations

import logging
import re
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

import mcp_kubernetes_contexts
import mcp_kubernetes_resources
from mcp_kubernetes import read_manifests
from mcp_kubernetes_snapshot import Snapshots
from pytest_mcp_kubernetes.apps import text
from tests.objects import POD

if TYPE_CHECKING:
    from pytest_mcp_kubernetes.apps import Apps

TAKES = 6.0
"""Seconds that the opening takes, about, on whatever machine."""

PLUGINS = {
    "snapshot": Snapshots,
    "resources": mcp_kubernetes_resources,
    "contexts": mcp_kubernetes_contexts.Contexts,
}
NAMES = {"resourceType": "pods", "output": "name", "maxBytes": 1_024}
STILL = re.compile(
    r"The snapshot large is still being opened: (\d+) of (\d+) MiB were gone through\. "
    r"It goes on meanwhile: make the same call again\."
)


@pytest.fixture
def large(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> Path:
    """A file in a style that takes long to read, of as many pods as fill the time."""
    caplog.set_level(logging.INFO)
    flow = yaml.safe_dump({key: POD[key] for key in ("spec", "status")}, default_flow_style=True, width=1 << 20)
    one = f"apiVersion: v1\nkind: Pod\nmetadata: {{name: n%s}}\nmore: {flow}"
    began = time.thread_time()
    for _ in range(20):
        read_manifests(one)
    count = int(TAKES * 20 / (time.thread_time() - began))
    path = tmp_path / "large.yaml"
    path.write_text("---\n".join(one % number for number in range(count)), "utf-8")
    return path


@pytest.fixture
def mebibytes(large: Path) -> str:
    """How large it is."""
    return str(large.stat().st_size >> 20)


@pytest.fixture
def kubeconfig(tmp_path: Path) -> Path:
    """One that knows no context."""
    path = tmp_path / "config"
    path.write_text("{apiVersion: v1, kind: Config}", "utf-8")
    return path


def is_opened(caplog: pytest.LogCaptureFixture) -> bool:
    return any("opened in" in record.getMessage() for record in caplog.records)


async def test_calls_that_end_before_it_is_opened_say_so_and_the_next_one_goes_on(
    app: Apps, large: Path, mebibytes: str, kubeconfig: Path, caplog: pytest.LogCaptureFixture
) -> None:
    settings: dict[str, dict[str, Any]] = {
        "snapshot": {"paths": (large,)},
        "contexts": {"kubeconfig": (kubeconfig,)},
        "tools": {"timeout": 2.0},
    }
    async with app(PLUGINS, settings) as client:
        answers = [text(await client.call_tool("k8s_list_resources", NAMES))]
        await client.call_tool("k8s_list_contexts", {})
        assert not is_opened(caplog)  # nor did the list of contexts wait for it
        while not is_opened(caplog):
            answers.append(text(await client.call_tool("k8s_list_resources", NAMES)))
        answers.append(text(await client.call_tool("k8s_list_resources", NAMES)))
    said = [found for answer in answers if (found := STILL.search(answer))]
    assert said[0].string == answers[0]
    done = [int(found[1]) for found in said]
    assert done == sorted(done)
    assert {found[2] for found in said} == {mebibytes}
    assert "n0" in answers[-1]
    logged = [each.getMessage() for each in caplog.records if each.name == "mcp_kubernetes_snapshot.opening"]
    assert re.fullmatch(rf"Snapshot large: \d+ of {mebibytes} MiB were gone through\.", logged[0])
    assert "opened in" in logged[-1]


@pytest.mark.parametrize("mode", ["auto", "legacy"])
async def test_a_client_that_asks_for_it_is_told_how_far_it_is(app: Apps, large: Path, mode: str) -> None:
    told: list[tuple[float, float | None, str | None]] = []

    async def tell(progress: float, total: float | None, message: str | None) -> None:
        told.append((progress, total, message))

    settings: dict[str, dict[str, Any]] = {"snapshot": {"paths": (large,)}, "tools": {"timeout": 300.0}}
    async with app(PLUGINS, settings, mode=mode) as client:
        answer = await client.call_tool("k8s_list_resources", NAMES, progress_callback=tell)
    assert "n0" in text(answer)
    parts = [part for part, _, _ in told]
    assert len(parts) > 1
    assert parts == sorted({*parts})
    assert all(total == 1 and part <= 1 for part, total, _ in told)
    assert all(re.match(r"The snapshot large is being opened: \d+ of \d+ MiB", message or "") for _, _, message in told)
