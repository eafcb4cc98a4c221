"""The contract: the same questions to a real API server and to snapshots recorded from it, answered alike.

One snapshot is its plain lists, as anybody may have them; the other is what `mcp-kubernetes snapshot` recorded.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

import pytest

import mcp_kubernetes_cluster
import mcp_kubernetes_resources
from mcp_kubernetes.identity import Identity
from mcp_kubernetes_snapshot import Snapshots
from pytest_mcp_kubernetes.apps import Apps
from pytest_mcp_kubernetes.static import Static
from tests.snapshot.changes import CHANGES, alike, with_last
from tests.snapshot.contract import QUESTIONS, RECORDED, Question, comparable

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from mcp_kubernetes import App
    from tests.cluster import Cluster

Answers = dict[str, tuple[bool, str]]

_TOOLS: dict[str, object] = {"resources": mcp_kubernetes_resources, "cluster": mcp_kubernetes_cluster}
_SETTINGS: dict[str, Mapping[str, Any]] = {"kubernetes": {"qps_limit": 0}, "safety": {"non_destructive": False}}


@pytest.fixture(scope="module")
def living(world: Cluster, lists: Path, recording: Path) -> Answers:
    """What the cluster answers, after both snapshots were recorded: first all that reads, then all that changes."""
    assert lists.exists()
    assert recording.exists()
    return asyncio.run(_asked({"static": Static(world.kubeconfig)}, QUESTIONS | RECORDED))


@pytest.fixture(scope="module")
def from_lists(lists: Path) -> Answers:
    return asyncio.run(_asked(*_snapshot(lists, QUESTIONS)))


@pytest.fixture(scope="module")
def from_recording(recording: Path) -> Answers:
    return asyncio.run(_asked(*_snapshot(recording, QUESTIONS | RECORDED)))


def _snapshot(path: Path, questions: Mapping[str, Question]) -> tuple[Any, ...]:
    return {"snapshot": Snapshots}, questions, {"snapshot": {"paths": (path,), "writable": True}}


async def _asked(
    source: Mapping[str, object],
    questions: Mapping[str, Question],
    settings: Mapping[str, Mapping[str, Any]] | None = None,
) -> Answers:
    async with Apps().make({**_TOOLS, **source}, {**_SETTINGS, **(settings or {})}) as app:
        answers = {name: await _answer(app, tool, arguments) for name, (tool, arguments) in questions.items()}
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
def test_a_snapshot_answers_as_the_cluster_did(living: Answers, from_lists: Answers, question: str) -> None:
    failed, text = living[question]
    assert from_lists[question][0] is failed
    assert comparable(from_lists[question][1]) == comparable(text)


@pytest.mark.parametrize("question", QUESTIONS | RECORDED)
def test_a_recording_answers_as_the_cluster_did(living: Answers, from_recording: Answers, question: str) -> None:
    failed, text = living[question]
    assert from_recording[question][0] is failed
    assert comparable(from_recording[question][1]) == comparable(text)


@pytest.mark.parametrize("change", CHANGES)
@pytest.mark.parametrize("form", ["from_lists", "from_recording"])
def test_a_snapshot_is_changed_as_the_cluster_is(
    request: pytest.FixtureRequest, living: Answers, form: str, change: str
) -> None:
    answers: Answers = request.getfixturevalue(form)
    failed, text = living[change]
    assert answers[change][0] is failed
    assert alike(comparable(answers[change][1])) == alike(comparable(text))
