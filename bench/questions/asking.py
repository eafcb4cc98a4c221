"""Asking the questions, and what it costs: calls, bytes and milliseconds, with every fact looked for."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bench.questions.asked import UNDO, Call, Question
from tests.stdio.wire import text

if TYPE_CHECKING:
    from tests.stdio.wire import Wire

_CHANGE_ID = re.compile(r"changeId ([a-z2-7]+)")

HEAD = "| question | calls | bytes | ms |\n|---|---:|---:|---:|"


@dataclass(frozen=True, kw_only=True)
class Cost:
    """What one question cost, and the facts that its answer lacks."""

    question: Question
    bytes: int
    seconds: float
    missing: tuple[str, ...]
    answer: str

    def row(self) -> str:
        """The line of the table, in Markdown."""
        lacks = f" **lacks {', '.join(self.missing)}**" if self.missing else ""
        return (
            f"| {self.question.asked}{lacks} | {len(self.question.calls)} | {self.bytes:,} | {self.seconds * 1e3:.0f} |"
        )


def _answer(server: Wire, call: Call, before: str) -> str:
    """The answer to a call, which may name the change that the answer before it tells of."""
    change = _CHANGE_ID.search(before)
    known = {"changeId": change[1]} if change and call.tool == UNDO else {}
    found = server.call(call.tool, **call.arguments, **known)
    return text(found) if "content" in found else str(found["error"]["message"])


def ask(server: Wire, question: Question) -> Cost:
    """Make the question's calls, one after the other. The facts are looked for in the last answer."""
    began = time.perf_counter()
    answers: list[str] = []
    for call in question.calls:
        answers.append(_answer(server, call, answers[-1] if answers else ""))
    return Cost(
        question=question,
        bytes=sum(len(answer.encode()) for answer in answers),
        seconds=time.perf_counter() - began,
        missing=tuple(fact for fact in question.facts if not re.search(fact, answers[-1])),
        answer=answers[-1],
    )
