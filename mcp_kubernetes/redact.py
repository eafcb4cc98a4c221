"""Credentials in free text: found by their form, replaced before a model, a log or an audit record sees them."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from typing import Any

REDACTED = "<redacted>"

_PART = r"[A-Za-z0-9_-]"
_REST = rf"\.eyJ{_PART}{{8,}}\.{_PART}*"
_JWT = rf"(?<!{_PART})eyJ{_PART}{{8,}}{_REST}|eyJ{_PART}{{8,512}}{_REST}"
"""Of any length where a word begins. Inside of one the length is bounded, or a text made of "eyJ" would be slow."""

_BEARER = r"(?i:\b(?:bearer|basic))[ \t]+[A-Za-z0-9._~+/=-]{16,}"
_PRIVATE_KEY = r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z0-9 ]*PRIVATE KEY-----|\Z)"
_CREDENTIAL = re.compile(f"{_PRIVATE_KEY}|{_BEARER}|{_JWT}")
_HINTS = ("eyj", "bearer", "basic", "private key-----")
"""One of these is in every credential of a known form, in lower case: most texts are told by them alone."""

_SENSITIVE = re.compile(r"(?i)token|secret|password|passwd|authorization|credential|api_?key|private|cookie")
_CONTENT = frozenset({"manifest", "patch", "stdin"})
"""Arguments that are what is sent, a Secret's values among it: of these a record tells the size alone."""

_MAX_TEXT = 200
_MAX_ITEMS = 20


def redact(text: str) -> str:
    """Replace JWTs, bearer and basic credentials, and private keys."""
    return _CREDENTIAL.sub(REDACTED, text) if _may_hold_one(text) else text


def credentials(text: str) -> list[tuple[int, int]]:
    """Where in the text each of them begins and ends."""
    return [match.span() for match in _CREDENTIAL.finditer(text)] if _may_hold_one(text) else []


def redact_lines(lines: list[str]) -> str:
    """The lines joined, each cell redacted by itself: a key without an end must not take what follows along."""
    text = "\n".join(lines)
    if not _may_hold_one(text):
        return text
    return "\n".join("\t".join(map(redact, line.split("\t"))) for line in lines)


def _may_hold_one(text: str) -> bool:
    lowered = text.lower()
    return any(hint in lowered for hint in _HINTS)


def arguments(values: Mapping[str, Any]) -> dict[str, Any]:
    """A tool's arguments, fit for an audit record: short, and without anything that looks like a credential."""
    return {_cut(str(name)): _argument(str(name), value) for name, value in list(values.items())[:_MAX_ITEMS]}


def _argument(name: str, value: Any) -> Any:
    if _SENSITIVE.search(name):
        return REDACTED
    if name in _CONTENT and value is not None:
        return f"<{len(value if isinstance(value, str) else json.dumps(value, default=str)):,} characters>"
    if value is None or isinstance(value, int) or (isinstance(value, float) and math.isfinite(value)):
        return value
    if isinstance(value, Sequence) and not isinstance(value, str):
        return [_argument(name, item) for item in value[:_MAX_ITEMS]]
    if isinstance(value, Mapping):
        return arguments(value)
    return _cut(str(value))


def deep(value: Any) -> Any:
    """Redact every text in dicts and lists, keys included."""
    if isinstance(value, str):
        return redact(value)
    if isinstance(value, Mapping):
        return {deep(key): deep(inner) for key, inner in value.items()}
    return _items(value) if isinstance(value, list | tuple) else value


def _items(values: Sequence[Any]) -> list[Any]:
    """Each redacted by itself; where they are the lines of one credential, as the lines of a text."""
    found = [deep(inner) for inner in values]
    if all(isinstance(inner, str) for inner in values):
        together = redact("\n".join(values))
        return found if together == "\n".join(found) else together.split("\n")
    return found


def _cut(text: str) -> str:
    """Redacted first: half a credential would not be known for one."""
    text = redact(text)
    return text if len(text) <= _MAX_TEXT else f"{text[:_MAX_TEXT]}… ({len(text)} characters)"
