"""Lines that tell the same but for numbers and names, counted as one: a tree of templates, and a process to grow it in.

A line is cut into words, and a word with a digit stands for any. Templates of the same punctuation that share most
words are one, and where they differ stands any word. Most lines differ from one seen before in digits alone, and those
cost one look into a table.

This file is a program, too, of the standard library alone, for it starts as a process beside the server: it reads
frames (number of the source, length, lines with the kubelet's timestamps) and writes one JSON object at their end.
"""

from __future__ import annotations

import json
import re
import struct
import sys
from datetime import datetime
from typing import Any, BinaryIO

FRAME = struct.Struct(">II")
"""Before each block of lines: the number of its source, and its length in bytes."""

ANY = "<*>"
"""In a template: one word, whatever it is."""

LONGEST = 1_000
"""Bytes of a line that are looked at; where it goes on, the template ends with OPEN."""

OPEN = "\0"

DELIMITERS = r"\s,;:=()\[\]{}\"'<>|/?&"

_WORDS = re.compile(f"([^{DELIMITERS}]+)")
_ZEROS = bytes.maketrans(b"123456789", b"000000000")
_SEVERITIES = frozenset(
    {"trace", "debug", "info", "notice", "warn", "warning", "error", "err", "critical", "fatal", "panic", "alert"}
)
"""Words that no template leaves open: lines of two severities do not tell the same."""

_ALIKE = 0.6
_MOST_ALIKE = 64
"""Templates of the same punctuation; further lines go to the one that is most like them."""

_MOST_SHAPES = 2_000
_MOST_KNOWN = 100_000
_MOST_TOLD = 100
_TROUBLE = re.compile(r"(?i)error|fatal|panic|exception|fail|critical|refused|denied|time-?d?[ -]?out|oom|warn")


class Template:
    """Words (None: any word), what stands between them, and the first and the last line that is like this."""

    __slots__ = ("between", "block", "count", "first", "last", "latest", "words")

    def __init__(self, words: list[str | None], between: tuple[str, ...]) -> None:
        self.words = words
        self.between = between
        self.count = 0
        self.block = -1
        self.first: tuple[float, bytes] | None = None
        self.last: tuple[float, bytes] | None = None
        self.latest = (b"", b"")

    def pieces(self) -> list[str]:
        """The text between the words that may be any."""
        found = [self.between[0]]
        for word, after in zip(self.words, self.between[1:], strict=True):
            if word is None:
                found.append(after)
            else:
                found[-1] += word + after
        return found

    def values(self, text: bytes) -> list[str]:
        """What stands in a line for the words that may be any."""
        words = _WORDS.split(text[:LONGEST].decode(errors="replace"))[1::2]
        return [found for found, word in zip(words, self.words, strict=False) if word is None]

    def told(self) -> dict[str, Any]:
        """For whoever started the process."""
        first, last = self.first or (0.0, b""), self.last or (0.0, b"")
        return {
            "pieces": self.pieces(),
            "count": self.count,
            "first": first[0],
            "last": last[0],
            "values": [self.values(first[1]), self.values(last[1])],
        }


class Tree:
    """The templates of all lines so far."""

    def __init__(self) -> None:
        self.lines = 0
        self._blocks = 0
        self._known: dict[bytes, Template] = {}
        self._exact: dict[tuple[Any, ...], Template] = {}
        self._shapes: dict[tuple[str, ...], list[Template]] = {}
        self._others = Template([None], ("", OPEN))

    def add(self, block: bytes) -> None:
        """Lines of one source, in the order of time."""
        self._blocks += 1
        number, met = self._blocks, []
        lines = block.rstrip(b"\n").split(b"\n")
        self.lines += len(lines)
        known = self._known
        for line in lines:
            stamp, _, text = line.partition(b" ")
            key = text[:LONGEST].translate(_ZEROS)
            template = known.get(key) or self._learned(key)
            template.count += 1
            if template.block != number:
                template.block = number
                met.append((template, stamp, text))
            template.latest = (stamp, text)
        for template, stamp, text in met:
            _place(template, stamp, text)

    def _learned(self, key: bytes) -> Template:
        if len(self._known) >= _MOST_KNOWN:
            self._known.clear()
        template = self._known[key] = self._like(*_cut(key))
        return template

    def _like(self, words: list[str | None], between: tuple[str, ...]) -> Template:
        exact = (between, *words)
        if (found := self._exact.get(exact)) is not None:
            return found
        shape = (*between, *(word for word in words if word and word.lower() in _SEVERITIES))
        alike = self._shapes.get(shape)
        if alike is None:
            if len(self._shapes) >= _MOST_SHAPES:
                return self._others
            alike = self._shapes[shape] = []
        best = max(alike, key=lambda each: _likeness(each.words, words), default=None)
        if best is None or (len(alike) < _MOST_ALIKE and _likeness(best.words, words) < _ALIKE):
            best = Template(words, between)
            alike.append(best)
        else:
            best.words = [a if a == b else None for a, b in zip(best.words, words, strict=True)]
        if len(self._exact) < _MOST_KNOWN:
            self._exact[exact] = best
        return best

    def told(self) -> dict[str, Any]:
        """All that is worth telling: what looks like trouble first, then what there is most of."""
        every = [template for alike in self._shapes.values() for template in alike]
        every.sort(key=lambda each: (not _TROUBLE.search("".join(each.pieces())), -each.count))
        return {
            "lines": self.lines,
            "templates": len(every),
            "others": self._others.count,
            "told": [template.told() for template in every[:_MOST_TOLD]],
        }


def _cut(key: bytes) -> tuple[list[str | None], tuple[str, ...]]:
    parts = _WORDS.split(key.decode(errors="replace"))
    words: list[str | None] = [None if "0" in word else word for word in parts[1::2]]
    between = parts[::2]
    if len(key) == LONGEST:
        # The last word may be cut anywhere.
        words, between = words[:-1], [*between[:-2], between[-2] + OPEN if len(between) > 1 else OPEN]
    return words, tuple(between)


def _likeness(template: list[str | None], words: list[str | None]) -> float:
    """The share of equal words. Lines that begin with different words are not alike, unless they may be any."""
    if not words or template[0] != words[0]:
        return 0.0
    return sum(a == b for a, b in zip(template, words, strict=True)) / len(words)


def _place(template: Template, stamp: bytes, text: bytes) -> None:
    """The first and the last of the lines of a block, among those of all sources."""
    began, ended = _seconds(stamp), _seconds(template.latest[0])
    if template.first is None or began < template.first[0]:
        template.first = (began, text)
    if template.last is None or ended >= template.last[0]:
        template.last = (ended, template.latest[1])


def _seconds(stamp: bytes) -> float:
    try:
        # Python reads six digits of a fraction; the kubelet writes nine.
        return datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", stamp.decode())).timestamp()
    except ValueError:
        return 0.0


def main(frames: BinaryIO, out: BinaryIO) -> None:
    """Read frames to their end, then tell."""
    tree = Tree()
    while head := frames.read(FRAME.size):
        _, length = FRAME.unpack(head)
        tree.add(frames.read(length))
    out.write(json.dumps(tree.told()).encode())


if __name__ == "__main__":
    main(sys.stdin.buffer, sys.stdout.buffer)
