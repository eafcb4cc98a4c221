"""A JSON file cut into objects, each of which stays where it lies.

What kubectl writes is indented, and no string of JSON holds a line break: so the lines that open and close an item
are known by their indentation, and neither a large list nor one that breaks off in the middle is a difficulty.
Anything else is decoded as a whole, one document or one line at a time.
"""

from __future__ import annotations

import re
from collections.abc import Generator, Iterator, Sequence
from dataclasses import dataclass
from typing import TypeVar

import msgspec

from mcp_kubernetes_snapshot.files.sources import searched

_FIRST_KEY = re.compile(rb'[ \t]*"')
_FIRST_ITEM = rb'items": ?\[\r?\n( +)\{'
_ANY_ITEMS = re.compile(rb'"items"\s*:\s*\[\s*')
_FIRST_OF_ARRAY = re.compile(rb"\s*\[\r?\n( +)\{")
_ARRAY = re.compile(rb"\s*\[\s*")
_BETWEEN = re.compile(rb"\s*,?\s*")
# With the line break in front, and not with `^`: a fixed beginning is searched for ten times as fast.
_OPEN = re.compile(rb"\n\{[ \t]*\r?\n")
_OPEN_AT_ONCE = re.compile(rb"\s*\{[ \t]*\r?\n")
_CLOSE = re.compile(rb"\n\}")
_LINE = re.compile(rb"^.*\S.*$", re.MULTILINE)
_NEAR = 65_536
"""In front of a list's items stand its kind and its metadata."""


_D = TypeVar("_D")


class Damaged(ValueError):
    """What was read is no JSON, or not all of it is there; or, where nothing is `lost`, it is no object."""

    def __init__(self, problem: str, *, lost: bool = True) -> None:
        super().__init__(problem)
        self.lost = lost


class ListHead(msgspec.Struct, rename="camel"):
    """What a list says of its items."""

    api_version: str = ""
    kind: str = ""


class _List(ListHead):
    items: list[msgspec.Raw] | None = None


class _Change(msgspec.Struct, gc=False):
    time: str | None = None


class Meta(msgspec.Struct, rename="camel"):
    """What tells an object from others, and when it was changed."""

    name: str = ""
    namespace: str = ""
    resource_version: str = ""
    creation_timestamp: str | None = None
    managed_fields: list[_Change] | None = None


class Head(ListHead):
    """What is to be known of an object."""

    metadata: Meta | None = None
    last_timestamp: str | None = None
    event_time: str | None = None


class _Either(Head):
    items: list[msgspec.Raw] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """Where an object begins and ends, and the list that it stands in, if it does not say itself what it is.

    `head` is there if it had to be read to tell that.
    """

    start: int
    end: int
    of: ListHead | None = None
    head: Head | None = None


def pieces(view: memoryview) -> Iterator[Piece | Damaged]:
    """The objects one after the other; what cannot be read is told, and passed over as far as it can be."""
    array = _FIRST_OF_ARRAY.match(view)
    if array:
        end = yield from _indented(view, array, 0)
        opened = next(searched(_OPEN, view, end), None)
    else:
        opened = _OPEN_AT_ONCE.match(view) or (None if _ARRAY.match(view) else next(searched(_OPEN, view), None))
    if opened is None and not array:
        yield from _compact(view)
    while opened:
        first = _first_item(view, opened.end())
        items = _indented(view, first, opened.start()) if first else _single(view, opened.start())
        end = yield from items
        opened = next(searched(_OPEN, view, end), None)


def _first_item(view: memoryview, start: int) -> re.Match[bytes] | None:
    """Where the items of an indented list begin: one of its own keys, for a Pod has volumes with items as well."""
    own = _FIRST_KEY.match(view, start)
    items = re.compile(b"\n" + own[0] + _FIRST_ITEM) if own else None
    return items.search(view, start - 1, min(len(view), start + _NEAR)) if items else None


def _indented(view: memoryview, first: re.Match[bytes], start: int) -> Generator[Piece | Damaged, None, int]:
    """The items of an indented list; returns where its document ends."""
    head = _head(view, first, start)
    open_at: int | None = None
    for line in searched(re.compile(rb"\n(?:" + first[1] + rb"([{}])|[}\]])"), view, first.start(1) - 1):
        if line[1] == b"{":
            open_at = line.start(1)
        elif line[1] is None:
            return line.end()
        elif open_at is not None:
            yield Piece(start=open_at, end=line.end(), of=head)
            open_at = None
    yield Damaged("breaks off before its end")
    return len(view)


def _head(view: memoryview, first: re.Match[bytes], start: int) -> ListHead | None:
    """What the list says of its items; None where they say it themselves.

    kubectl sorts keys, so the kind may come last: the document is looked through to its end for it.
    """
    if _says_kind(view, first):
        return None
    close = next(searched(_CLOSE, view, first.end()), None)
    until = close.end() if close else len(view)
    bracket = re.compile(rb"^ {0,%d}\]" % (len(first[1]) - 1), re.MULTILINE)
    tail = bracket.search(view, max(first.end(), until - _NEAR), until)
    text = bytes(view[start : first.start(1)]) + (bytes(view[tail.start() : until]) if tail else b"]}")
    return _decoded(memoryview(text), ListHead)


def _says_kind(view: memoryview, first: re.Match[bytes]) -> bool:
    """Whether the first item has a kind among its own keys, which stand as deep as its first one."""
    close = re.compile(rb"^" + first[1] + rb"\}", re.MULTILINE).search(view, first.end())
    end = close.start() if close else len(view)
    own = re.compile(rb'^( +)"', re.MULTILINE).search(view, first.end(), end)
    return bool(own and re.compile(rb"^" + own[1] + rb'"kind": ', re.MULTILINE).search(view, first.end(), end))


def _single(view: memoryview, start: int) -> Generator[Piece | Damaged, None, int]:
    """An indented document without a list that can be told by its lines; returns where it ends."""
    close = next(searched(_CLOSE, view, start), None)
    end = close.end() if close else len(view)
    yield from _document(view, start, end)
    return end


def _compact(view: memoryview) -> Iterator[Piece | Damaged]:
    """One document, or one on each line."""
    first = _LINE.search(view)
    if first is None:
        return
    if first.end() < len(view) and _decoded(view[first.start() : first.end()], ListHead) is not None:
        for line in _LINE.finditer(view):
            yield from _document(view, *line.span())
    else:
        yield from _document(view, 0, len(view))


def _document(view: memoryview, start: int, end: int) -> Iterator[Piece | Damaged]:
    found = _decoded(view[start:end], _Either) or _decoded(view[start:end], _List)
    if found is None:
        yield from _array(view, start, end)
    elif found.items is None or not found.kind.endswith("List"):
        yield Piece(start=start, end=end, head=found if isinstance(found, Head) else None)
    else:
        head = ListHead(api_version=found.api_version, kind=found.kind)
        yield from _placed(view, found.items, _ANY_ITEMS.search(view, start), head)


def _decoded(text: memoryview, form: type[_D]) -> _D | None:
    try:
        return msgspec.json.decode(text, type=form)
    except (msgspec.DecodeError, RecursionError):
        return None


def _array(view: memoryview, start: int, end: int) -> Iterator[Piece | Damaged]:
    """What is no object: the objects of an array, if that is what it is."""
    is_array = _ARRAY.match(view, start)
    try:
        found = msgspec.json.decode(view[start:end], type=list[msgspec.Raw] if is_array else msgspec.Raw)
    except (msgspec.DecodeError, RecursionError):
        yield Damaged("is no JSON object, or a damaged one")
        return
    if isinstance(found, list) and any(bytes(memoryview(item)[:1]) == b"{" for item in found):
        yield from _placed(view, found, is_array, None)
    else:
        yield Damaged("is no Kubernetes object", lost=False)


def _placed(
    view: memoryview, items: Sequence[msgspec.Raw], lead: re.Match[bytes] | None, head: ListHead | None
) -> Iterator[Piece | Damaged]:
    """Items that were decoded: each is looked for where the one before it ends."""
    place = lead.end() if lead else 0
    for item in items:
        text = memoryview(item)
        if view[place : place + len(text)] != text:
            yield Damaged("has a list whose items cannot be told apart")
            return
        yield Piece(start=place, end=place + len(text), of=head)
        between = _BETWEEN.match(view, place + len(text))
        place = between.end() if between else place
