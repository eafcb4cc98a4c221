"""The progress of a recording on standard error, and what came of it on standard output."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.text import Text


@dataclass(frozen=True, kw_only=True)
class Shown:
    """A bar where somebody looks at a terminal, and nothing of it elsewhere."""

    bar: Progress
    console: Console

    @classmethod
    def open(cls) -> Self:
        """Not yet drawn."""
        errors = Console(stderr=True)
        columns = (
            BarColumn(), MofNCompleteColumn(), TextColumn("lists"), TextColumn("{task.fields[objects]} objects"),
            TimeElapsedColumn(), TextColumn("{task.description}", markup=False),
        )  # fmt: skip
        bar = Progress(*columns, console=errors, disable=not errors.is_terminal, transient=True)
        bar.add_task("", total=None, objects=0)
        return cls(bar=bar, console=Console(highlight=False))

    def __enter__(self) -> Self:
        self.bar.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.bar.stop()

    def progress(self, done: int, total: int, name: str, objects: int) -> None:
        """As `Progress` of the recording is told."""
        for task in self.bar.task_ids:
            self.bar.update(task, completed=done, total=total, description=name, objects=objects)

    def say(self, text: str) -> None:
        """A sentence."""
        self.console.print(Text(text), soft_wrap=True)
