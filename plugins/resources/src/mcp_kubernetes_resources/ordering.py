"""Rows in the order of a value, holding no more of them than an answer can show."""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

_QUANTITY = re.compile(
    r"([+-]?(?:\d{1,40}(?:\.\d{0,40})?|\.\d{1,40}))(m|u|n|k|M|G|T|P|E|Ki|Mi|Gi|Ti|Pi|Ei|[eE][+-]?\d{1,3})?\Z"
)
_TIME = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)\Z")
_SUFFIXES = {
    "n": Decimal("1e-9"), "u": Decimal("1e-6"), "m": Decimal("1e-3"), "": Decimal(1),
    "k": Decimal(10**3), "M": Decimal(10**6), "G": Decimal(10**9), "T": Decimal(10**12), "P": Decimal(10**15),
    "E": Decimal(10**18), "Ki": Decimal(2**10), "Mi": Decimal(2**20), "Gi": Decimal(2**30), "Ti": Decimal(2**40),
    "Pi": Decimal(2**50), "Ei": Decimal(2**60),
}  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Order:
    """Ascending, or descending; rows without the value come last either way."""

    path: str
    descending: bool

    @classmethod
    def of(cls, text: str) -> Order:
        """The order that `text` asks for: a path, with a minus before it for the largest first."""
        return cls(path=text.removeprefix("-").strip(), descending=text.startswith("-"))

    async def first(self, rows: AsyncIterator[Sequence[Any]], most: int) -> tuple[list[Sequence[Any]], int]:
        """The first `most` rows by their last cell, and how many rows there are."""
        kept: list[Sequence[Any]] = []
        count = 0
        async for row in rows:
            kept.append(row)
            count += 1
            if len(kept) >= 2 * most + 100:
                kept = self._sorted(kept)[:most]
        return self._sorted(kept)[:most], count

    def _sorted(self, rows: list[Sequence[Any]]) -> list[Sequence[Any]]:
        return sorted(rows, key=lambda row: self._key(row[-1]), reverse=self.descending)

    def _key(self, value: Any) -> tuple[bool, int, Any]:
        if isinstance(value, list):
            value = value[0] if value else None
        if value is None:
            return (not self.descending, 0, 0)
        return (self.descending, *_comparable(value))


def _comparable(value: Any) -> tuple[int, Any]:
    """Numbers and quantities by what they amount to, then times, then texts."""
    if isinstance(value, str):
        return _comparable_text(value)
    if isinstance(value, int | float):
        return (0, Decimal(value) if isinstance(value, int) else Decimal(str(value)))
    return (2, json.dumps(value, sort_keys=True))


def _comparable_text(text: str) -> tuple[int, Any]:
    if found := _QUANTITY.match(text):
        return (0, _amount(found[1], found[2] or ""))
    if _TIME.match(text):
        with suppress(ValueError):  # a day that no month has
            return (1, datetime.fromisoformat(text))
    return (2, text)


def _amount(number: str, suffix: str) -> Decimal:
    """A quantity of Kubernetes as a number (apimachinery resource.Quantity)."""
    if suffix[:1] in {"e", "E"} and len(suffix) > 1 and suffix != "Ei":
        return Decimal(f"{number}{suffix}")
    return Decimal(number) * _SUFFIXES[suffix]
