"""Secrets lose their values here, before anything that a tool can hold is made from the bytes.

What is sensitive in objects of other kinds is masked by `objects`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from mcp_kubernetes.kube.decode import LAST_APPLIED, fields, joined, too_deep
from mcp_kubernetes.kube.marks import decoded, mark

if TYPE_CHECKING:
    from mcp_kubernetes.kube.paths import APIPath

_VALUES = ("data", "stringData")
_ITEMS = msgspec.json.Decoder(list[msgspec.Raw])


def holds_values(target: APIPath) -> bool:
    """Whether answers for this path carry the values of Secrets."""
    return target.kind == ("", "secrets")


def masked(body: bytes) -> bytes:
    """The body of an answer about Secrets without any value: an object, a list, a Table, or the lines of a watch.

    What cannot be read is dropped: nothing is ever passed on as it came. Raises AnswerTooLarge for an object that is
    nested too deeply.
    """
    if not body.lstrip().startswith(b"{"):
        return b"{}"
    try:
        return _masked(body)
    except RecursionError:
        raise too_deep() from None


def _masked(body: bytes) -> bytes:
    if fields(body):
        return _object(body)
    return b"\n".join(_object(line) for line in body.splitlines() if fields(line)) or b"{}"


def _object(raw: bytes) -> bytes:
    """An object at any depth, whatever it is called there: what looks like a Secret's values is masked."""
    parts = fields(raw)
    metadata = fields(bytes(parts.get("metadata", b"{}")))
    owner = bytes(metadata.get("uid", b"")) + bytes(metadata.get("name", b""))
    return joined({name: _field(owner, name, bytes(value)) for name, value in parts.items()})


def _field(owner: bytes, name: str, raw: bytes) -> Any:
    if name in _VALUES:
        return {key: _mark(owner, name, key, bytes(value)) for key, value in fields(raw).items()}
    if name == "annotations":
        return _annotations(owner, raw)
    if name == "metadata":
        return {key: _field(owner, key, bytes(value)) for key, value in fields(raw).items()}
    return msgspec.Raw(_value(raw))


def _value(raw: bytes) -> bytes:
    if raw.startswith(b"{"):
        return _object(raw)
    if raw.startswith(b"["):
        return b"[" + b",".join(_value(bytes(item)) for item in _ITEMS.decode(raw)) + b"]"
    return raw


def _annotations(owner: bytes, raw: bytes) -> dict[str, Any]:
    found: dict[str, Any] = dict(fields(raw))
    if LAST_APPLIED in found:
        found[LAST_APPLIED] = _mark(owner, "annotations", LAST_APPLIED, bytes(found[LAST_APPLIED]))
    return found


def _mark(owner: bytes, place: str, key: str, raw: bytes) -> str:
    return mark(owner, place, key, decoded(place, msgspec.json.decode(raw)))
