"""The name of a Secret, told from a secret: both stand in fields that are called `secret`.

Wrongly hidden is better than wrongly shown: kept is only what its place, its field and its own words call a name.
"""

from __future__ import annotations

import re

_WORD = re.compile(r"[A-Z]+(?![a-z])|[A-Z]?[a-z]+|\d+")
_BEFORE_SECRET = frozenset((
    "auth", "backup", "ca", "cert", "certificate", "credentials", "existing", "image", "ingress", "proxy", "pull",
    "registry", "ssl", "tls",
))  # fmt: skip
"""What else a field may be called that names a Secret. A `clientSecret` often holds one."""

_LONGEST = 63
_NAME = re.compile(r"(?:[a-z][a-z-]*/)?[a-z][a-z0-9]*(?:[.-][a-z0-9]+){1,4}")
_PART = re.compile(r"(?P<word>[a-z]{1,12})\d{0,2}|\d{1,3}")
_UNSPEAKABLE = re.compile(r"[bcdfghjklmnpqrstvwxz]{4}")
_OF_SECRETS = frozenset((
    "auth", "ca", "cert", "certificate", "certs", "cred", "credentials", "creds", "htpasswd", "key", "keys", "keystore",
    "kubeconfig", "oauth", "oidc", "password", "passwords", "pull", "regcred", "registry", "secret", "secrets", "ssl",
    "tls", "token", "tokens",
))  # fmt: skip
"""Words of which the name of a Secret mostly has one. A passphrase of words hardly does."""


def is_reference(field: str, value: str) -> bool:
    """Whether `field` (a key or a column) names a Secret, and `value` reads like such a name, as `web-tls` does.

    It must be a DNS subdomain of two to five short parts that can be spoken, one of them a word for what Secrets
    hold: nothing of it is random. A namespace and a slash may stand before it.
    """
    if len(value) > _LONGEST or not _NAME.fullmatch(value) or not _names_secret(field.rpartition("/")[2]):
        return False
    parts = [_PART.fullmatch(part) for part in re.split(r"[/.-]", value)]
    words = [part["word"] for part in parts if part and part["word"]]
    known = [word in _OF_SECRETS for word in words]
    return all(parts) and any(known) and all(known[at] or _speakable(word) for at, word in enumerate(words))


def _names_secret(name: str) -> bool:
    """Whether this is called `secret`, or by what it is for. All in capitals it is a variable, which holds values."""
    *before, last = [word.lower() for word in _WORD.findall(name)] or [""]
    return last in {"secret", "secrets"} and name != name.upper() and _BEFORE_SECRET.issuperset(before)


def _speakable(word: str) -> bool:
    return not _UNSPEAKABLE.search(word)
