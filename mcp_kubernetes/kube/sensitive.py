"""What looks like a credential outside of Secrets: by the name it is kept under, and by its form.

A name is taken apart into words, so that `dbPassword`, `DB_PASSWORD` and `db.password` are one. A name that only
says where a credential is, or how long it lives (`secretName`, `TOKEN_URL`, `passwordFile`), is none.
"""

from __future__ import annotations

import re
from functools import lru_cache

_LONGEST_NAME = 256
_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_ENDINGS = (
    "password", "passwords", "passwd", "passphrase", "passcode", "pwd", "secret", "secrets", "token", "tokens",
    "apikey", "accesskey", "privatekey", "secretkey", "authkey", "credential", "credentials", "creds",
    "connectionstring",
)  # fmt: skip
_WORDS = frozenset(("auth", "authorization", "connstr", "cred", "dbpass", "dsn", "pass", "pgpass", "userpass"))
_PAIRS = frozenset(
    {("connection", "string"), ("conn", "string"), ("conn", "str"), ("pass", "word"), ("pass", "phrase")}
)
_OF_KEYS = frozenset(
    (
        "access",
        "account",
        "api",
        "auth",
        "client",
        "encryption",
        "license",
        "master",
        "private",
        "secret",
        "service",
        "shared",
        "signing",
        "ssh",
        "storage",
    )
)
_REFERRING = frozenset(
    (
        "algorithm",
        "algorithms",
        "audience",
        "audiences",
        "backend",
        "checksum",
        "class",
        "count",
        "dir",
        "directory",
        "enabled",
        "endpoint",
        "endpoints",
        "expiration",
        "expires",
        "expiry",
        "field",
        "file",
        "filename",
        "files",
        "format",
        "generation",
        "issuer",
        "kind",
        "label",
        "length",
        "lifetime",
        "limit",
        "location",
        "max",
        "method",
        "methods",
        "min",
        "mode",
        "mount",
        "mountpath",
        "name",
        "names",
        "namespace",
        "path",
        "paths",
        "per",
        "period",
        "policy",
        "prefix",
        "provider",
        "ref",
        "reference",
        "references",
        "refs",
        "required",
        "resource",
        "review",
        "reviews",
        "rotation",
        "seconds",
        "selector",
        "size",
        "sources",
        "store",
        "suffix",
        "timeout",
        "ttl",
        "type",
        "types",
        "uid",
        "uri",
        "url",
        "urls",
        "user",
        "username",
        "users",
        "version",
        "volume",
    )
)
"""The last word of a name that only refers to a credential, or says something about it."""

_NAMES_OF_SECRETS = frozenset({"imagePullSecrets"})

_PLAIN = re.compile(
    r"(?i)\s*(?:true|false|yes|no|on|off|none|null|enabled|disabled|\$\([^)]*\)|\$?\{\{?[^}]*\}\}?)?\s*\Z"
)
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


@lru_cache(maxsize=8_192)
def is_sensitive(name: str) -> bool:
    """Whether a value under this name is taken for a credential."""
    words = [word.lower() for word in _WORD.findall(name[-_LONGEST_NAME:])]
    while words and words[-1].isdigit():
        words.pop()
    if not words or name in _NAMES_OF_SECRETS or words[-1] in _REFERRING:
        return False
    if words[-1] == "hash":  # of a password it can be guessed from; of anything else it only tells of a change
        return any("passw" in word for word in words)
    return any(map(_tells, words)) or any(map(_tell, words, words[1:]))


def _tells(word: str) -> bool:
    return word in _WORDS or word.endswith(_ENDINGS)


def _tell(word: str, following: str) -> bool:
    return (following == "key" and word in _OF_KEYS) or (word, following) in _PAIRS


def is_plain(value: str) -> bool:
    """Whether a value under a sensitive name says nothing: it is empty, a switch, or a reference to a variable."""
    return _PLAIN.match(value) is not None


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
