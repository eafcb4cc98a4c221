"""What a scalar in YAML means to kubectl, and what its numbers become in JSON.

The rules are those of resolve.go in go.yaml.in/yaml/v2 and of yaml.go in sigs.k8s.io/yaml, which kubectl 1.37 reads
manifests with; tests/resources/test_manifests_like_kubectl.py asks that kubectl.
"""

from __future__ import annotations

import base64
import binascii
import math
import re
import struct
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

_TAG = "tag:yaml.org,2002:"
_WORDS: Mapping[str, bool | float | None] = {
    **dict.fromkeys(("y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"), True),
    **dict.fromkeys(("n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"), False),
    **dict.fromkeys(("", "~", "null", "Null", "NULL")),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), math.nan),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), math.inf),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), -math.inf),
}
_POINTED = re.compile(r"\.[0-9]+(?:_[0-9]+)*+(?:[eE][-+]?[0-9]+(?:_[0-9]+)*+)?")
_INTEGER = re.compile(r"([-+]?)(?:0[xX]([0-9a-fA-F]+)|0[oO]?([0-7]+)|0[bB]([01]+)|(0|[1-9][0-9]{0,19}))")
_BASES = (16, 8, 2, 10)
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")
_TIMESTAMP = re.compile(r"[0-9]{4}-[0-9]{1,2}-[0-9]{1,2}(?:[Tt ][0-9:.]+(?:Z|[-+][0-9:]+)?)?")

_LEAST, _MOST = -(2**63), 2**63 - 1
_EXACT = 2**53


def scalar(text: str, tag: str | None, plain: bool) -> Any:
    """The value of a scalar; numbers are not yet as JSON has them. Raises ValueError where its tag does not fit."""
    if tag is None:
        return _resolved(text) if plain else text
    match tag.removeprefix(_TAG):
        case "binary":
            return _decoded(text)
        case "bool" | "int" | "float" | "null" | "timestamp" as wanted if tag.startswith(_TAG):
            return _tagged(text, wanted)
    return text


def key(text: str, tag: str | None, plain: bool) -> str:
    """The text that kubectl makes of a key. Raises ValueError for one that it makes none of."""
    match scalar(text, tag, plain):
        case str() as found:
            return found
        case bool() as found:
            return "true" if found else "false"
        case int() as found if _LEAST <= found <= _MOST:
            return str(found)
        case float() as found if math.isfinite(found):
            return _float_key(found)
    raise ValueError("a key that is no text")


def number(value: Any) -> int | float:
    """A number as kubectl hands it on: whole ones within 64 bits without a fraction, larger ones as floats.

    Raises ValueError for what JSON cannot hold.
    """
    if isinstance(value, int) and _LEAST <= value <= _MOST:
        return value
    try:
        found = float(value)
    except OverflowError:
        found = math.inf
    if not math.isfinite(found):
        raise ValueError("a number that JSON cannot hold")
    return _whole(found) if found.is_integer() else found


def _whole(value: float) -> int | float:
    """Go writes the shortest digits that mean this float, and reads them again as an integer where that fits."""
    found = int(value) if abs(value) <= _EXACT else int(Decimal(repr(value)))
    return found if _LEAST <= found <= _MOST else value


def _resolved(text: str) -> Any:
    if text in _WORDS:
        return _WORDS[text]
    if text[0] == ".":
        return _float(text, text) if _POINTED.fullmatch(text) else text
    return _number(text) if text[0] in "+-0123456789" else text


def _number(text: str) -> Any:
    plain = text.replace("_", "")
    if found := _INTEGER.fullmatch(plain):
        sign, *digits = found.groups()
        value = next(int(each, base) for each, base in zip(digits, _BASES, strict=True) if each)
        value = -value if sign == "-" else value
        if _LEAST <= value <= (_MOST if sign else 2**64 - 1):
            return value
    return _float(plain, text) if _FLOAT.fullmatch(plain) else text


def _float(digits: str, text: str) -> float | str:
    """A float; or the text where that is beyond them."""
    found = float(digits)
    return found if math.isfinite(found) else text


def _tagged(text: str, wanted: str) -> Any:
    found = text if wanted == "timestamp" else _resolved(text)
    fits = {
        "bool": isinstance(found, bool),
        "int": isinstance(found, int) and not isinstance(found, bool),
        "float": isinstance(found, int | float) and not isinstance(found, bool),
        "null": found is None,
        "timestamp": _TIMESTAMP.fullmatch(text) is not None,
    }
    if not fits[wanted]:
        raise ValueError("a value that does not fit its tag")
    return float(found) if wanted == "float" else found


def _decoded(text: str) -> str:
    try:
        return base64.b64decode(re.sub(r"[\r\n]", "", text), validate=True).decode()
    except (binascii.Error, ValueError):
        raise ValueError("a !!binary value that is no base64, or whose bytes are no UTF-8 text") from None


def _float_key(value: float) -> str:
    """The shortest digits of the value in single precision, as Go's FormatFloat(value, 'g', -1, 32) has them."""
    try:
        single = struct.pack("f", value)
    except OverflowError:
        raise ValueError("a key that is no text") from None
    rounded: float = struct.unpack("f", single)[0]
    texts = (f"{rounded:.{digits}e}" for digits in range(9))
    shortest = next(text for text in texts if struct.pack("f", float(text)) == single)
    exponent = int(shortest.partition("e")[2])
    if not -4 <= exponent < 6 and rounded:
        return shortest
    return f"{Decimal(shortest):f}"
