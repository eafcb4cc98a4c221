"""Scalars that go over several lines, for the quick reader: blocks, and plain and quoted texts that were wrapped.

Emitters wrap what is longer than 80 characters, kubectl among them. A line break is a space then, and the empty lines
that follow it are line breaks.
"""

from __future__ import annotations

from typing import Any

from mcp_kubernetes.manifest.block_lines import Beyond, check_rest, plain, quoted_part, read_line, unescaped


def block(lines: list[str], at: int, indent: int, declared: int, chomping: str) -> tuple[str, int]:
    """The literal block that begins at line `at` in a collection `indent` deep, and where the lines after it begin.

    `declared` is how much deeper its head says that it is; 0 where its first line shows it.
    """
    deep = indent + declared if declared else 0
    found: list[str] = []
    while at < len(lines):
        line = lines[at]
        content = line.lstrip(" ")
        depth = len(line) - len(content)
        if content and not deep:
            deep = max(depth, indent + 1) if content[0] != "\t" else _beyond()
        if content and depth < deep:
            break
        if depth and not deep:
            raise Beyond
        found.append(line[deep:])
        at += 1
    return _chomped(found, chomping), at


def _beyond() -> int:
    raise Beyond


def _chomped(found: list[str], chomping: str) -> str:
    text = "\n".join(found).rstrip("\n")
    match chomping:
        case "-":
            return text
        case "+":
            return "".join(f"{line}\n" for line in found)
    return f"{text}\n" if text else ""


def quoted(text: str, lines: list[str], at: int, indent: int) -> tuple[str, int]:
    """The text that begins with `text` and its quote and goes on at line `at`, and where the lines after it begin."""
    quote = text[0]
    inside, ending = quoted_part(quote, text[1:])
    parts, breaks = [inside], 0
    while ending != quote:
        if at == len(lines):
            raise Beyond
        content = lines[at].lstrip(" ")
        depth = len(lines[at]) - len(content)
        at += 1
        if not content:
            breaks += 1
            continue
        if depth <= indent:
            raise Beyond
        between = "\n" * breaks or ("" if ending else " ")
        inside, ending = quoted_part(quote, content)
        parts += (between, inside)
        breaks = 0
    return unescaped(quote, "".join(parts)), at


def go_on(lines: list[str], at: int, done: int, indent: int) -> tuple[Any, int]:
    """The plain scalar that goes on at line `at`, and where the lines after it begin.

    Where it began, it was taken for all of it; it did so at line `done` or later.
    """
    back = at - 1
    while back >= done and not lines[back].strip(" "):
        back -= 1
    text = read_line(lines[back]).text if back >= done else None
    if text is None:
        raise Beyond
    parts, breaks = [text], at - back - 1
    while at < len(lines):
        content = lines[at].lstrip(" ")
        if content:
            if len(lines[at]) - len(content) <= indent:
                break
            check_rest(content)
            parts += ("\n" * breaks or " ", content)
        breaks = 0 if content else breaks + 1
        at += 1
    return plain("".join(parts)), at
