"""JSON exactly as the API server writes it, for a `test` of a JSON patch compares a text or a number by its bytes.

Go escapes <, > and & and two line separators in every text, and writes a float without an exponent from 1e-6 up to
1e21 (encoding/json; the comparison: gopkg.in/evanphx/json-patch.v4, `lazyNode.equal`). A patch whose values are
spelled in another way is refused as if somebody else had changed them.
"""

from __future__ import annotations

import json
import re
from decimal import Decimal
from typing import Any

_ESCAPED = str.maketrans({each: f"\\u{ord(each):04x}" for each in "<>&\u2028\u2029"})
_TEXT_OR_FLOAT = re.compile(r'"[^"\\]*+(?:\\.[^"\\]*+)*+"|-?[0-9.]+e[+-][0-9]+|-?[0-9]+\.0\b')


def go_json(value: Any) -> bytes:
    """The value as compact JSON. Raises ValueError for NaN and infinities, which JSON has not."""
    text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    # Half of a surrogate pair has no bytes, but an escape.
    return _TEXT_OR_FLOAT.sub(_as_go, text).translate(_ESCAPED).encode(errors="backslashreplace")


def _as_go(found: re.Match[str]) -> str:
    text = found[0]
    if text[0] == '"':
        return text
    number = Decimal(text)
    if number == 0 or Decimal("1e-6") <= abs(number) < Decimal("1e21"):
        return format(number, "f").removesuffix(".0")
    return text.replace("e-0", "e-").removesuffix(".0")
