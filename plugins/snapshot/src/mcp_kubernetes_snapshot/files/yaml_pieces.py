"""A YAML file cut into objects by its lines, before anything is parsed, so that no file is too large.

In block style, which everything that writes manifests uses, a line that begins no deeper than its collection ends
what stood there before, whatever quotes and block scalars are about. What is not in block style is one piece.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_TOP = re.compile(rb"^(---(?=[ \t\r\n]|$).*|\.\.\.\s*$|apiVersion:.*|kind:.*|items:[ \t]*\r?$)", re.MULTILINE)
_ITEM = re.compile(rb"^( *)- ", re.MULTILINE)
_END_FLUSH = re.compile(rb"^[^\s#-]", re.MULTILINE)
_END_DEEPER = re.compile(rb"^[^\s#]", re.MULTILINE)
_VALUE = re.compile(rb"""^\w+:[ \t]*["']?([\w./-]+)["']?[ \t]*(?:#.*)?\r?$""")

_SEQUENCE = re.compile(rb"(?:[ \t]*+(?:#[^\n]*+)?+\r?\n)*+- ")

Marks = list[re.Match[bytes]]


def pieces(view: memoryview, most: int) -> Iterator[bytes]:
    """The text of each object, one after the other; those of a list say their kind.

    Of one that is larger than `most` bytes there is a little more than that, and never all.
    """
    start, marks = 0, Marks()
    for mark in _TOP.finditer(view):
        if mark[0].startswith((b"---", b"...")):
            yield from _document(view[start : mark.start()], start, marks, most)
            start, marks = mark.end(), Marks()
        else:
            marks.append(mark)
    yield from _document(view[start:], start, marks, most)


def _document(view: memoryview, place: int, marks: Marks, most: int) -> Iterator[bytes]:
    if _SEQUENCE.match(view):
        for begin, end, indent in _items(view, 0):
            yield _item(bytes(view[begin : min(end, begin + most + 1)]), indent, ())
        return
    items = next((mark.end() - place for mark in marks if mark[0].startswith(b"items:")), None)
    kind = _said(marks, b"kind:")
    if items is None or not kind.endswith(b"List"):
        yield bytes(view[: most + 1])
        return
    typed = () if kind == b"List" else (b"apiVersion: " + _said(marks, b"apiVersion:"), b"kind: " + kind[:-4])
    for begin, end, indent in _items(view, items):
        yield _item(bytes(view[begin : min(end, begin + most + 1)]), indent, typed)


def _said(marks: Marks, key: bytes) -> bytes:
    found = next((value for mark in marks if mark[0].startswith(key) and (value := _VALUE.match(mark[0]))), None)
    return found[1] if found else b""


def _items(view: memoryview, start: int) -> Iterator[tuple[int, int, int]]:
    """Where each item begins and ends, and how deep it stands."""
    first = _ITEM.search(view, start)
    if first is None:
        return
    over = (_END_DEEPER if first[1] else _END_FLUSH).search(view, start + 1)
    end = over.start() if over else len(view)
    begins = re.compile(rb"^" + first[1] + rb"- ", re.MULTILINE).finditer(view, first.start(), end)
    begin = next(begins).start() if first.start() < end else end
    for following in begins:
        yield begin, following.start(), len(first[1])
        begin = following.start()
    if begin < end:
        yield begin, end, len(first[1])


def _item(piece: bytes, indent: int, typed: tuple[bytes, ...]) -> bytes:
    """The item as a document of its own: without its dash, and with what the list says of it."""
    depth = b" " * (indent + 2)
    text = depth + piece[indent + 2 :]
    missing = [
        line for line in typed if not re.search(rb"^" + depth + line[: line.index(b":") + 1], text, re.MULTILINE)
    ]
    return b"".join(depth + line + b"\n" for line in missing) + text
