"""Every question of the bench is answered with its facts, in answers of a bounded size, without a planted secret."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bench.questions.asked import QUESTIONS, RUNNING, Question
from bench.questions.asking import ask
from bench.questions.world import ensure, ensure_running
from bench.servers import CHANGING, ours

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.cluster import Cluster
    from tests.cluster.node import Pods
    from tests.stdio.wire import Wire

MOST_BYTES = 8_000
"""Of one question's answers together; more than twice what the longest takes."""


@pytest.fixture(scope="module")
def server(cluster: Cluster) -> Iterator[Wire]:
    ensure(cluster)
    with ours(cluster.kubeconfig, "asyncio", CHANGING) as wire:
        wire.open()
        yield wire
    cluster.kubectl("delete", "namespace", "shop", "--wait=false")
    cluster.kubectl("uncordon", "kwok-002")


@pytest.fixture(scope="module")
def running(pods: Pods, server: Wire) -> Wire:
    ensure_running(pods)
    return server


@pytest.mark.parametrize("question", RUNNING, ids=[question.asked for question in RUNNING])
def test_a_question_about_what_runs_is_answered(running: Wire, question: Question) -> None:
    test_a_question_is_answered(running, question)


@pytest.mark.parametrize("question", QUESTIONS, ids=[question.asked for question in QUESTIONS])
def test_a_question_is_answered(server: Wire, question: Question) -> None:
    cost = ask(server, question)
    assert not cost.missing, cost.answer
    assert cost.bytes < MOST_BYTES
    assert "hunter2-planted" not in cost.answer
