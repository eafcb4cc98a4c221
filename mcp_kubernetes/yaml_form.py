"""A value as YAML that every parser reads back as it was: PyYAML's emitter costs a millisecond for each pod.

Block style with two spaces. A text is plain where YAML 1.1 and 1.2 agree that it is a text, a literal block where
it has lines, and otherwise in double quotes as in JSON, with every character that nobody sees written as its code.

Compact JSON is shorter still: over ten common kinds, slim, 18.6 kB for 23.2 kB of YAML, for the indentation is most
of the difference (`python -m bench.forms`). YAML is what people read and write, and what keeps lines apart.
"""

from __future__ import annotations

import json
import re
from typing import Any

from mcp_kubernetes.results import NOTE, UNSEEN, has_unseen

_PLAIN = re.compile(
    r"(?:[A-Za-z_/($][!-9;-~]*+"
    r"|[0-9](?=[0-9.]*+[g-np-swyG-NP-SWY])[A-Za-z0-9._/+-]*+"
    r"|[0-9]{1,3}(?:\.[0-9]{1,3}){3}(?:/[0-9]{1,2})?(?![^ ]))"
    r"(?:[!-9;-~]++|:(?=[!-~])| (?=[ !\"$-~]))*+"
)
"""Printable ASCII that begins like a word, an address or a quantity such as 250m, and holds neither `: ` nor ` #`."""

_WORDS = frozenset({"y", "n", "yes", "no", "on", "off", "true", "false", "null", "none"})
"""What some parser takes for something else than a text, in lower case."""

_NO_KEY = _WORDS | {NOTE[:-1]}
_LONGEST_KEY = 1_000
"""A longer key has to be announced with `?` (YAML 1.1 and 1.2 allow 1,024 characters without)."""

_DEEPEST = 80
"""Columns of indentation from which on a value stays on its line, as JSON, or depth would be paid in spaces."""

_quoted = json.JSONEncoder(ensure_ascii=False).encode


def yaml_text(value: Any) -> str:
    """The value as YAML. A line break ends it only where that belongs to the last text."""
    lines: list[str] = []
    if value and isinstance(value, dict | list):
        _block(value, "", "", lines)
    else:
        lines.append(_scalar(value, ""))
    if "|\n" in lines[-1]:
        lines.append("")
    return "\n".join(lines)


def json_text(value: Any) -> str:
    """The value as compact JSON."""
    text = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    return UNSEEN.sub(_pairs, text) if has_unseen(text) else text


def _block(value: Any, pad: str, lead: str, lines: list[str]) -> None:
    """The lines of a map or a list. The first begins with `lead`, the others with `pad`."""
    if isinstance(value, dict):
        for key, item in value.items():
            head = lead + _key(key, pad)
            lead = pad
            if not item or not isinstance(item, dict | list) or len(pad) >= _DEEPEST:
                lines.append(f"{head} {_scalar(item, pad)}")
                continue
            lines.append(head)
            inner = pad + "  " if isinstance(item, dict) else pad
            _block(item, inner, inner, lines)
        return
    for item in value:
        if not item or not isinstance(item, dict | list) or len(pad) >= _DEEPEST:
            lines.append(f"{lead}- {_scalar(item, pad)}")
        else:
            _block(item, pad + "  ", lead + "- ", lines)
        lead = pad


def _key(key: str, pad: str) -> str:
    text = key if _PLAIN.fullmatch(key) and key.lower() not in _NO_KEY else _in_quotes(key)
    return f"{text}:" if len(text) <= _LONGEST_KEY else f"? {text}\n{pad}:"


def _scalar(value: Any, pad: str) -> str:
    if type(value) is str:
        return _text(value, pad)
    if isinstance(value, float):
        return _float(value)
    return _in_quotes(value) if value and isinstance(value, dict | list) else _quoted(value)


def _text(text: str, pad: str) -> str:
    if _PLAIN.fullmatch(text) and (len(text) > 5 or text.lower() not in _WORDS):
        return text
    if "\n" not in text or text[0] in " \t\n" or text.endswith("\n\n") or has_unseen(text):
        return _in_quotes(text)
    return _literal(text, pad + "  ")


def _literal(text: str, pad: str) -> str:
    """The lines as they are. `|-`: the last one has no line break; an empty line needs no indentation."""
    head, body = ("|", text[:-1]) if text.endswith("\n") else ("|-", text)
    return f"{head}\n{pad}" + body.replace("\n", f"\n{pad}")


def _in_quotes(value: Any) -> str:
    text = _quoted(value)
    return UNSEEN.sub(_code, text) if has_unseen(text) else text


def _float(value: float) -> str:
    """With a point, without which YAML 1.1 sees a text in 1e+20."""
    text = repr(value)
    if text[-1] in "fn":
        return text.replace("inf", ".inf").replace("nan", ".nan")
    return text if "." in text else text.replace("e", ".0e")


def _code(found: re.Match[str]) -> str:
    code = ord(found[0])
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def _pairs(found: re.Match[str]) -> str:
    """The code in JSON, which has only four digits for each: two surrogates above U+FFFF."""
    return json.dumps(found[0])[1:-1]
