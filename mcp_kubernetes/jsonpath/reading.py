"""From text to a path, character by character, so that an error can say where it is."""

from __future__ import annotations

import re
from functools import lru_cache

from mcp_kubernetes.jsonpath.steps import Anywhere, Every, Item, Key, Matching, Path, Several, Slice, Step

LONGEST = 1_000
"""Characters of a path."""

_MOST_ANYWHERE = 2
_MOST_NESTED = 3
_MOST_CHOICES = 100
"""What several steps in one bracket multiply to: each of them is followed to the end of the path."""

_KEY = re.compile(r"(?:\\.|[^\s.\[\]{}()=!<>\\])+")
_INT = re.compile(r"-?\d{1,9}(?![\w.])")
_SLICE = re.compile(r"(-?\d{1,9})?:(-?\d{1,9})?(?::(\d{1,9}))?(?=\])")
_LITERAL = re.compile(
    r"""(?P<text>"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')|(?P<number>-?\d+(?:\.\d+)?)|(?P<word>true|false)"""
)
_OPERATOR = re.compile(r"==|!=|<=|>=|<|>")
_ENDS_PATH = re.compile(r"[\s)=!<>]")


class PathError(ValueError):
    """Text that is no path; the message says where."""


@lru_cache(maxsize=256)
def parse(text: str) -> Path:
    """The path that `text` writes. Raises PathError."""
    if len(text) > LONGEST:
        raise PathError(f"a path has at most {LONGEST} characters")
    bare = text.strip()
    if bare.startswith("{") and bare.endswith("}"):
        bare = bare[1:-1].strip()
    if not bare:
        raise PathError("a path must not be empty")
    reader = _Reader(bare)
    steps = reader.steps(relaxed=True)
    if not reader.ended:
        raise reader.error("a step such as .key or [0]")
    return Path(steps)


class _Reader:
    """Reads a path from left to right."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._at = 0
        self._anywhere = 0
        self._nested = 0
        self._choices = 1

    @property
    def ended(self) -> bool:
        return self._at == len(self._text)

    def error(self, expected: str) -> PathError:
        return PathError(f"at character {self._at + 1} of the path {expected} is expected")

    def steps(self, *, relaxed: bool = False) -> tuple[Step, ...]:
        """Steps as far as there are any. `relaxed`: the first one may be a key without its dot."""
        self._take("$") or self._take("@")
        found: list[Step] = []
        if relaxed and self._at == 0 and not self.ended and self._text[0] not in ".[":
            found.append(Key(self._key()))
        while step := self._step():
            found += step
        return tuple(found)

    def _step(self) -> list[Step]:
        if self._take(".."):
            self._anywhere += 1
            self._bound(self._anywhere <= _MOST_ANYWHERE, f"at most {_MOST_ANYWHERE} times ..")
            return [Anywhere(), *self._after_dot()]
        if self._take("."):
            return self._after_dot() if self._more else []
        return [self._bracketed()] if self._take("[") else []

    @property
    def _more(self) -> bool:
        return not self.ended and not _ENDS_PATH.match(self._text, self._at)

    def _after_dot(self) -> list[Step]:
        if self._take("["):
            return [self._bracketed()]
        return [Every() if self._take("*") else Key(self._key())]

    def _key(self) -> str:
        return re.sub(r"\\(.)", r"\1", self._match(_KEY, "a key")[0])

    def _bracketed(self) -> Step:
        if self._take("?("):
            step: Step = self._filter()
        else:
            several = [self._inside()]
            while self._take(","):
                self._blanks()
                several.append(self._inside())
            self._choices *= len(several)
            self._bound(self._choices <= _MOST_CHOICES, f"at most {_MOST_CHOICES} ways in brackets")
            step = several[0] if len(several) == 1 else Several(tuple(several))
        self._expect("]")
        return step

    def _inside(self) -> Step:
        if self._take("*"):
            return Every()
        if found := self._try(_SLICE):
            return Slice(*(int(part) if part else None for part in found.groups()))
        if found := self._try(_INT):
            return Item(int(found[0]))
        if (found := self._try(_LITERAL)) and found["text"]:
            return Key(_unquoted(found["text"]))
        raise self.error("a number, a quoted key, * or ?()")

    def _filter(self) -> Matching:
        self._nested += 1
        self._bound(self._nested <= _MOST_NESTED, f"at most {_MOST_NESTED} filters in each other")
        found = self._comparison()
        self._nested -= 1
        return found

    def _comparison(self) -> Matching:
        self._blanks()
        left = Path(self._operand_path())
        self._blanks()
        compare = self._try(_OPERATOR)
        if compare is None:
            self._expect(")")
            return Matching(left)
        self._blanks()
        right = self._operand()
        self._blanks()
        self._expect(")")
        return Matching(left, compare[0], right)

    def _operand(self) -> Path | str | float | bool:
        if self._text[self._at : self._at + 1] == "@":
            return Path(self._operand_path())
        found = self._match(_LITERAL, "a value to compare with")
        if found["text"]:
            return _unquoted(found["text"])
        return float(found["number"]) if found["number"] else found["word"] == "true"

    def _operand_path(self) -> tuple[Step, ...]:
        if self._text[self._at : self._at + 1] != "@":
            raise self.error("@, the item that is looked at,")
        return self.steps()

    def _bound(self, kept: bool, most: str) -> None:
        """What a path may ask for is bounded: it is followed through each object of a list."""
        if not kept:
            raise PathError(f"a path has {most}")

    def _blanks(self) -> None:
        while self._take(" "):
            pass

    def _take(self, text: str) -> bool:
        if not self._text.startswith(text, self._at):
            return False
        self._at += len(text)
        return True

    def _expect(self, text: str) -> None:
        if not self._take(text):
            raise self.error(text)

    def _try(self, pattern: re.Pattern[str]) -> re.Match[str] | None:
        found = pattern.match(self._text, self._at)
        if found:
            self._at = found.end()
        return found

    def _match(self, pattern: re.Pattern[str], expected: str) -> re.Match[str]:
        found = self._try(pattern)
        if not found:
            raise self.error(expected)
        return found


def _unquoted(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text[1:-1])
