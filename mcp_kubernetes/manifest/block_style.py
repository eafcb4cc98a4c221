"""A quick reader for the YAML that programs write: several times as fast as the strict one, never of another opinion.

kubectl, Go's emitters, must-gather and PyYAML write one regular form: block style, an entry on each line. Of that form
it reads what it is sure of, and gives up at everything else: anchors and tags, flow collections that are not empty,
folded blocks, tabs, two equal keys, whatever looks wrong. What it gives up, the strict reader reads or refuses, so
it never has to say what is wrong.
"""

from __future__ import annotations

import re
from typing import Any, Final

from mcp_kubernetes.manifest.block_lines import LONGEST_KEPT, Beyond, Form, read_line, remembered_line
from mcp_kubernetes.manifest.block_scalars import block, go_on, quoted

GIVEN_UP: Final = object()

_DEEPEST = 90
"""Collections in each other. The strict reader takes a few more."""

_PRINTABLE = b"\t\n" + bytes(range(0x20, 0x7F))
_UNREAD = re.compile("[^\t\n\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")
"""What YAML forbids, and what it takes for a line break, or for a mark of the byte order."""

_NOTHING, _COMMENT, _BEYOND = Form.NOTHING, Form.COMMENT, Form.BEYOND  # looked up for each line

_Around = list[tuple[int, Any]]
"""The collections that are open around the present one, outermost first, and how deep each stands."""


def read_block_style(text: str) -> Any:
    """The value of the one document in `text`, ready for JSON and with nothing shared in it; or GIVEN_UP."""
    lines = text.split("\n")
    if not lines[-1]:
        lines.pop()
    try:
        found = _built(lines)
    except ValueError:
        return GIVEN_UP
    return found if _is_readable(text) else GIVEN_UP


def _is_readable(text: str) -> bool:
    if text.isascii():
        return not text.encode().translate(None, _PRINTABLE)  # ten times as fast as the expression
    return not _UNREAD.search(text)


def _built(lines: list[str]) -> Any:  # noqa: C901 - a call for each line would cost as much as all that is done with it
    """One loop over the lines, with as little as possible in it.

    `here` is the collection that the next line belongs to unless it stands at another depth than `indent`; `waiting` is
    its last key, if that has no value so far. The lines before `done` were taken together as one scalar.
    """
    top: dict[str, Any] = {}
    here: Any = top
    around: _Around = []
    waiting: str | None = ""
    is_mapping, indent, done = True, -1, 0
    for at, line in enumerate(lines, 1):
        if at <= done:
            continue
        depth, dash, key, form, value, _ = (remembered_line if len(line) <= LONGEST_KEPT else read_line)(line)
        if form is _COMMENT:
            continue
        if depth > indent and waiting is None:
            value, done = go_on(lines, at - 1, done, indent)
            here[next(reversed(here)) if is_mapping else -1] = value
            continue
        if form is _BEYOND:
            return GIVEN_UP
        if depth != indent or dash is is_mapping:
            here = _moved(dash, depth, indent, waiting, here, around)
            indent, is_mapping = depth, not dash
        if dash and key is not None:
            around.append((indent, here))
            item: dict[str, Any] = {}
            here.append(item)
            here, indent, is_mapping = item, indent + 2, True
        if form:
            value, done = _below(form, value, lines, at, done, indent)
        if key is not None:
            if key in here:
                raise Beyond
            here[key] = value
        elif dash and form is not _NOTHING:
            here.append(value)
        else:
            raise Beyond
        waiting = key if form is _NOTHING else None
    return top.get("", GIVEN_UP)


def _moved(dash: bool, depth: int, indent: int, waiting: str | None, here: Any, around: _Around) -> Any:
    """The collection to which a line belongs that is deeper, or less deep, or of another kind than what is open."""
    if depth < indent:
        waiting = None
        while depth < indent:
            indent, here = around.pop()
    if depth > indent or (dash and isinstance(here, dict)):
        if waiting is None or len(around) >= _DEEPEST:
            raise Beyond
        around.append((indent, here))
        inner: Any = [] if dash else {}
        here[waiting] = inner
        return inner
    if not dash and isinstance(here, list):
        indent, here = around.pop()  # no deeper than its key, the list is over where an entry without a dash stands
        if depth != indent:
            raise Beyond
    return here


def _below(form: Form, value: Any, lines: list[str], at: int, done: int, indent: int) -> tuple[Any, int]:
    """What is no scalar on its line; and the line after it, where it is one on several lines."""
    if form is _NOTHING:
        return None, done
    if form is Form.MAPPING or form is Form.LIST:
        return {} if form is Form.MAPPING else [], done
    return block(lines, at, indent, *value) if form is Form.BLOCK else quoted(value, lines, at, indent)
