"""Answers of the API server without what is sensitive in them: objects, lists, tables and watches of any kind.

Only the objects that are suspected are decoded; everything else stays the bytes that came.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from mcp_kubernetes.kube.decoding.decode import fields, joined, too_deep
from mcp_kubernetes.kube.decoding.projection import projected
from mcp_kubernetes.kube.secrecy.covering import Cover
from mcp_kubernetes.kube.secrecy.marks import owned
from mcp_kubernetes.kube.secrecy.sensitive import is_sensitive
from mcp_kubernetes.kube.secrecy.suspects import any_is_suspect, is_suspect

_ITEMS = msgspec.json.Decoder(list[msgspec.Raw])
# A number with a fraction stays as it came: a float may not hold all of its digits.
_decode = msgspec.json.Decoder(float_hook=lambda digits: msgspec.Raw(digits.encode())).decode


class _Metadata(msgspec.Struct):
    name: str | None = ""
    uid: str | None = ""


class _Owner(msgspec.Struct):
    metadata: _Metadata | None = None


class _Row(msgspec.Struct):
    object: _Owner | None = None


def hidden(body: bytes, *, looks: bool, key: bytes, paths: tuple[str, ...] = ()) -> bytes:
    """The body of an answer, masked by name and by form; without `looks`, only Secrets inside of other objects.

    What is no JSON object is dropped: it could not be searched. Where `paths` are given, the objects of a list are
    cut down to what they lead to. The digests in the masks are made with `key`. Raises AnswerTooLarge for an object
    that is nested too deeply.
    """
    if not body.lstrip().startswith(b"{"):
        return b"{}"
    try:
        return _hidden(projected(body, paths), _Hiding(looks, key))
    except RecursionError:
        raise too_deep() from None


def _hidden(body: bytes, hiding: _Hiding) -> bytes:
    if fields(body):
        return hiding.answer(body)
    return b"\n".join(hiding.answer(line) for line in body.splitlines() if fields(line)) or b"{}"


class _Hiding:
    def __init__(self, looks: bool, key: bytes) -> None:
        self._suspects: Callable[[bytes], bool] = is_suspect if looks else _holds_secret
        self._looks = looks
        self._key = key

    def answer(self, body: bytes) -> bytes:
        """An object, a list or a table; or an event of a watch about one."""
        parts: dict[str, Any] = dict(fields(body))
        if parts.keys() >= {"type", "object"}:
            return joined(parts | {"object": msgspec.Raw(self.answer(bytes(parts["object"])))})
        if "rows" in parts and "columnDefinitions" in parts:
            columns = _sensitive_columns(bytes(parts["columnDefinitions"])) if self._looks else {}
            if columns or self._suspects_any(bytes(parts["rows"])):
                return self._each(body, parts, "rows", lambda raw: self._row(raw, columns))
            return body
        if "items" in parts and "metadata" in parts and _is_list(parts):
            if self._suspects_any(bytes(parts["items"])):
                return self._each(body, parts, "items", self._object)
            return body
        return self._object(body)

    def _suspects_any(self, items: bytes) -> bool:
        """Whether one of them is suspected, told by one search for all of them.

        What the list says of itself is left out: its token holds anything.
        """
        return any_is_suspect(items) if self._looks else _holds_secret(items)

    def _each(self, body: bytes, parts: dict[str, Any], name: str, one: Callable[[bytes], bytes]) -> bytes:
        items = [bytes(raw) for raw in _ITEMS.decode(parts[name])] if bytes(parts[name]) != b"null" else []
        found = [one(raw) for raw in items]
        if all(new is old for new, old in zip(found, items, strict=True)):
            return body
        return joined(parts | {name: msgspec.Raw(b"[" + b",".join(found) + b"]")})

    def _object(self, raw: bytes) -> bytes:
        if not self._suspects(raw):
            return raw
        cover = self._cover(_owner(_decoded(raw, _Owner)))
        value = cover.value(_decode(raw))
        return msgspec.json.encode(value) if cover.changed else raw

    def _row(self, raw: bytes, columns: dict[int, str]) -> bytes:
        if not columns and not self._suspects(raw):
            return raw
        row = _decode(raw)
        found = _decoded(raw, _Row)
        cells = row.get("cells") or []
        cover = self._cover(_owner(found and found.object) or str(cells[:1]).encode())
        row["cells"] = [cover.field(cell, columns.get(at, "")) for at, cell in enumerate(cells)]
        row["object"] = cover.value(row.get("object"))
        return msgspec.json.encode(row) if cover.changed else raw

    def _cover(self, told_by: bytes) -> Cover:
        return Cover(owned(self._key, told_by), looks=self._looks)


def _holds_secret(raw: bytes) -> bool:
    return b'"Secret' in raw or b'"Secret\\' in raw


def _is_list(parts: dict[str, Any]) -> bool:
    kind = bytes(parts.get("kind", b'"List"')).rstrip()
    return kind.endswith(b'List"') and bytes(parts["items"])[:1] in {b"[", b"n"}


def _sensitive_columns(raw: bytes) -> dict[int, str]:
    """The positions and names of the columns under which credentials are expected."""
    columns = msgspec.json.decode(raw) or []
    return {at: column["name"] for at, column in enumerate(columns) if is_sensitive(column.get("name", ""))}


def _decoded(raw: bytes, kind: Any) -> Any:
    try:
        return msgspec.json.decode(raw, type=kind)
    except msgspec.ValidationError:
        return None


def _owner(found: _Owner | None) -> bytes:
    metadata = found.metadata if found else None
    return f"{metadata.uid or ''}/{metadata.name or ''}".encode() if metadata else b""
