"""Secrets lose their values here, before anything that a tool can hold is made from the bytes.

What is sensitive in objects of other kinds is masked by `objects`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from mcp_kubernetes.kube.decoding.decode import LAST_APPLIED, fields, joined, too_deep
from mcp_kubernetes.kube.secrecy.marks import Owner, decoded, is_mark, mark, owned

if TYPE_CHECKING:
    from mcp_kubernetes.kube.paths import APIPath

_VALUES = ("data", "stringData")
_ITEMS = msgspec.json.Decoder(list[msgspec.Raw])


def holds_values(target: APIPath) -> bool:
    """Whether answers for this path carry the values of Secrets."""
    return target.kind == ("", "secrets")


def masked(body: bytes, *, key: bytes) -> bytes:
    """The body of an answer about Secrets without any value: an object, a list, a Table, or the lines of a watch.

    What cannot be read is dropped: nothing is ever passed on as it came. The digests in the masks are made with `key`.
    Raises AnswerTooLarge for an object that is nested too deeply.
    """
    if not body.lstrip().startswith(b"{"):
        return b"{}"
    try:
        return _masked(body, key)
    except RecursionError:
        raise too_deep() from None


def _masked(body: bytes, key: bytes) -> bytes:
    if fields(body):
        return _object(body, key)
    return b"\n".join(_object(line, key) for line in body.splitlines() if fields(line)) or b"{}"


def _object(raw: bytes, key: bytes) -> bytes:
    """An object at any depth, whatever it is called there: what looks like a Secret's values is masked."""
    parts = fields(raw)
    metadata = fields(bytes(parts.get("metadata", b"{}")))
    owner = owned(key, bytes(metadata.get("uid", b"")) + bytes(metadata.get("name", b"")))
    return joined({name: _field(owner, name, bytes(value), key) for name, value in parts.items()})


def _field(owner: Owner, name: str, raw: bytes, key: bytes) -> Any:
    if name in _VALUES:
        return {field: _mark(owner, name, field, bytes(value)) for field, value in fields(raw).items()}
    if name == "annotations":
        return _annotations(owner, raw)
    if name == "metadata":
        return {field: _field(owner, field, bytes(value), key) for field, value in fields(raw).items()}
    return msgspec.Raw(_value(raw, key))


def _value(raw: bytes, key: bytes) -> bytes:
    if raw.startswith(b"{"):
        return _object(raw, key)
    if raw.startswith(b"["):
        return b"[" + b",".join(_value(bytes(item), key) for item in _ITEMS.decode(raw)) + b"]"
    return raw


def _annotations(owner: Owner, raw: bytes) -> dict[str, Any]:
    found: dict[str, Any] = dict(fields(raw))
    if LAST_APPLIED in found:
        found[LAST_APPLIED] = _mark(owner, "annotations", LAST_APPLIED, bytes(found[LAST_APPLIED]))
    return found


def _mark(owner: Owner, place: str, key: str, raw: bytes) -> str:
    value = msgspec.json.decode(raw)
    return str(value) if is_mark(value) else mark(owner, place, key, decoded(place, value))
