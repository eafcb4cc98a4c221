"""One object that is too long loses the ends of its longest values, each marked with what is missing.

The bytes are shared among the fields of a map and the items of a list so that short ones stay whole and the
longest give way first, at each level anew. What the object is (apiVersion, kind, name, namespace) is never cut.
The result is still a map: it renders as valid YAML or JSON.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from mcp_kubernetes.rendering import in_form
from mcp_kubernetes.results import Form

MARK = "…"
"""Where something is missing: `…(+12,345 bytes)` ends a text, `…(+480 items)` a list; `…` is the last key of a map."""

_MARK_BYTES = 32
_SHORTEST = 40
"""Bytes of a text that is not worth a mark."""

_LEAST_FIELD, _LEAST_ITEM = 96, 512
"""Bytes that a field or an item gets; where that is too much for all of them, the last ones are left out."""

_IDENTITY = {"": ("apiVersion", "kind", "metadata"), "metadata": ("name", "namespace")}
_ROUNDS = 12


def cut_to(value: Any, form: Form, limit: int) -> tuple[str, int]:
    """The value as text of at most `limit` bytes, and how many of its values were cut; "" if nothing fits."""
    sizes = _Sizes(per_level=2 if form == "yaml" else 0)
    best: tuple[str, int] | None = None
    low, high, aim = 0, limit, limit
    for _ in range(_ROUNDS):
        cutter = _Cutter(sizes)
        text = in_form(cutter.cut(value, aim, 0), form)
        size = len(text.encode())
        if size > limit:
            # Quoting and indentation are estimated: what is twice too long is aimed at a bit less than half.
            high = aim
            aim = (low + high) // 2 if best else min(aim * limit * 19 // (size * 20), aim - 16)
            continue
        best, low = (text, cutter.cuts), aim
        if high - low < 16 or size > limit * 0.9:
            break
        aim = (low + high) // 2
    return best or (_identity(value, form, limit), 1)


def _identity(value: Any, form: Form, limit: int) -> str:
    """What the object is and no more; then only that there is one."""
    whole = _named(value, "") if isinstance(value, dict) else {}
    for kept in ({**whole, MARK: "(+more fields)"}, {MARK: "(+more fields)"}):
        text = in_form(kept, form)
        if len(text.encode()) <= limit:
            return text
    return ""


def _named(value: dict[str, Any], at: str) -> dict[str, Any]:
    found = {key: value[key] for key in _IDENTITY[at] if key in value}
    metadata = found.pop("metadata", None)
    return {**found, "metadata": _named(metadata, "metadata")} if isinstance(metadata, dict) else found


@dataclass(frozen=True, kw_only=True)
class _Sizes:
    """About how many bytes a value takes; containers are measured once, and live as long as the object does."""

    per_level: int
    known: dict[int, int] = field(default_factory=dict)

    def of(self, value: Any, depth: int) -> int:
        """The size of the value, without the key before it."""
        if isinstance(value, str):
            return self._text(value, depth)
        if not isinstance(value, dict | list):
            return len(str(value)) + 1
        if id(value) not in self.known:
            self.known[id(value)] = self._container(value, depth)
        return self.known[id(value)]

    def key(self, key: str, depth: int) -> int:
        """The size of a key, with what stands around it and its value."""
        return (len(key) if key.isascii() else len(key.encode(errors="surrogatepass"))) + 6 + depth * self.per_level

    def _container(self, value: Any, depth: int) -> int:
        if isinstance(value, dict):
            return 2 + sum(self.key(key, depth) + self.of(item, depth + 1) for key, item in value.items())
        return 2 + sum(self.key("", depth) + self.of(item, depth + 1) for item in value)

    def _text(self, text: str, depth: int) -> int:
        if text.isascii():
            return len(text) + 2 + text.count("\n") * (1 + depth * self.per_level)
        return len(text.encode(errors="surrogatepass")) + 2


@dataclass
class _Cutter:
    """Cuts values to about a number of bytes, and counts the cuts."""

    sizes: _Sizes
    cuts: int = 0

    def cut(self, value: Any, limit: int, depth: int, at: str | None = "") -> Any:
        """The value, or a shorter one. `at`: whether it is the object itself, or its metadata."""
        size = self.sizes.of(value, depth)
        if size <= limit:
            return value
        if isinstance(value, dict):
            return self._map(value, limit, depth, _IDENTITY.get(at, ()) if at is not None else (), is_root=at == "")
        if isinstance(value, list):
            return self._list(value, limit, depth)
        return value if size <= _SHORTEST else self._text(str(value), limit)

    def _text(self, text: str, limit: int) -> str:
        size = len(text.encode(errors="surrogatepass"))
        kept = text[: max(limit - _MARK_BYTES, 8) * len(text) // size]
        self.cuts += 1
        return f"{kept}{MARK}(+{size - len(kept.encode(errors='surrogatepass')):,} bytes)"

    def _list(self, items: list[Any], limit: int, depth: int) -> list[Any]:
        line = self.sizes.key("", depth)
        sizes = [line + self.sizes.of(item, depth + 1) for item in items]
        count, level = _shared(sizes, limit - _MARK_BYTES, _LEAST_ITEM)
        kept = [self.cut(item, level - line, depth + 1, None) for item in items[:count]]
        if count < len(items):
            self.cuts += 1
            kept.append(f"{MARK}(+{len(items) - count:,} items)")
        return kept

    def _map(self, value: dict[str, Any], limit: int, depth: int, named: Sequence[str], *, is_root: bool) -> Any:
        lines = {key: self.sizes.key(key, depth) for key in value}
        needs = {key: lines[key] + self._need(key, value[key], depth, is_root) for key in named if key in value}
        wants = [lines[key] + self.sizes.of(item, depth + 1) - needs.get(key, 0) for key, item in value.items()]
        count, level = _shared(wants, limit - _MARK_BYTES - sum(needs.values()), _LEAST_FIELD)
        kept = {}
        for at, (key, item) in enumerate(value.items()):
            room = needs.get(key, 0) + (level if at < count else 0) - lines[key]
            if key in needs or (at < count and room > 0):
                whole = key in needs and not isinstance(item, dict)
                kept[key] = item if whole else self.cut(item, room, depth + 1, key if is_root else None)
        if len(kept) < len(value):
            self.cuts += 1
            kept[MARK] = f"(+{len(value) - len(kept):,} fields)"
        return kept

    def _need(self, key: str, item: Any, depth: int, is_root: bool) -> int:
        """The bytes without which the value would not say what the object is."""
        if not (is_root and key == "metadata" and isinstance(item, dict)):
            return self.sizes.of(item, depth + 1)
        names = {name: item[name] for name in _IDENTITY["metadata"] if name in item}
        parts = [self.sizes.key(name, depth + 1) + self.sizes.of(each, depth + 2) for name, each in names.items()]
        return min(sum(parts) + 2 * _MARK_BYTES, self.sizes.of(item, depth + 1))


def _shared(sizes: Sequence[int], limit: int, least: int) -> tuple[int, int]:
    """How many of the first can have `least` bytes, or all they want, and the bytes that each of those may take."""
    count, spent = 0, 0
    for size in sizes:
        spent += min(size, least, max(limit // 2, _SHORTEST))
        if spent > limit:
            break
        count += 1
    return count, _level(sorted(sizes[:count]), limit)


def _level(ascending: Sequence[int], limit: int) -> int:
    """The height at which all that is longer has to be cut, for the rest to stay whole."""
    for at, size in enumerate(ascending):
        share = limit // (len(ascending) - at)
        if size > share:
            return share
        limit -= size
    return ascending[-1] if ascending else 0
