r"""From what the caller handed over, text or value, to the documents in it.

The text is cut at its lines `---` before anything is parsed, as kubectl does it. A document in regular block style is
read by a quick reader, and one that is JSON as JSON, where `\ud83d\ude00` is one character; whatever these do not take,
the strict reader of YAML takes or refuses, and says where.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from mcp_kubernetes.errors import InvalidArguments
from mcp_kubernetes.manifest.block_style import GIVEN_UP, read_block_style
from mcp_kubernetes.manifest.scalars import key, number, scalar
from mcp_kubernetes.strict_yaml import InvalidYAML, Rules, read_yaml

MOST_BYTES = 3 * 1024 * 1024
"""The API server takes no larger request: MaxRequestBodyBytes in k8s.io/apiserver, pkg/server/config.go.

etcd's own limit, 1.5 MiB for one object (DefaultMaxRequestBytes in embed/config.go), is for the API server to tell.
"""

DEEPEST = 100
"""How many collections may stand in each other. A pod template's schema in a CRD needs about 30."""

_RULES = Rules(scalar=scalar, key=key, deepest=DEEPEST, most_aliased=1 << 20)
_SEPARATOR = re.compile(r"^---(.*)(?:\n|\Z)", re.MULTILINE)
_JSON_SPACE = " \t\r\n"


@dataclass(frozen=True, kw_only=True)
class _Chunk:
    """What stands between two lines `---`, and how many lines stand before it."""

    text: str
    before: int


def documents(source: str | dict[str, Any] | list[Any], what: str) -> list[Any]:
    """The documents of a text, or the one that a value is; those that hold nothing are passed over.

    Each is ready for JSON, and nothing in it is shared. `what` is what the source is called in errors.
    Raises InvalidArguments.
    """
    found = list(_read(source, what)) if isinstance(source, str) else [_given(source, what)]
    if not found:
        raise InvalidArguments(f"The {what} is empty.", hint="Send YAML or JSON text, or an object.")
    return found


def _given(value: Any, what: str) -> Any:
    found = _ready(value, what)
    _check_size(json.dumps(found, ensure_ascii=False), what)
    return found


def _read(text: str, what: str) -> Iterator[Any]:
    _check_size(text, what)
    document = 1
    for chunk in _chunks(text, what):
        quick = read_block_style(chunk.text)
        if quick is not GIVEN_UP:
            yield quick
            document += 1
            continue
        for value in _values(chunk, what, document):
            if value is not None:
                yield _ready(value, what, f" (document {document})")
                document += 1


def _check_size(text: str, what: str) -> None:
    try:
        size = len(text.encode())
    except UnicodeEncodeError:
        raise InvalidArguments(f"The {what} holds half of a surrogate pair, which is no Unicode text.") from None
    if size > MOST_BYTES:
        raise InvalidArguments(
            f"The {what} has {size:,} bytes; the API server takes at most {MOST_BYTES:,} in a request.",
            hint="Send it in several calls.",
        )


def _chunks(text: str, what: str) -> Iterator[_Chunk]:
    start = before = 0
    for separator in _SEPARATOR.finditer(text) if "---" in text else ():
        yield _Chunk(text=text[start : separator.start()], before=before)
        before += text.count("\n", start, separator.start()) + 1
        start = separator.end()
        if (rest := separator[1].strip()) and not rest.startswith("#"):
            raise InvalidArguments(
                f"Line {before} of the {what} begins with --- and holds more than a comment.",
                hint="A line --- stands alone between two documents.",
            )
    yield _Chunk(text=text[start:], before=before)


def _values(chunk: _Chunk, what: str, document: int) -> list[Any]:
    values = _json_values(chunk.text) if chunk.text.lstrip()[:1] in {"{", "["} else None
    if values is not None:
        return values
    # kubectl ends every line, the last one too, so that a block scalar there ends in a line break.
    ended = chunk.text if chunk.text.endswith("\n") else f"{chunk.text}\n"
    try:
        return [read_yaml(ended.encode(), _RULES)]
    except InvalidYAML as error:
        place = f"line {chunk.before + (error.line or 1)}, column {error.column or 1}"
        raise InvalidArguments(
            f"The {what} is not valid YAML at {place} (document {document}): {error.problem}."
        ) from None


def _json_values(text: str) -> list[Any] | None:
    """The JSON values that stand there one after the other; None where that is not all there is."""
    decoder = json.JSONDecoder(object_pairs_hook=_unique, parse_constant=_no_json, parse_int=_integer)
    values: list[Any] = []
    rest = text.strip(_JSON_SPACE)
    place = 0
    try:
        while place < len(rest):
            value, place = decoder.raw_decode(rest, place)
            values.append(value)
            place += len(rest) - place - len(rest[place:].lstrip(_JSON_SPACE))
    except (ValueError, RecursionError):
        return None
    return values


def _unique(pairs: Sequence[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError("a key that is there already")
    return found


def _no_json(_name: str) -> None:
    raise ValueError("NaN and the infinities are no JSON")


def _integer(text: str) -> int | float:
    """Python reads no integers of more than some thousand digits; those beyond 64 bits become floats anyway."""
    return int(text) if len(text) < 25 else float(text)


def _ready(value: Any, what: str, place: str = "") -> Any:
    """A copy that is ready for JSON, with its numbers as kubectl hands them on."""
    try:
        return _copied(value, DEEPEST)
    except ValueError as error:
        raise InvalidArguments(f"The {what} holds {error}{place}.") from None


def _copied(value: Any, deeper: int) -> Any:
    match value:
        case dict() | list() if not deeper:
            raise ValueError("collections nested too deeply")
        case dict():
            return {_text(key): _copied(item, deeper - 1) for key, item in value.items()}
        case list():
            return [_copied(item, deeper - 1) for item in value]
        case str():
            return _text(value)
        case None | bool():
            return value
        case int() | float():
            return number(value)
    raise ValueError("something that JSON cannot hold")


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError("a key that is no text")  # noqa: TRY004 - told to the caller, as all of these
    try:
        value.encode()
    except UnicodeEncodeError:
        raise ValueError("half of a surrogate pair, which is no Unicode text") from None
    return value
