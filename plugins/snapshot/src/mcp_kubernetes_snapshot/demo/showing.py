"""What is shown on the way: in colours and tables at a terminal, in plain text where the output goes elsewhere."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby

from rich import box
from rich.console import Console
from rich.padding import Padding
from rich.rule import Rule
from rich.syntax import Syntax
from rich.table import Table
from rich.text import Text

_PLAIN_WIDTH = 160
"""Columns where there is no terminal to ask."""

_FENCES = ("<<<data ", ">>>")


@dataclass(frozen=True)
class Stage:
    """Where everything is shown. Nothing that comes from a server is taken for markup."""

    console: Console

    @classmethod
    def open(cls) -> Stage:
        """On standard output. Colours go where `NO_COLOR` and the terminal let them."""
        console = Console(highlight=False)
        return cls(console if console.is_terminal else Console(highlight=False, width=_PLAIN_WIDTH))

    def title(self, text: str) -> None:
        """The head of a step."""
        self.console.print()
        self.console.print(Rule(Text(text, style="bold cyan"), align="left"))

    def say(self, text: str) -> None:
        """A sentence of ours."""
        self.console.print(Text(text))

    def fail(self, text: str) -> None:
        """Why it ends here."""
        self.console.print(Text(text, style="bold red"))

    def call(self, tool: str, arguments: str) -> None:
        """What the client asks."""
        self.console.print(Text.assemble(("→ ", "bold"), (tool, "bold green"), " ", (arguments, "green")))

    def answer(self, blocks: Sequence[str]) -> None:
        """What the server answers."""
        for is_row, group in groupby(_lines(blocks), key=lambda line: "\t" in line):
            lines = list(group)
            shown = _table(lines) if is_row else Text("\n").join(map(_styled, lines))
            self.console.print(Padding(shown, (0, 0, 0, 2), expand=False))

    def code(self, text: str, language: str) -> None:
        """Something to copy: whole, whatever the width."""
        if self.console.is_terminal:
            syntax = Syntax(text, language, theme="ansi_dark", background_color="default", word_wrap=True)
            self.console.print(syntax)
        else:
            self.console.print(Text(text), soft_wrap=True)


def _lines(blocks: Sequence[str]) -> Iterator[str]:
    """The lines, without the marks around foreign text that are for a model to read."""
    for block in blocks:
        for line in block.splitlines():
            if not line.startswith(_FENCES[0]) and not line.endswith(_FENCES[1]):
                yield line


def _styled(line: str) -> Text:
    return Text(line, style="dim" if line.startswith("note:") else "")


def _table(lines: Sequence[str]) -> Table:
    head, *rows = [line.split("\t") for line in lines]
    table = Table(box=box.SIMPLE, pad_edge=False, show_edge=False)
    for name in head:
        table.add_column(Text(name), overflow="fold")
    for row in rows:
        table.add_row(*map(Text, row))
    return table
