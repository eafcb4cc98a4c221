"""The contract: the same questions to a real API server and to a snapshot recorded from it, answered alike."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

import mcp_kubernetes_resources
from mcp_kubernetes.identity import Identity
from mcp_kubernetes_snapshot import Snapshots
from pytest_mcp_kubernetes.apps import Apps
from pytest_mcp_kubernetes.static import Static
from tests.cluster.run import own
from tests.snapshot.changes import CHANGES, alike, with_last
from tests.snapshot.contract import QUESTIONS, Question, comparable
from tests.snapshot.world import build, record

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    from mcp_kubernetes import App
    from tests.cluster import Cluster

Answers = dict[str, tuple[bool, str]]


@pytest.fixture(scope="module")
def world(cluster: Cluster) -> Iterator[Cluster]:
    with own(cluster) as mine:
        build(mine)
        yield mine


@pytest.fixture(scope="module")
def recording(world: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("recorded")
    record(world, folder)
    return folder


@pytest.fixture(scope="module")
def answers(world: Cluster, recording: Path) -> tuple[Answers, Answers]:
    """What the living cluster and the snapshot answer to all questions."""
    living = Apps().make(
        {"resources": mcp_kubernetes_resources, "static": Static(world.kubeconfig)}, _UNHURRIED | _CHANGING
    )
    settings = {"snapshot": {"paths": (recording,), "writable": True}, **_CHANGING}
    recorded = Apps().make({"resources": mcp_kubernetes_resources, "snapshot": Snapshots}, settings)
    return asyncio.run(_asked(living)), asyncio.run(_asked(recorded))


_UNHURRIED: dict[str, Mapping[str, Any]] = {"kubernetes": {"qps_limit": 0}}
_CHANGING: dict[str, Mapping[str, Any]] = {"safety": {"non_destructive": False}}


async def _asked(app: App) -> Answers:
    """First all that reads, then all that changes."""
    async with app:
        answers = {name: await _answer(app, tool, arguments) for name, (tool, arguments) in QUESTIONS.items()}
        return answers | {name: await _changed(app, calls) for name, calls in CHANGES.items()}


async def _changed(app: App, calls: Sequence[Question]) -> tuple[bool, str]:
    """Whether the last call failed, and what each of them answered."""
    failed, texts = False, [""]
    for tool, arguments in calls:
        failed, text = await _answer(app, tool, with_last(arguments, texts[-1]))
        texts.append(text)
    return failed, "\n---\n".join(texts[1:])


async def _answer(app: App, tool: str, arguments: Mapping[str, Any]) -> tuple[bool, str]:
    outcome = await app.call(tool, arguments, identity=Identity.local(), session=None)
    return outcome.is_error, "\n".join(outcome.blocks)


@pytest.mark.parametrize("question", QUESTIONS)
def test_a_snapshot_answers_as_the_cluster_did(answers: tuple[Answers, Answers], question: str) -> None:
    living, recorded = answers
    failed, text = living[question]
    assert recorded[question][0] is failed
    assert comparable(recorded[question][1]) == comparable(text)


@pytest.mark.parametrize("change", CHANGES)
def test_a_snapshot_is_changed_as_the_cluster_is(answers: tuple[Answers, Answers], change: str) -> None:
    living, recorded = answers
    failed, text = living[change]
    assert recorded[change][0] is failed
    assert alike(comparable(recorded[change][1])) == alike(comparable(text))
