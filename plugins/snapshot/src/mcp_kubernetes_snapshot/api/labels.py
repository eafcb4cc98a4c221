"""Label selectors as an API server reads them, and the words with which it refuses one.

Follows Lexer and Parser of k8s.io/apimachinery, pkg/labels/selector.go.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

_TOKENS = re.compile(r"[ \t\r\n]*(==|=|!=|!|\(|\)|,|>|<|[^=!(),<> \t\r\n]+)")
_SPECIAL = frozenset({"==", "=", "!=", "!", "(", ")", ",", ">", "<", ""})
_WORDS = frozenset({"in", "notin"})
_OPERATORS = ("=", "==", "!=", ">", "<", "in", "notin")
_EXPECTED = "in, notin, =, ==, !=, gt, lt"
_PART = re.compile(r"(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?\Z")
_PREFIX = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\Z")
_INTEGER = re.compile(r"[+-]?[0-9]+\Z")


class InvalidSelector(ValueError):
    """What is no selector, in an API server's words."""


@dataclass(frozen=True, kw_only=True)
class Requirement:
    """One condition on one label. `operator` is "exists" or "!" where there is no value."""

    key: str
    operator: str
    values: frozenset[str] = frozenset()

    def matches(self, labels: Mapping[str, str]) -> bool:
        """Whether an object with these labels is selected."""
        value = labels.get(self.key)
        match self.operator:
            case "exists":
                return value is not None
            case "!":
                return value is None
            case "=" | "==" | "in":
                return value is not None and value in self.values
            case "!=" | "notin":
                return value is None or value not in self.values
        return value is not None and self._compares(value)

    def _compares(self, value: str) -> bool:
        (bound,) = self.values
        if not _INTEGER.match(value):
            return False
        return int(value) > int(bound) if self.operator == ">" else int(value) < int(bound)

    def __str__(self) -> str:
        values = ",".join(sorted(self.values))
        match self.operator:
            case "exists":
                return self.key
            case "!":
                return f"!{self.key}"
            case "in" | "notin":
                return f"{self.key} {self.operator} ({values})"
        return f"{self.key}{self.operator}{values}"


def parse(text: str) -> list[Requirement]:
    """The requirements, sorted by key. Raises InvalidSelector."""
    return sorted(_Parser(_TOKENS.findall(text)).requirements(), key=lambda found: found.key)


class _Parser:
    def __init__(self, tokens: list[str]) -> None:
        self._tokens = [*tokens, ""]
        self._place = 0

    @property
    def _next(self) -> str:
        return self._tokens[min(self._place, len(self._tokens) - 1)]

    def _take(self) -> str:
        token = self._next
        self._place += 1
        return token

    def requirements(self) -> list[Requirement]:
        found: list[Requirement] = []
        while self._next:
            if self._next in _SPECIAL - {"!"}:
                raise InvalidSelector(f"found '{self._next}', expected: !, identifier, or 'end of string'")
            found.append(self._requirement())
            if (mark := self._take()) not in {",", ""}:
                raise InvalidSelector(f"found '{mark}', expected: ',' or 'end of string'")
            if mark and (not self._next or self._next in _SPECIAL - {"!"}):
                raise InvalidSelector(f"found '{self._next}', expected: identifier after ','")
        return found

    def _requirement(self) -> Requirement:
        try:
            return self._condition()
        except InvalidSelector as error:
            raise InvalidSelector(f"unable to parse requirement: {error}") from None

    def _condition(self) -> Requirement:
        absent = self._next == "!"
        if absent:
            self._take()
        key = self._take()
        if key in _SPECIAL:
            raise InvalidSelector(f"found '{key}', expected: identifier")
        _check_key(key)
        if absent or self._next in {"", ","}:
            return Requirement(key=key, operator="!" if absent else "exists")
        operator = self._take()
        if operator not in _OPERATORS:
            raise InvalidSelector(f"found '{operator}', expected: {_EXPECTED}")
        values = self._list() if operator in _WORDS else [self._value()]
        _check_values(operator, values)
        return Requirement(key=key, operator=operator, values=frozenset(values))

    def _value(self) -> str:
        if self._next in {"", ","}:
            return ""
        token = self._take()
        if token in _SPECIAL:
            raise InvalidSelector(f"found '{token}', expected: identifier")
        return token

    def _list(self) -> list[str]:
        if (token := self._take()) != "(":
            raise InvalidSelector(f"found '{token}' expected: '('")
        if self._next in _SPECIAL - {",", ")"}:
            raise InvalidSelector(f"found '{self._next}', expected: ',', ')' or identifier")
        found = [self._item()]
        while (mark := self._take()) == ",":
            found.append(self._item())
        if mark != ")":
            raise InvalidSelector(f"found '{mark}', expected: ',' or ')'")
        return found

    def _item(self) -> str:
        if self._next in {",", ")"}:
            return ""
        if self._next in _SPECIAL:
            raise InvalidSelector(f"found '{self._next}', expected: ',', or identifier")
        return self._take()


def _check_key(key: str) -> None:
    prefix, slash, name = key.rpartition("/")
    fits = bool(name) and len(name) <= 63 and _PART.match(name)
    if not fits or (slash and not (len(prefix) <= 253 and _PREFIX.match(prefix))):
        raise InvalidSelector(f'<nil>: Invalid value: "{key}": it is no label key')


def _check_values(operator: str, values: list[str]) -> None:
    for value in values:
        if operator in {">", "<"} and not _INTEGER.match(value):
            raise InvalidSelector(
                f"values[0]: Invalid value: \"{value}\": for 'Gt', 'Lt' operators, the value must be an integer"
            )
        if len(value) > 63 or not _PART.match(value):
            raise InvalidSelector(f'values: Invalid value: "{value}": it is no label value')
