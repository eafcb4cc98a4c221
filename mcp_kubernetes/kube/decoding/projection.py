"""A page of objects cut down to what a question looks at, before it is searched for what must be hidden.

A question about images reads a hundredth of a page. What it names is kept, and beside that what decides whether it
is masked, and how: masking the small page and picking from it gives what masking the whole one and picking gives.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any, TypedDict, cast

import msgspec

from mcp_kubernetes.jsonpath import parse
from mcp_kubernetes.kube.decoding.picking import Wanted, wanted

_IDENTITY = ("name", "namespace", "uid")
"""Metadata that a row may need, and that a mask is bound to."""

_NAMES = ("name", "key")
"""What a `value` beside them is called."""


def projected(body: bytes, paths: tuple[str, ...]) -> bytes:
    """The list or table with only what these paths lead to; as it is where it is none, or where all is wanted."""
    decoder = _decoder(paths) if paths else None
    if decoder is None:
        return body
    try:
        page = decoder.decode(body)
    except (msgspec.DecodeError, RecursionError):
        return body
    return msgspec.json.encode(page) if page.keys() & {"items", "rows"} else body


@lru_cache(maxsize=64)
def _decoder(paths: tuple[str, ...]) -> msgspec.json.Decoder[dict[str, Any]] | None:
    looked_at = wanted(map(parse, paths))
    if looked_at.is_whole:
        return None
    _add_identity(looked_at)
    _add_siblings(looked_at)
    return msgspec.json.Decoder(_page_type(looked_at.as_type(msgspec.Raw)))


def _page_type(one: Any) -> Any:
    row: Any = cast("Any", TypedDict)("Row", {"cells": msgspec.Raw, "object": one}, total=False)
    kept = dict.fromkeys(("kind", "apiVersion", "metadata", "columnDefinitions"), msgspec.Raw)
    return cast("Any", TypedDict)("Page", {**kept, "items": list[one] | None, "rows": list[row] | None}, total=False)


def _add_identity(looked_at: Wanted) -> None:
    metadata = looked_at.keys.setdefault("metadata", Wanted())
    for name in _IDENTITY:
        metadata.keys.setdefault(name, Wanted())


def _add_siblings(looked_at: Wanted) -> None:
    """What a map says it is decides on all in it, what a pair is called on its value."""
    if looked_at.keys:
        looked_at.keys.setdefault("kind", Wanted())
    if "value" in looked_at.keys:
        for name in _NAMES:
            looked_at.keys.setdefault(name, Wanted())
    for below in (*looked_at.keys.values(), looked_at.items, looked_at.values):
        if below is not None:
            _add_siblings(below)
