"""Secrets lose their values here, before anything that a tool can hold is made from the bytes.

A masked value shows its size and a keyed digest bound to object and field, so that two reads can be compared
("unchanged") without learning anything about the value. The key lives as long as the process.
"""

from __future__ import annotations

import binascii
import hashlib
import hmac
import os
from base64 import b64decode
from typing import TYPE_CHECKING, Any

import msgspec

from mcp_kubernetes.kube.decode import LAST_APPLIED, fields, joined

if TYPE_CHECKING:
    from mcp_kubernetes.kube.paths import APIPath

MARKER = "<masked: "
"""How every masked value begins."""

_KEY = os.urandom(32)
_VALUES = ("data", "stringData")
_RAW_ITEMS = msgspec.json.Decoder(list[msgspec.Raw])


def holds_values(target: APIPath) -> bool:
    """Whether answers for this path carry the values of Secrets."""
    return target.kind == ("", "secrets")


def masked(body: bytes) -> bytes:
    """The body of an answer about Secrets without any value: an object, a list, a Table, or the lines of a watch.

    What cannot be read as one of these is dropped: it is never passed on as it came.
    """
    if not fields(body):
        return b"\n".join(_document(line) for line in body.splitlines() if fields(line))
    return _document(body)


def _document(body: bytes) -> bytes:
    parts: dict[str, Any] = dict(fields(body))
    for name in ("items", "rows"):
        if name in parts:
            parts[name] = [msgspec.Raw(_document(bytes(item))) for item in _items(bytes(parts[name]))]
            return joined(parts)
    if "object" in parts:
        parts["object"] = msgspec.Raw(_document(bytes(parts["object"])))
        return joined(parts)
    return _secret(parts)


def _items(raw: bytes) -> list[msgspec.Raw]:
    return [] if raw == b"null" else _RAW_ITEMS.decode(raw)


def _secret(parts: dict[str, Any]) -> bytes:
    metadata: dict[str, Any] = dict(fields(bytes(parts.get("metadata", b"{}"))))
    owner = bytes(metadata.get("uid", b"")) + bytes(metadata.get("name", b""))
    for name in _VALUES:
        if name in parts:
            values = fields(bytes(parts[name]))
            parts[name] = {key: _mark(owner, name, key, bytes(value)) for key, value in values.items()}
    if "annotations" in metadata:
        metadata["annotations"] = _annotations(owner, bytes(metadata["annotations"]))
        parts["metadata"] = metadata
    return joined(parts)


def _annotations(owner: bytes, raw: bytes) -> dict[str, Any]:
    found: dict[str, Any] = dict(fields(raw))
    if LAST_APPLIED in found:
        found[LAST_APPLIED] = _mark(owner, "annotations", LAST_APPLIED, bytes(found[LAST_APPLIED]))
    return found


def _mark(owner: bytes, place: str, key: str, raw: bytes) -> str:
    value = _decoded(place, raw)
    digest = hmac.new(_KEY, digestmod=hashlib.sha256)
    for part in (owner, place.encode(), key.encode(), value):
        digest.update(len(part).to_bytes(8) + part)
    return f"{MARKER}{len(value)} bytes, {digest.hexdigest()[:8]}>"


def _decoded(place: str, raw: bytes) -> bytes:
    text: str = msgspec.json.decode(raw, type=str) if raw != b"null" else ""
    try:
        return b64decode(text) if place == "data" else text.encode()
    except (binascii.Error, ValueError):
        return text.encode()
