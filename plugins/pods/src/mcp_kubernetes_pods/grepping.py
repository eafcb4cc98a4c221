"""Which lines are wanted, told in time linear in the text: by RE2, which never goes back, whatever the pattern.

The lines carry the kubelet's timestamps, and a pattern is about the text after them. A block of lines is searched
as a whole first, timestamps included, for most blocks hold nothing: a line that is found so is a candidate, and
looked at by itself. Where a block has many of them, each line is looked at by itself at once. What RE2 needs for a
pattern is bounded, and it runs in a thread without Python's lock, so no pattern holds up other calls.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from mcp_kubernetes import InvalidArguments
from mcp_kubernetes_pods.templates import DELIMITERS, OPEN

_MEMORY = 8 << 20
_LARGEST_PROGRAM = 1_000
"""Instructions of a compiled pattern; the time for a byte of text grows with them, in the worst case."""

_OWN_ENDS = re.compile(r"(?<!\[)\^|\\[Az]|\(\?[a-zA-Z]*-")
"""What may mean the begin or the end of the text, which a line has, and a block of lines has elsewhere."""

_DENSE = 8
"""Lines for each candidate, below which it is cheaper to look at every line."""


@dataclass(frozen=True)
class Pattern:
    """A regular expression in RE2's syntax."""

    block: Any
    """Finds candidates in many lines with their timestamps; None if it could miss any."""
    line: Any
    """Tells of one line without its timestamp."""

    @classmethod
    def of(cls, text: str, name: str) -> Pattern:
        """Compile it. Raises InvalidArguments; `name` is the parameter's."""
        re2 = _re2()
        try:
            found = re2.compile(f"(?m){text}", _options())
            line = re2.Set.SearchSet(_options())
            line.Add(text)
            line.Compile()
        except re2.error as error:
            raise InvalidArguments(
                f"{name} is no regular expression that RE2 takes: {_words(error)}.",
                hint="RE2 has no look-around and no back-references.",
            ) from None
        if found.programsize > _LARGEST_PROGRAM:
            raise InvalidArguments(f"{name} is too large a pattern.", hint="Use smaller counts of repetition.")
        return cls(None if _OWN_ENDS.search(text) else found, line)

    @classmethod
    def whole(cls, pieces: Sequence[str]) -> Pattern:
        """For the lines of a template: these texts, and between each two of them one word."""
        re2 = _re2()
        *closed, last = pieces
        is_open = last.endswith(OPEN)
        texts = [re2.escape(piece.rstrip(OPEN)) for piece in (*closed, last)]
        line = re2.Set.SearchSet(_options())
        line.Add(f"^{f'[^{DELIMITERS}]+'.join(texts)}{'' if is_open else '$'}")
        line.Compile()
        return cls(None, line)

    def matches(self, line: bytes) -> bool:
        """Whether it is found in the text of the line, after its timestamp."""
        return bool(self.line.Match(line.partition(b" ")[2]))

    def found(self, block: bytes) -> Iterator[int]:
        """Where the lines begin that match, in order."""
        at = 0
        for candidate in self._candidates(block):
            if candidate < at:
                continue
            start, end = block.rfind(b"\n", at, candidate) + 1 or at, block.find(b"\n", candidate)
            at = len(block) if end < 0 else end + 1
            if self.matches(block[start : at - 1 if end >= 0 else at]):
                yield start

    def _candidates(self, block: bytes) -> Iterator[int]:
        """Positions in lines that may match, until there are so many that all lines may."""
        at, most = 0, block.count(b"\n") // _DENSE
        while self.block is not None and most > 0 and (match := self.block.search(block, at)):
            yield match.start()
            at, most = block.find(b"\n", match.start()) + 1, most - 1
            if not at:
                return
        if self.block is not None and most > 0:
            return
        while at < len(block):
            yield at
            at = block.find(b"\n", at) + 1 or len(block)


def _re2() -> Any:
    """Not before somebody filters: loading it takes as long as a quick call."""
    return import_module("re2")


def _options() -> Any:
    options = _re2().Options()
    options.never_nl = True
    options.never_capture = True
    options.log_errors = False
    options.max_mem = _MEMORY
    return options


def _words(error: Exception) -> str:
    said = error.args[0] if error.args else ""
    return said.decode(errors="replace") if isinstance(said, bytes) else str(said)


@dataclass(frozen=True, kw_only=True)
class Filter:
    """What is wanted of the lines: those that match all of `wanted` and not `unwanted`."""

    wanted: Sequence[Pattern] = ()
    unwanted: Pattern | None = None

    def __bool__(self) -> bool:
        return bool(self.wanted or self.unwanted)

    def starts(self, block: bytes) -> Iterator[int]:
        """Where the lines begin that are wanted, in order."""
        others = self.wanted[1:]
        for start in self.wanted[0].found(block) if self.wanted else _every(block):
            line = block[start : _end(block, start)]
            if all(other.matches(line) for other in others) and not self._refuses(line):
                yield start

    def kept(self, block: bytes) -> bytes:
        """The wanted lines alone, each with its line break."""
        return b"".join(block[start : _end(block, start)] + b"\n" for start in self.starts(block))

    def _refuses(self, line: bytes) -> bool:
        return self.unwanted is not None and self.unwanted.matches(line)


def _every(block: bytes) -> Iterator[int]:
    at = 0
    while at < len(block):
        yield at
        at = block.find(b"\n", at) + 1 or len(block)


def _end(block: bytes, start: int) -> int:
    end = block.find(b"\n", start)
    return len(block) if end < 0 else end


class Around:
    """The wanted lines of one source, with the lines around each, block after block."""

    def __init__(self, wanted: Filter, lines_around: int) -> None:
        self._wanted = wanted
        self._around = lines_around
        self._before: list[bytes] = []
        self._after = 0

    def of(self, block: bytes) -> list[tuple[bool, bytes]]:
        """Lines in order, each with whether it is wanted for itself."""
        if not self._around:
            return [(True, block[start : _end(block, start)]) for start in self._wanted.starts(block)]
        return list(self._with_context(block))

    def _with_context(self, block: bytes) -> Iterator[tuple[bool, bytes]]:
        hits = set(self._wanted.starts(block))
        if not hits and not self._after:
            self._remember(block.splitlines()[-self._around :])
            return
        for start in _every(block):
            line = block[start : _end(block, start)]
            if start in hits:
                yield from ((False, before) for before in self._before)
                self._before, self._after = [], self._around
                yield True, line
            elif self._after:
                self._after -= 1
                yield False, line
            else:
                self._remember([line])

    def _remember(self, lines: list[bytes]) -> None:
        self._before = [*self._before, *lines][-self._around :]
