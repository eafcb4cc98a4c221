"""From one value to text: objects, rows and cells, each in a form that cannot pass for another's.

A row is one line and an object is YAML or JSON, so neither needs a fence; free text gets one.
"""

from __future__ import annotations

import json
import secrets
from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Any, cast

from mcp_kubernetes.results import NOTE, Cell, Form, clean, has_unseen
from mcp_kubernetes.yaml_form import json_text, yaml_text

_FENCE = "<<<data"
"""How the line before foreign text begins, followed by a mark; the line after it ends with the mark and `>>>`."""


def fenced(text: str) -> str:
    """Text from elsewhere between two lines that it cannot have foreseen."""
    mark = secrets.token_hex(4)
    return f"{_FENCE} {mark}\n{text}\n{mark}>>>" if text else ""


def in_form(value: Any, form: Form) -> str:
    """The value as YAML or JSON; characters that nobody sees are written as their codes."""
    return yaml_text(value) if form == "yaml" else json_text(value)


def as_row(text: str, form: Form) -> str:
    """An object among rows: a YAML document of its own, or a line of JSON."""
    return f"---\n{text}" if form == "yaml" else text


def unposed(line: str) -> str:
    """The line, moved by a space if it would look like a note of ours or the beginning of a fence."""
    return f" {line}" if line.startswith((NOTE, _FENCE)) else line


def lines_of(rows: Sequence[Sequence[Cell]]) -> list[str]:
    """What `line_of` makes of each, all at once where a look at the whole tells that none needs one of its own."""
    texts = rows if set(map(type, chain.from_iterable(rows))) == {str} else map(_texts, rows)
    lines = list(map("\t".join, cast("Iterable[list[str]]", texts)))
    text = "\n".join(("", *lines))
    is_broken = text.count("\t") != sum(map(len, rows)) - len(rows) or text.count("\n") != len(rows)
    if is_broken or has_unseen(text) or f"\n{NOTE}" in text or f"\n{_FENCE}" in text:
        return list(map(line_of, rows))
    return lines


def line_of(row: Any) -> str:
    """A row as tab-separated cells without line breaks."""
    cells = _texts(row)
    joined = "".join(cells)
    return unposed("\t".join(cells if joined.isascii() and joined.isprintable() else map(clean, cells)))


def without(lines: list[str], spare: frozenset[int]) -> list[str]:
    """Lines of a table without the columns at these positions."""
    return [unposed("\t".join(kept(line.split("\t"), spare))) for line in lines]


def kept(cells: Any, spare: frozenset[int]) -> list[Any]:
    """The cells at positions that cannot be spared."""
    return [cell for at, cell in enumerate(cells) if at not in spare]


def _texts(row: Any) -> list[str]:
    return [cell if type(cell) is str else _cell(cell) for cell in row]


def _cell(value: Cell) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, str | int | float) else json.dumps(value, ensure_ascii=False)
