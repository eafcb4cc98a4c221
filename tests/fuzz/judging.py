"""What every answer must be, whatever was asked: words that say something, and no failure that nobody foresaw."""

from __future__ import annotations

import asyncio
import logging
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from mcp_kubernetes import Identity
from mcp_kubernetes.spi import Session

if TYPE_CHECKING:
    from mcp_kubernetes import App
    from mcp_kubernetes.dispatch import Outcome

_SENTENCE = re.compile(r"\S.{8,}[.?!]", re.DOTALL)
_INNARDS = re.compile(r"Traceback|\bFile \"|object at 0x|Error\(|Exception\b|<class ")


class Unforeseen(logging.Handler):
    """Keeps what is logged as an error: a failure that was answered in general words. Audit lines are none.

    A line that no stream would take raises UnicodeEncodeError.
    """

    def __init__(self) -> None:
        super().__init__(logging.ERROR)
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        record.getMessage().encode()
        if record.levelno == logging.ERROR:
            self.records.append(record)


@dataclass
class Asker:
    """An app on an event loop of its own, so that one property test can ask many times."""

    app: App
    runner: asyncio.Runner
    log: Unforeseen = field(default_factory=Unforeseen)

    def ask(self, tool: str, arguments: Mapping[str, Any]) -> Outcome:
        """Call and judge. Raises AssertionError for an answer without a sentence, and for an unforeseen failure."""
        called = self.app.call(tool, arguments, identity=Identity.local(), session=Session(key="fuzz"))
        outcome = self.runner.run(called)
        assert not self.log.records, self.log.records[-1].exc_info
        judge(outcome)
        return outcome


def judge(outcome: Outcome) -> None:
    """An answer has text; a failure has a sentence, and nothing of our insides."""
    assert outcome.blocks
    assert all(block.encode() for block in outcome.blocks)
    if outcome.is_error:
        assert _SENTENCE.match(outcome.blocks[0]), outcome.blocks[0]
        assert not _INNARDS.search(outcome.blocks[0]), outcome.blocks[0]


@contextmanager
def asking(app: App) -> Iterator[Asker]:
    """Start the app and watch the log; stop both afterwards."""
    with asyncio.Runner() as runner:
        asker = Asker(app, runner)
        logging.getLogger().addHandler(asker.log)
        runner.run(app.__aenter__())
        try:
            yield asker
        finally:
            runner.run(app.__aexit__())
            logging.getLogger().removeHandler(asker.log)
