"""What is wrong with an expression, in a sentence: the library answers with its parser's rules, and echoes the text."""

from __future__ import annotations

import re

_PLACE = re.compile(r"<input>:(\d+):(\d+): (?:Syntax error: )?(.*)")

_SENTENCES = (
    (r"otherError.*Recursion limit|maximum recursion", "it is nested too deep"),
    (r"missing '\)' at", "at {place} a closing bracket is missing"),
    (r".*'<EOF>'", "it ends at {place}, where more is expected"),
    (r"unsupported syntax", "what stands at {place} is not supported; absent fields are tested with has()"),
    (r"invalid string literal", "the text at {place} has an escape that CEL does not know"),
    (r"invalid \w+ literal", "the number at {place} is too large"),
    (r"invalid argument to has", "has() at {place} takes a field, as in has(object.spec.x)"),
    (r"argument must be a simple name", "the loop at {place} takes a name first, as in .all(c, c.ready)"),
    (
        r"mismatched|extraneous|no viable|token recognition",
        "what stands at {place} is not expected there; CEL has == != < && || ! in, and texts in quotes",
    ),
)
"""What the library says, and what is said instead; the first that fits counts."""


def reason(error: Exception) -> str:
    """Why this text is no expression. Positions count from 1."""
    found = _PLACE.search(str(error))
    place, complaint = (_place(found), found[3]) if found else ("its beginning", str(error))
    said = (sentence for pattern, sentence in _SENTENCES if re.match(pattern, complaint))
    return next(said, "it cannot be read at {place}").format(place=place)


def _place(found: re.Match[str]) -> str:
    line = f" of line {found[1]}" if found[1] != "1" else ""
    return f"character {found[2]}{line}"
