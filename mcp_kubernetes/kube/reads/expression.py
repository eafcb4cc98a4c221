"""`where`: a CEL expression over `object`, evaluated by this server over masked objects.

https://kubernetes.io/docs/reference/using-api/cel/

The language is the one of ValidatingAdmissionPolicy, without Kubernetes' own function libraries. An expression is run
once for each object and cannot be interrupted, so it is bounded: in length, in how deep it may nest loops, in what
its patterns cost, and in how much of an object it may loop over. It is looked at for the fields that it names, so
that no others are decoded.
"""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from typing import Any

import msgspec

from mcp_kubernetes.errors import InvalidArguments
from mcp_kubernetes.kube.reads.complaints import reason
from mcp_kubernetes.kube.reads.fields import TEXT, looked_at
from mcp_kubernetes.loading import load

LONGEST = 1_000
"""Characters of an expression."""

FUNCTIONS = frozenset(
    {
        "bytes", "contains", "double", "duration", "dyn", "endsWith", "getDate", "getDayOfMonth", "getDayOfWeek",
        "getDayOfYear", "getFullYear", "getHours", "getMilliseconds", "getMinutes", "getMonth", "getSeconds", "int",
        "matches", "size", "startsWith", "string", "timestamp", "type", "uint",
    }
)  # fmt: skip
"""All that can be called, beside the loops and has()."""

_TYPES = frozenset({"bool", "bytes", "double", "int", "list", "map", "null_type", "string", "type", "uint"})
_DEEPEST = 2
_MOST_STEPS = 500_000
"""Roughly how many operations one object may take: a fifth of a second."""
_STEPS_OF_A_PATTERN = 200
_SLOWEST_PATTERN = 0.02
"""Seconds of CPU time: a pattern is built anew for each object."""
_UNCLEAR = (LookupError, TypeError, ValueError, ArithmeticError)
_TOKEN = re.compile(
    rf"(?P<other>(?<!\w)[rRbB]{{1,2}}[\"']|\"{{3}}|'{{3}}|//)|{TEXT}"
    r"|\.\s*(?P<loop>all|exists|exists_one|map|filter)\s*\(\s*(?P<name>\w+)?|[()]"
)
_LITERAL_CALL = re.compile(rf"(?<!\w)(?P<name>matches|timestamp|duration)\s*\(\s*(?P<text>{TEXT})\s*\)|{TEXT}")
_READ_AS = {
    "matches": "it takes a regular expression in RE2 syntax",
    "timestamp": 'it takes a time such as "2026-01-31T00:00:00Z"',
    "duration": 'it takes a time span such as "90s" or "24h"',
}
_MAIN = (
    "there are has, size, contains, startsWith, endsWith, matches, int, double, string, timestamp, duration, "
    "and the loops all, exists, exists_one, map and filter"
)
_HINT = 'For example: object.status.phase == "Running" && has(object.metadata.labels.app).'


class Expression:
    """A compiled expression. Raises InvalidArguments for text that is none, with the position."""

    def __init__(self, text: str) -> None:
        loops = _Loops(text)
        self._program = _compiled(text)
        _check_names(self._program, loops.names)
        _check_literals(text)
        self._decode = msgspec.json.Decoder(looked_at(text).as_type()).decode
        self._bound = _Bound(
            depth=loops.depth,
            literals=text.count(","),
            steps=len(text) // 10 + 1 + _STEPS_OF_A_PATTERN * text.count("matches"),
        )
        self._try_out()

    def matches(self, raw: bytes | msgspec.Raw) -> bool | None:
        """Whether the object matches.

        None where that cannot be said: a field that the expression looks at is absent or of another type, or there is
        too much in the object to loop over. Raises InvalidArguments for an expression that is not true or false.
        """
        try:
            found = self._decode(raw)
            if self._bound.is_passed(raw, found):
                return None
            return self._verdict(found)
        except (*_UNCLEAR, RuntimeError):
            return None

    def _verdict(self, found: Any) -> bool:
        result = self._program.execute({"object": found})
        if isinstance(result, bool):
            return result
        raise _refused("for an object it is neither true nor false; compare with something, as in == true")

    def _try_out(self) -> None:
        """Refuse what cannot work for any object: a call without its argument, a number in place of a verdict."""
        if self._bound.is_passed(b"{}", {}):
            raise _refused("its loops take too long")
        try:
            self._verdict({})
        except _UNCLEAR:
            return
        except RuntimeError:
            raise _refused("a function in it is given what it does not take") from None


@dataclass(frozen=True, kw_only=True)
class _Bound:
    """How much an expression with loops may look at: it holds the interpreter's lock while it runs."""

    depth: int
    literals: int
    steps: int

    def is_passed(self, raw: bytes | msgspec.Raw, found: Any) -> bool:
        """Whether it would run for too long on this object. A value is at least two bytes, so few must be counted."""
        return self._is_much(memoryview(raw).nbytes // 2) and self._is_much(_size(found))

    def _is_much(self, values: int) -> bool:
        return self.depth > 0 and (values + self.literals) ** self.depth * self.steps > _MOST_STEPS


class _Loops:
    """How deep an expression nests its loops, and the names that they bind. Texts in quotes are passed over."""

    def __init__(self, text: str) -> None:
        if len(text) > LONGEST:
            raise _refused(f"it is longer than {LONGEST} characters")
        self.depth = 0
        self.names: set[str] = set()
        self._open: list[bool] = []
        for token in _TOKEN.finditer(text):
            self._take(token)
        if self.depth > _DEEPEST:
            raise _refused(f"its loops (all, exists, map, filter) are nested more than {_DEEPEST} deep")

    def _take(self, token: re.Match[str]) -> None:
        if token["other"]:
            # Where such a text ends is not seen here, so neither would be what it hides.
            raise _refused("comments, and raw, bytes and triple-quoted texts, are not supported")
        if token["loop"] or token[0] == "(":
            self._open.append(token["loop"] is not None)
            self.names.add(token["name"] or "")
            self.depth = max(self.depth, sum(self._open))
        elif token[0] == ")" and self._open:
            self._open.pop()


def _compiled(text: str) -> Any:
    try:
        return load("cel").compile(text)
    except (ValueError, RecursionError) as error:
        raise _refused(reason(error)) from None


def _check_names(program: Any, bound: set[str]) -> None:
    """Nothing is looked up when a list is empty, and then nobody would learn of a name that does not exist."""
    called = {name for name in program.functions() if re.fullmatch("[A-Za-z]\\w*", name)}
    unknown = sorted(called - FUNCTIONS) + sorted(set(program.variables()) - bound - _TYPES - {"object"})
    if unknown:
        raise _refused(f"{unknown[0][:40]} is not known, or not with such arguments; {_MAIN}")


def _check_literals(text: str) -> None:
    """A pattern or time that can never be read is an error of the expression, and not of each object."""
    for call in _LITERAL_CALL.finditer(text):
        if call["name"]:
            _try_out(call["name"], call["text"])


def _try_out(name: str, literal: str) -> None:
    started = time.thread_time()
    try:
        load("cel").compile(f"''.matches({literal})" if name == "matches" else f"{name}({literal})").execute()
    except Exception:  # noqa: BLE001 - whatever is wrong with it, the library would echo the text
        raise _refused(f"the text given to {name} cannot be read; {_READ_AS[name]}") from None
    if time.thread_time() - started > _SLOWEST_PATTERN:
        raise _refused("the pattern given to matches takes too long; use fewer repetitions")


def _refused(why: str) -> InvalidArguments:
    return InvalidArguments(f"where cannot be used: {why.rstrip('.')}.", hint=_HINT)


def _size(value: Any) -> int:
    """How many values there are in it."""
    waiting, count = [value], 0
    while waiting:
        count += 1
        below = waiting.pop()
        if isinstance(below, dict | list):
            waiting += below.values() if isinstance(below, dict) else below
    return count
