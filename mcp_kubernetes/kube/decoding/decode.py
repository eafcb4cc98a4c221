"""From the API server's bytes to the few values that an answer needs, without building object trees.

Only the fields that are named here are decoded; everything else is skipped in C. Objects stay bytes: slimming
and masking take them apart one level at a time and leave the rest as it came, numbers included.
"""

from __future__ import annotations

import re
from typing import Any, TypeVar

import msgspec

from mcp_kubernetes.errors import AnswerTooLarge, Unanswered

TABLE = "application/json;as=Table;v=v1;g=meta.k8s.io,application/json"
"""Accept header that asks for the server's own columns."""

LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration"
"""The annotation in which `kubectl apply` keeps the whole manifest, a Secret's values included."""

T = TypeVar("T")


class ListMeta(msgspec.Struct, gc=False):
    """Metadata of a list (meta.k8s.io/v1 ListMeta)."""

    continue_: str = msgspec.field(name="continue", default="")
    resource_version: str = msgspec.field(name="resourceVersion", default="")
    remaining: int | None = msgspec.field(name="remainingItemCount", default=None)


class ColumnDefinition(msgspec.Struct, gc=False):
    """A column of a Table. Priority 0 is shown by default, higher ones in the wide form."""

    name: str
    priority: int = 0


class ObjectMeta(msgspec.Struct, gc=False):
    """The part of an object's metadata that a table row needs."""

    namespace: str = ""
    name: str = ""


class PartialObject(msgspec.Struct, gc=False):
    """An object of which only the metadata matter."""

    metadata: ObjectMeta = msgspec.field(default_factory=ObjectMeta)


class TableRow(msgspec.Struct, gc=False):
    """One row of a Table; `object` is there when the request asked for metadata."""

    cells: list[Any]
    object: PartialObject | None = None


class Table(msgspec.Struct):
    """A meta.k8s.io/v1 Table."""

    kind: str
    rows: list[TableRow] | None = None
    metadata: ListMeta = msgspec.field(default_factory=ListMeta)
    columns: list[ColumnDefinition] | None = msgspec.field(name="columnDefinitions", default=None)


class ObjectRow(msgspec.Struct, gc=False):
    """One row of a Table, only its object, still bytes."""

    object: msgspec.Raw = msgspec.Raw(b"{}")


class ObjectTable(msgspec.Struct):
    """A Table whose rows hold whole objects, which are all that is looked at."""

    kind: str
    rows: list[ObjectRow] | None = None


class RawList(msgspec.Struct):
    """Any list of objects, its items still bytes."""

    kind: str
    items: list[msgspec.Raw] | None = None
    metadata: ListMeta = msgspec.field(default_factory=ListMeta)


class MetadataList(msgspec.Struct):
    """Any list of objects, only their names."""

    kind: str
    items: list[PartialObject] | None = None
    metadata: ListMeta = msgspec.field(default_factory=ListMeta)


class _Continued(msgspec.Struct):
    metadata: ListMeta = msgspec.field(default_factory=ListMeta)


class _APIServiceSpec(msgspec.Struct):
    service: dict[str, Any] | None = None


class APIService(msgspec.Struct):
    """An APIService (apiregistration.k8s.io/v1): with a `service`, its group has a server of its own."""

    spec: _APIServiceSpec = msgspec.field(default_factory=_APIServiceSpec)


class _Kind(msgspec.Struct):
    kind: str


_BEGIN = re.compile(rb'\{"kind":"\w+","apiVersion":"[\w./-]+","metadata":(\{[^{}]*\})')
_FIELDS = msgspec.json.Decoder(dict[str, msgspec.Raw])
_encode = msgspec.json.encode


def decode(kind: type[T], body: bytes) -> T:
    """Decode an API server's answer. Raises Unanswered when it is not one, AnswerTooLarge for one too deep."""
    try:
        return msgspec.json.decode(body, type=kind)
    except msgspec.DecodeError:
        raise Unanswered(
            "What came back is not an answer of a Kubernetes API server.",
            hint="Check the server address of this cluster; a proxy may stand before it.",
        ) from None
    except RecursionError:
        raise too_deep() from None


def too_deep() -> AnswerTooLarge:
    """What is said of an object whose levels are too many to go through: about 1,000, of maps and lists."""
    return AnswerTooLarge(
        "An object in the API server's answer is nested too deeply to be read.",
        hint="The plain table of a list still shows it; leave it out of other questions by a selector.",
    )


def continuation(body: bytes) -> str:
    """The continue token of a list; "" at its end, and of what is no list.

    Lists of built-in kinds begin with it, those of custom resources end with it (their keys come sorted).
    """
    begin = _BEGIN.match(body)
    try:
        if begin:
            return msgspec.json.decode(begin[1], type=ListMeta).continue_
        return msgspec.json.decode(body, type=_Continued).metadata.continue_
    except (msgspec.DecodeError, RecursionError):
        return ""


def whole(body: bytes) -> bytes:
    """The body of an answer that should be one object, as it is. Raises ClusterUnreachable when it is none."""
    decode(_Kind, body)
    return body


def fields(raw: bytes) -> dict[str, msgspec.Raw]:
    """The top-level fields of a JSON object, each still bytes."""
    try:
        return _FIELDS.decode(raw)
    except msgspec.DecodeError:
        return {}


def joined(parts: dict[str, Any]) -> bytes:
    """The JSON object made of these fields."""
    return _encode(parts)
