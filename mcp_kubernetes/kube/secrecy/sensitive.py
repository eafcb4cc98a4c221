"""Which names are those of credentials, outside of Secrets.

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
_OF_KEYS = frozenset((
    "access", "account", "api", "auth", "client", "encryption", "license", "master", "private", "secret", "service",
    "shared", "signing", "ssh", "storage",
))  # fmt: skip
_REFERRING = frozenset((
    "algorithm", "algorithms", "audience", "audiences", "backend", "checksum", "class", "count", "dir", "directory",
    "enabled", "endpoint", "endpoints", "expiration", "expires", "expiry", "field", "file", "filename", "files",
    "format", "generation", "issuer", "kind", "label", "length", "lifetime", "limit", "location", "max", "method",
    "methods", "min", "mode", "mount", "mountpath", "name", "names", "namespace", "path", "paths", "per", "period",
    "policy", "prefix", "provider", "ref", "reference", "references", "refs", "required", "resource", "review",
    "reviews", "rotation", "seconds", "selector", "size", "sources", "store", "suffix", "timeout", "ttl", "type",
    "types", "uid", "uri", "url", "urls", "user", "username", "users", "version", "volume",
))  # fmt: skip
"""The last word of a name that only refers to a credential, or says something about it."""

_NAMES_OF_SECRETS = frozenset({"imagePullSecrets"})

_PLAIN = re.compile(
    r"(?i)\s*(?:true|false|yes|no|on|off|none|null|enabled|disabled|\$\([^)]*\)|\$?\{\{?[^}]*\}\}?)?\s*\Z"
)


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
