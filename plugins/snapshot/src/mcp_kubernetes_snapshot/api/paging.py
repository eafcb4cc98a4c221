"""Which objects a list holds, page by page, with the tokens of an API server.

Follows the list options of k8s.io/apiserver: a page has `limit` objects that are selected, and its token names the
first key of the next one.
"""

from __future__ import annotations

import base64
import json
from bisect import bisect_left
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import msgspec

from mcp_kubernetes_snapshot.api import fields, labels
from mcp_kubernetes_snapshot.api.status import Refusal, bad_request, expired
from mcp_kubernetes_snapshot.contents import Record
from mcp_kubernetes_snapshot.served import Served


class _Meta(msgspec.Struct):
    labels: dict[str, str] | None = None


class _Labelled(msgspec.Struct):
    metadata: _Meta


_LABELLED = msgspec.json.Decoder(_Labelled)

Read = Callable[[Record], bytes]


class Item(NamedTuple):
    """An object of a page; `raw` only where it had to be read to know that it belongs there."""

    record: Record
    raw: bytes | None

    def read(self, read: Read) -> bytes:
        """Its JSON."""
        return read(self.record) if self.raw is None else self.raw


@dataclass(frozen=True, kw_only=True)
class Options:
    """What a list is asked for."""

    namespace: str | None
    required: Sequence[labels.Requirement]
    terms: Sequence[fields.Term]
    limit: int
    start: str

    @classmethod
    def of(cls, query: Mapping[str, str], namespace: str | None, served: Served, version: int) -> Options:
        """Read from a query. Raises Refusal."""
        try:
            required = labels.parse(query.get("labelSelector", ""))
            terms = fields.parse(query.get("fieldSelector", ""), served)
        except labels.InvalidSelector as error:
            raise bad_request(str(error)) from None
        _check_version(query, version)
        start = _start(query["continue"], version) if query.get("continue") else ""
        return cls(namespace=namespace, required=required, terms=terms, limit=_limit(query), start=start)

    @property
    def selects(self) -> bool:
        """Whether some objects may be passed over."""
        return bool(self.required or self.terms)

    def matches(self, record: Record, read: Read) -> Item | None:
        """The object, if it is selected; read only where name and namespace do not tell."""
        identity = {"metadata": {"name": record.name, "namespace": record.namespace}}
        if not all(term.matches(identity) for term in self.terms if term.is_about_metadata):
            return None
        if not self.required and all(term.is_about_metadata for term in self.terms):
            return Item(record, None)
        raw = read(record)
        if self.required:
            found = _LABELLED.decode(raw).metadata.labels or {}
            if not all(requirement.matches(found) for requirement in self.required):
                return None
        others = [term for term in self.terms if not term.is_about_metadata]
        value: dict[str, Any] = msgspec.json.decode(raw) if others else {}
        return Item(record, raw) if all(term.matches(value) for term in others) else None


@dataclass(frozen=True, kw_only=True)
class Page:
    """The objects of one page, and what its metadata say of the next ones."""

    items: Sequence[Item]
    metadata: Mapping[str, Any]


def page(records: Sequence[Record], options: Options, read: Read, version: int) -> Page:
    """The objects that `options` ask for, out of sorted `records`. Raises what `read` raises."""
    items: list[Item] = []
    metadata: dict[str, Any] = {"resourceVersion": str(version)}
    for place, record in _from(records, options):
        item = options.matches(record, read)
        if item is None:
            continue
        if options.limit and len(items) == options.limit:
            metadata["continue"] = _token(record.key, version)
            if not options.selects:
                metadata["remainingItemCount"] = _rest(records, place, options)
            break
        items.append(item)
    return Page(items=items, metadata=metadata)


def _from(records: Sequence[Record], options: Options) -> Iterator[tuple[int, Record]]:
    """From where it goes on to where the namespace ends; all keys of a namespace begin with it."""
    prefix = "" if options.namespace is None else f"{options.namespace}/"
    first = bisect_left(records, max(options.start, prefix), key=lambda record: record.key)
    for place in range(first, len(records)):
        if options.namespace not in {None, records[place].namespace}:
            return
        yield place, records[place]


def _rest(records: Sequence[Record], place: int, options: Options) -> int:
    if options.namespace is None:
        return len(records) - place
    # "0" is the character after "/": the first key behind all of the namespace.
    return bisect_left(records, f"{options.namespace}0", key=lambda record: record.key) - place


def _limit(query: Mapping[str, str]) -> int:
    text = query.get("limit") or "0"
    try:
        return max(int(text), 0)
    except ValueError:
        raise bad_request(f'strconv.ParseInt: parsing "{text}": invalid syntax') from None


def _token(key: str, version: int) -> str:
    """Names the first key of the next page; an API server names the last one of this page, and what comes after it."""
    value = json.dumps({"v": "meta.k8s.io/v1", "rv": version, "start": key}, separators=(",", ":"))
    return base64.urlsafe_b64encode(value.encode()).rstrip(b"=").decode()


def version_of(query: Mapping[str, str]) -> int:
    """The state that a list is to be read in; 0 for the present one."""
    try:
        if token := query.get("continue"):
            return _opened(token)[1]
        return int(query["resourceVersion"]) if query.get("resourceVersionMatch") == "Exact" else 0
    except (Refusal, ValueError, KeyError):
        return 0


def _opened(token: str) -> tuple[str, int]:
    """The first key and the state. Raises Refusal."""
    try:
        value = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
        return str(value["start"]), int(value["rv"])
    except (ValueError, KeyError, TypeError):
        raise bad_request("continue key is not valid: it is no token of this server") from None


def _start(token: str, version: int) -> str:
    start, of = _opened(token)
    if of != version:
        raise expired("The provided continue parameter is too old to display a consistent list result.")
    return start


def _check_version(query: Mapping[str, str], version: int) -> None:
    """A snapshot has one version of everything."""
    text = query.get("resourceVersion") or "0"
    if text == "0" or query.get("continue"):
        return
    if not text.isdecimal():
        problem = f'strconv.ParseUint: parsing "{text}": invalid syntax'
        raise bad_request(f'resourceVersion: Invalid value: "{text}": {problem}')
    if int(text) > version:
        raise _too_new(text, version)
    if query.get("resourceVersionMatch") == "Exact" and int(text) != version:
        raise expired("The resourceVersion for the provided list is too old.")


def _too_new(text: str, version: int) -> Refusal:
    cause = {"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}
    details = {"causes": [cause], "retryAfterSeconds": 1}
    return Refusal(504, "Timeout", f"Too large resource version: {text}, current: {version}", details)
