"""YAML as kubeconfigs use it: text, booleans, null, lists and mappings, and nothing else.

Nothing in a kubeconfig is a date or a number, and a user or a token that looks like one is a text all the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mcp_kubernetes.strict_yaml import Rules, read_yaml

_WORDS: Mapping[str, bool | None] = {
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}


def plain_yaml(content: bytes) -> Any:
    """The value of the one document in `content`; None where there is none. Raises InvalidYAML."""
    return read_yaml(content, _RULES)


def _scalar(text: str, _tag: str | None, plain: bool) -> str | bool | None:
    return _WORDS.get(text, text) if plain else text


def _key(text: str, _tag: str | None, plain: bool) -> str:
    if plain and text in _WORDS:
        raise ValueError("a key that is no text")
    return text


_RULES = Rules(scalar=_scalar, key=_key, deepest=50, most_aliased=1 << 24, last_counts=True)
