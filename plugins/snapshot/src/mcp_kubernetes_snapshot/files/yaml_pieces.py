"""A YAML file cut into objects by its lines, before anything is parsed, so that no file is too large.

In block style, which everything that writes manifests uses, a line that begins no deeper than its collection ends
what stood there before, whatever quotes and block scalars are about. What is not in block style is one piece.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from mcp_kubernetes_snapshot.files.sources import searched

_SEQUENCE = re.compile(rb"(?:[ \t]*+(?:#[^\n]*+)?+\r?\n)*+- ")
_TOP = re.compile(rb"^(---(?=[ \t\r\n]|$).*|\.\.\.[ \t\r]*$|apiVersion:.*|kind:.*|items:[ \t]*\r?$)", re.MULTILINE)
_MARKED_TEXT = re.compile(rb"---[ \t]+[^ \t\r\n#]")
_FIRST_ITEM = re.compile(rb"^(?:( *)- |[^\s#-])", re.MULTILINE)
_VALUE = re.compile(rb"""^\w+:[ \t]*["']?([\w./-]+)["']?[ \t]*(?:#.*)?\r?$""")


def pieces(view: memoryview, most: int) -> Iterator[tuple[int, bytes]]:
    """Where each object begins, and its text, one after the other; those of a list say their kind.

    Of one that is larger than `most` bytes there is a little more than that, and never all.
    """
    start, marks = 0, _Marks()
    for mark in searched(_TOP, view):
        if mark[0].startswith((b"---", b"...")):
            yield from _document(view[start : mark.start()], start, marks, most)
            # What stands behind a mark on its line is not taken by the reader of manifests, and must not be lost.
            start, marks = mark.start() if _MARKED_TEXT.match(mark[0]) else mark.end(), _Marks()
        else:
            marks.take(mark)
    yield from _document(view[start:], start, marks, most)


class _Marks:
    """What the lines of a document that do not stand deeper say of it: of each key the first line that says something.

    `items` is where they begin.
    """

    def __init__(self) -> None:
        self.items: int | None = None
        self.said: dict[bytes, bytes] = {}

    def take(self, mark: re.Match[bytes]) -> None:
        key = mark[0][: mark[0].index(b":")]
        if key == b"items":
            self.items = self.items or mark.end()
        elif value := _VALUE.match(mark[0]):
            self.said.setdefault(key, value[1])


def _document(view: memoryview, place: int, marks: _Marks, most: int) -> Iterator[tuple[int, bytes]]:
    if _SEQUENCE.match(view):
        for begin, end, indent in _items(view, 0):
            yield place + begin, _item(bytes(view[begin : min(end, begin + most + 1)]), indent, ())
        return
    kind = marks.said.get(b"kind", b"")
    if marks.items is None or not kind.endswith(b"List"):
        yield place, bytes(view[: most + 1])
        return
    typed = () if kind == b"List" else (b"apiVersion: " + marks.said.get(b"apiVersion", b""), b"kind: " + kind[:-4])
    for begin, end, indent in _items(view, marks.items - place):
        yield place + begin, _item(bytes(view[begin : min(end, begin + most + 1)]), indent, typed)


def _items(view: memoryview, start: int) -> Iterator[tuple[int, int, int]]:
    """Where each item begins and ends, and how deep it stands."""
    first = next(searched(_FIRST_ITEM, view, start), None)
    if first is None or first[1] is None:
        return
    over = rb"[^\s#]" if first[1] else rb"[^\s#-]"
    begin: int | None = None
    for line in searched(re.compile(rb"^(?:(" + first[1] + rb"- )|" + over + rb")", re.MULTILINE), view, first.start()):
        if begin is not None:
            yield begin, line.start(), len(first[1])
        if line[1] is None:
            return
        begin = line.start()
    if begin is not None:
        yield begin, len(view), len(first[1])


def _item(piece: bytes, indent: int, typed: tuple[bytes, ...]) -> bytes:
    """The item as a document of its own: without its dash, and with what the list says of it."""
    depth = b" " * (indent + 2)
    text = depth + piece[indent + 2 :]
    missing = [
        line for line in typed if not re.search(rb"^" + depth + line[: line.index(b":") + 1], text, re.MULTILINE)
    ]
    return b"".join(depth + line + b"\n" for line in missing) + text
