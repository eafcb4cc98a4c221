"""What looks like a credential inside of a text: by its form alone, or because its name stands before it.

Arguments, scripts, configuration files and messages are texts of which only a part is sensitive.
"""

from __future__ import annotations

import re
from functools import lru_cache

_PART = r"[A-Za-z0-9_-]"
FORMS = re.compile(
    r"-----BEGIN [A-Z0-9 ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z0-9 ]*PRIVATE KEY-----|\Z)"
    r"|(?i:\b(?:bearer|basic))[ \t]+[A-Za-z0-9._~+/=-]{16,}"
    rf"|(?<!{_PART})eyJ{_PART}{{8,}}\.eyJ{_PART}{{8,}}\.{_PART}*"
    r"|(?P<url>(?<=://)[^\s/?#@:\"'<>]{0,128}:[^\s/?#\"'<>]{1,256}(?=@))"
    r"|\b(?:AKIA|ASIA)[A-Z0-9]{16}\b"
    r"|\b(?:ghp_[A-Za-z0-9]{30,}|glpat-[A-Za-z0-9_-]{20,}|xox[abprs]-[A-Za-z0-9-]{10,})"
)
"""Credentials that are known by their form; of a URL, user and password."""

_NAME = r"[A-Za-z_](?:[\w.-]{0,126}\w)?"
ASSIGNMENTS = re.compile(
    rf"(?<![\w.])(?P<option>{_NAME})="
    rf"|(?<!\\)\"(?P<key>{_NAME})\"\s{{0,64}}:\s{{0,64}}(?=\")"
    rf"|\\\"(?P<inner>{_NAME})\\\"\s{{0,64}}:\s{{0,64}}(?=\\\")"
    rf"|(?m:^[ \t-]{{0,64}}[\"']?(?P<line>{_NAME})[\"']?[ \t]{{0,64}}[:=](?=[ \t]))"
)
"""A name before its value inside a longer text: an option, JSON, JSON in a text, or a line of a configuration file."""

ASSIGNED = {
    "option": re.compile(r"[\"']?(?P<value>[^\s\"'&;,]+)"),
    "key": re.compile(r"\"(?P<value>(?:[^\"\\]|\\.)+)"),
    "inner": re.compile(r"\\\"(?P<value>(?:(?!\\\").)+)"),
    "line": re.compile(r"[ \t]+[\"']?(?P<value>[^\n\"']+)"),
}
"""The value after such a name."""

_HINTS = (
    "pass", "pwd", "secret", "token", "cred", "auth", "dsn", "conn", "key", "://", "eyj", "bearer", "basic", "akia",
    "asia", "ghp_", "glpat-", "xox",
)  # fmt: skip
"""One of these is in every sensitive name and in every credential of a known form, in lower case."""

_SHORTEST = 6
_LONGEST_REMEMBERED = 200


def may_hold(text: str) -> bool:
    """Whether a text may hold a credential beside its name, or one of a known form: most hold none."""
    if len(text) < _SHORTEST:
        return False
    return _has_hint(text) if len(text) < _LONGEST_REMEMBERED else _has_hint.__wrapped__(text)


@lru_cache(maxsize=8_192)
def _has_hint(text: str) -> bool:
    lowered = text.lower()
    return any(hint in lowered for hint in _HINTS)
