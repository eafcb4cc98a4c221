"""Which objects of a kind are meant: those of a namespace that label and field selectors let through."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple, TypedDict

import msgspec

from mcp_kubernetes_snapshot.api import fields, labels
from mcp_kubernetes_snapshot.api.query import ListOptions
from mcp_kubernetes_snapshot.api.status import bad_request
from mcp_kubernetes_snapshot.contents import Record
from mcp_kubernetes_snapshot.served import Served


class _Meta(msgspec.Struct):
    labels: dict[str, str] | None = None


class _Labelled(msgspec.Struct):
    metadata: _Meta


_LABELLED = msgspec.json.Decoder(_Labelled)

Read = Callable[[Record], bytes]


class Item(NamedTuple):
    """An object that was found; `raw` only where it had to be read to know that it is meant."""

    record: Record
    raw: bytes | None

    def read(self, read: Read) -> bytes:
        """Its JSON."""
        return read(self.record) if self.raw is None else self.raw


@dataclass(frozen=True, kw_only=True)
class Selection:
    """What is asked for. `namespace` is None for all of them."""

    namespace: str | None
    required: Sequence[labels.Requirement]
    terms: Sequence[fields.Term]

    @classmethod
    def of(cls, asked: ListOptions, namespace: str | None, served: Served) -> Selection:
        """Read from a query. Raises Refusal."""
        try:
            required = labels.parse(asked.label_selector)
            terms = fields.parse(asked.field_selector, served)
        except labels.InvalidSelector as error:
            raise bad_request(str(error)) from None
        return cls(namespace=namespace, required=required, terms=terms)

    @property
    def selects(self) -> bool:
        """Whether some objects may be passed over."""
        return bool(self.required or self.terms)

    def matches(self, record: Record, read: Read) -> Item | None:
        """The object, if it is selected; read only where name and namespace do not tell."""
        if self.namespace not in {None, record.namespace}:
            return None
        if not self.selects:
            return Item(record, None)
        identity = {"metadata": {"name": record.name, "namespace": record.namespace}}
        if not all(term.matches(identity) for term in self.terms if term.is_about_metadata):
            return None
        if not self.required and not self._others:
            return Item(record, None)
        raw = read(record)
        if self.required:
            found = _LABELLED.decode(raw).metadata.labels or {}
            if not all(requirement.matches(found) for requirement in self.required):
                return None
        value = self._decoder.decode(raw) if self._others else {}
        return Item(record, raw) if all(term.matches(value) for term in self._others) else None

    @cached_property
    def _others(self) -> Sequence[fields.Term]:
        return [term for term in self.terms if not term.is_about_metadata]

    @cached_property
    def _decoder(self) -> msgspec.json.Decoder[dict[str, Any]]:
        """Decodes what terms look at, and passes over the rest, which is most of an object."""
        keys = dict.fromkeys((key for term in self._others for key in term.keys), Any)
        return msgspec.json.Decoder(TypedDict("Looked", keys, total=False))  # type: ignore[operator] # known later
