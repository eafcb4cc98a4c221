"""From one value to text: objects, rows and cells, each in a form that cannot pass for another's.

A row is one line and an object is YAML or JSON, so neither needs a fence; free text gets one.
"""

from __future__ import annotations

import json
import re
import secrets
from typing import Any

from mcp_kubernetes.results import NOTE, Object, Row, clean, strip_control

_UNFOLDED = 2**31 - 1
"""The widest line that the YAML emitter takes: long texts stay on one line."""

_NOTE_KEY = re.compile(f"^{NOTE}", re.MULTILINE)
"""A key of an object that would look like a note of ours; quoted, it is the same key."""


def fenced(text: str) -> str:
    """Text from elsewhere between two lines that it cannot have foreseen."""
    mark = secrets.token_hex(4)
    return f"<<<data {mark}\n{text}\n{mark}>>>" if text else ""


def document(part: Object) -> str:
    """The object in its form; long texts stay on one line."""
    if part.form == "json":
        return json.dumps(part.value, ensure_ascii=False, separators=(",", ":"))
    import yaml

    dumper = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
    text: str = yaml.dump(part.value, Dumper=dumper, sort_keys=False, allow_unicode=True, width=_UNFOLDED)
    return _NOTE_KEY.sub(f'"{NOTE[:-1]}":', text.rstrip("\n"))


def no_note(line: str) -> str:
    """The line, moved by a space if it would look like a note of ours."""
    return f" {line}" if line.startswith(NOTE) else line


def line_of(row: Row) -> str:
    """A row as tab-separated cells without line breaks, or an object as a document of its own."""
    if not isinstance(row, Object):
        cells = [cell if type(cell) is str else _cell(cell) for cell in row]
        return no_note("\t".join(cells if "".join(cells).isprintable() else map(clean, cells)))
    text = strip_control(document(row))
    return f"---\n{text}" if row.form == "yaml" else text


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, str | int | float) else json.dumps(value, ensure_ascii=False)
