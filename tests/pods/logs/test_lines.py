"""Which lines are shown, on the real node: those that match, the newest, and in pages without a loss."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.cluster.node import has_ended
from tests.pods.logs.reading import body, cursor

if TYPE_CHECKING:
    from tests.cluster.node import Pods
    from tests.pods.logs.reading import Ask

COUNT = 3_000


@pytest.fixture
def counted(pods: Pods, namespace: str) -> list[str]:
    """Two pods of the label app=web that have printed numbers; all of their lines."""
    script = f"i=0; while [ $i -lt {COUNT} ]; do i=$((i+1)); echo line $i; done"
    for name in ("web-a", "web-b"):
        pods.make(namespace, name, {"main": ["sh", "-c", script]}, labels={"app": "web"}, restartPolicy="Never")
    for name in ("web-a", "web-b"):
        pods.until(namespace, name, has_ended, "at its end")
    return [f"{pod} line {number}" for pod in "ab" for number in range(1, COUNT + 1)]


async def test_the_newest_lines_are_kept_and_pages_go_back_without_loss_or_repetition(
    counted: list[str], logs: Ask
) -> None:
    question = {"labelSelector": "app=web", "maxBytes": 16_384}
    answer = await logs(**question)
    pages = [body(answer)]
    assert pages[0][-1] in {"a line 3000", "b line 3000"}
    while "continue=" in answer:
        answer = await logs(**question, **{"continue": cursor(answer)})
        if "There are no older lines." not in answer:
            pages.append(body(answer))
    assert len(pages) > 3
    assert sorted(line for page in pages for line in page) == sorted(counted)
    for pod in "ab":
        lines = [line for page in reversed(pages) for line in page if line.startswith(pod)]
        assert lines == [line for line in counted if line.startswith(pod)]


async def test_only_lines_that_match_are_shown_and_counted(counted: list[str], logs: Ask) -> None:
    answer = await logs(labelSelector="app=web", grep="^line .*99$", exclude="199")
    assert sorted(body(answer)) == sorted(line for line in counted if line.endswith("99") and "199" not in line)
    assert f"52 of {len(counted):,} lines match." in answer
    assert "None of the 6,000 lines that were read match." in await logs(labelSelector="app=web", grep="nothing")


async def test_lines_around_a_match_come_with_it(counted: list[str], logs: Ask) -> None:
    assert counted
    answer = await logs(podName="web-a", grep="line 1000$", linesAround=2)
    assert body(answer) == ["  line 998", "  line 999", "> line 1000", "  line 1001", "  line 1002"]


async def test_the_last_lines_of_each_are_searched_where_that_is_asked(counted: list[str], logs: Ask) -> None:
    assert counted
    assert sorted(body(await logs(labelSelector="app=web", tailLines=2))) == [
        "a line 2999", "a line 3000", "b line 2999", "b line 3000",
    ]  # fmt: skip
    assert body(await logs(podName="web-b", tailLines=10, grep="2995")) == ["line 2995"]


async def test_a_summary_counts_the_lines_of_a_template_and_leads_to_them(counted: list[str], logs: Ask) -> None:
    question = {"labelSelector": "app=web", "summarize": True}
    answer = await logs(**question)
    assert f"1\t{len(counted)}\t" in answer
    assert "\tline <*>\t1 → 3000" in answer
    assert "6,000 lines of 2 logs, 1 templates" in answer
    assert len(answer.encode()) < 2_048
    lines = body(await logs(**question, **{"continue": f"{cursor(answer)}.1"}))
    assert lines[-1] in {"a line 3000", "b line 3000"}
