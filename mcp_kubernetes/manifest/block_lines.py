"""What one line of YAML in block style is, told by itself: the smaller half of the quick reader (`block_style`).

Most lines of a dump stand in it hundreds of times, and what a line is does not depend on where it stands; so the lines
that were met last are remembered.
"""

from __future__ import annotations

import re
from enum import IntEnum
from functools import lru_cache
from typing import Any, NamedTuple

from mcp_kubernetes.manifest.scalars import key, number, scalar

LONGEST_KEPT = 96
"""Characters of a line that is remembered. Longer ones seldom stand there twice."""

_MOST_KEPT = 4_096
_LONGEST_KEY = 512
"""YAML allows 1,024 characters."""

_GOES_ON = r"(?:[^ :\t]++|:(?=[^ \t])| ++(?!#|:(?: |$)|$))*+"
_PLAIN = rf"""(?!(?:---|\.\.\.)(?: |$))(?:[^-?:,\[\]{{}}#&*!|>'"%@` \t]|[-?:](?=[^ \t])){_GOES_ON}"""
_QUOTED = r""""(?:[^"\\]|\\.)*+"|'(?:[^']|'')*+'"""
_LINE = re.compile(rf"""(- )?(?:({_PLAIN}|{_QUOTED}):(?: +|$))?(?:({_PLAIN})|"([^"\\\t]*)"|(.*))""")
_REST = re.compile(rf"(?!#){_GOES_ON}")
_BLOCK = re.compile(r"\|([1-9]?)([-+]?)")
_DOUBLE = re.compile(r'((?:[^"\\]|\\.)*+)("|\\?)')
_SINGLE = re.compile(r"((?:[^']|'')*+)('?)")
_ESCAPE = re.compile(r"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|(.))")
_ESCAPED = {
    **dict(zip("0abefnrtvN_LP", "\0\a\b\x1b\f\n\r\t\v\x85\xa0\u2028\u2029", strict=True)),
    **{each: each for each in ' "/\\'},
}


class Beyond(ValueError):
    """Something that the quick reader leaves to the strict one."""


class Form(IntEnum):
    """What stands behind a key or a dash. What is false is the value already."""

    SCALAR = 0
    NOTHING = 1
    MAPPING = 2
    LIST = 3
    BLOCK = 4
    OPEN = 5
    """A quoted text that does not end on this line."""
    COMMENT = 6
    """Or a line with nothing at all."""
    BEYOND = 7
    """No entry that the quick reader knows."""


class Line(NamedTuple):
    """A line as it is where an entry can stand.

    `depth` is how many spaces it begins with, `dash` tells that it begins an item, `key` is None where there is none.
    `value` is the scalar, or what of it stands on the line: the indentation and the ending that a block declares,
    a quoted text up to the line's end. `text` is that of a plain scalar, which may go on below.
    """

    depth: int
    dash: bool
    key: str | None
    form: Form
    value: Any = None
    text: str | None = None


_SCALAR = Form.SCALAR
_FORMS = {"": Form.NOTHING, "{}": Form.MAPPING, "[]": Form.LIST}


def read_line(line: str) -> Line:
    """What the line is."""
    content = line.lstrip(" ")
    depth = len(line) - len(content)
    if not content or content[0] == "#":
        return Line(depth, dash=False, key=None, form=Form.COMMENT)
    dash, name, text, inside, other = _LINE.fullmatch(content).groups()  # type: ignore[union-attr] # matches any line
    try:
        found = None if name is None else _key(name)
        if text is not None:
            return Line(depth, dash is not None, found, _SCALAR, plain(text), text)
        value = (_SCALAR, inside) if inside is not None else _other(other)
    except ValueError:
        return Line(depth, dash=False, key=None, form=Form.BEYOND)
    return Line(depth, dash is not None, found, *value)


remembered_line = lru_cache(maxsize=_MOST_KEPT)(read_line)
"""`read_line`, for lines that are not longer than LONGEST_KEPT."""


@lru_cache(maxsize=_MOST_KEPT)
def _key(text: str) -> str:
    if len(text) > _LONGEST_KEY or text == "<<" or "\t" in text:
        raise Beyond
    return unescaped(text[0], text[1:-1]) if text[0] in {'"', "'"} else key(text, None, plain=True)


def _other(text: str) -> tuple[Form, Any]:
    if text in _FORMS:
        return _FORMS[text], None
    if (quote := text[0]) in {'"', "'"}:
        inside, closing = quoted_part(quote, text[1:])
        return (_SCALAR, unescaped(quote, inside)) if closing == quote else (Form.OPEN, text)
    found = _BLOCK.fullmatch(text)
    if found is None:
        raise Beyond
    return Form.BLOCK, (int(found[1] or 0), found[2])


def check_rest(text: str) -> None:
    """Raise Beyond unless all of it is a line with which a plain scalar goes on."""
    if not _REST.fullmatch(text):
        raise Beyond


def plain(text: str) -> Any:
    """The value of a plain scalar, ready for JSON. Raises ValueError for a number that JSON cannot hold."""
    value = scalar(text, None, plain=True)
    return number(value) if isinstance(value, int | float) and value is not True and value is not False else value


def quoted_part(quote: str, text: str) -> tuple[str, str]:
    r"""What of a quoted text stands on the line, and what ends it: the quote, a \ before the line's end, or nothing."""
    found = (_DOUBLE if quote == '"' else _SINGLE).fullmatch(text)
    if found is None or (found[2] != quote and text[-1:] == " ") or "\t" in text:
        raise Beyond
    return found[1], found[2]


def unescaped(quote: str, text: str) -> str:
    """The text that stands between the quotes."""
    if quote == "'":
        return text.replace("''", "'")
    return _ESCAPE.sub(_character, text) if "\\" in text else text


def _character(escape: re.Match[str]) -> str:
    two, four, eight, letter = escape.groups()
    if letter is not None:
        if letter not in _ESCAPED:
            raise Beyond
        return _ESCAPED[letter]
    code = int(two or four or eight, 16)
    if 0xD800 <= code < 0xE000 or code > 0x10FFFF:
        raise Beyond
    return chr(code)
