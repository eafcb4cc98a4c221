"""JSON to messages, and what is answered to what is none.

The SDK drops such a line, and its sender would wait for ever; JSON-RPC 2.0 (section 5.1) wants an error. No
sentence repeats it. Nothing here costs a message that is one a second look.
"""

from __future__ import annotations

import codecs
import json
from typing import Any

from mcp import types as mcp
from pydantic import ValidationError

_LOOKED_AT = 1 << 20
"""The longest line, in bytes, that is looked at once more for its id: what it may hold is built as objects."""

_NO_MESSAGE = (
    'The {noun} is no message of JSON-RPC 2.0: an object with "jsonrpc": "2.0", a method that is a string, params that '
    "are an object, and for a request an id that is a string or an integer."
)
_BATCH = "Batches are not supported: send each message in a {noun} of its own."


class NotAMessage(ValueError):
    """A line that is no message. `answer` is the error for its sender; None where there must not be one."""

    def __init__(self, answer: mcp.JSONRPCError | None) -> None:
        super().__init__("not a message")
        self.answer = answer


def message(line: bytes, noun: str = "line") -> mcp.JSONRPCMessage | None:
    """The message in a line, which may begin with a byte order mark; None for an empty line. Raises NotAMessage.

    `noun` is what the sentences call it: not every transport speaks in lines.
    """
    line = line.removeprefix(codecs.BOM_UTF8)
    if line.isspace():
        return None
    try:
        found = mcp.jsonrpc_message_adapter.validate_json(line, by_name=False)
    except ValidationError as error:
        raise NotAMessage(_answer(line, error, noun)) from None
    if isinstance(found, mcp.JSONRPCNotification) and _has_id(line):
        raise NotAMessage(refusal(mcp.INVALID_REQUEST, _NO_MESSAGE.format(noun=noun)))
    return found


def refusal(code: int, sentence: str, number: str | int | None = None) -> mcp.JSONRPCError:
    """An error of the protocol; without a number where it is not known which request it is about."""
    return mcp.JSONRPCError(jsonrpc="2.0", id=number, error=mcp.ErrorData(code=code, message=sentence))


def _has_id(line: bytes) -> bool:
    """Whether what the SDK takes for a notification is a request whose id is none, such as null or 1.5."""
    return b'"id"' in line and "id" in _members(_meant(line))


def _answer(line: bytes, error: ValidationError, noun: str) -> mcp.JSONRPCError | None:
    meant = _meant(line)
    problem = error.errors(include_url=False, include_input=False)[0]
    if problem["type"] == "json_invalid":
        sentence = f"The {noun} is no JSON that can be read: {problem['ctx']['error']}."
        return refusal(mcp.PARSE_ERROR, sentence, _number(meant))
    if isinstance(meant, list):
        return refusal(mcp.INVALID_REQUEST, _BATCH.format(noun=noun))
    if "method" not in _members(meant) and _members(meant).keys() & {"result", "error"}:
        return None  # an answer, if a bad one: two sides that answer answers would never stop
    return refusal(mcp.INVALID_REQUEST, _NO_MESSAGE.format(noun=noun), _number(meant))


def _meant(line: bytes) -> Any:
    """What the line says, for a reader who takes more than JSON; None where that does not help or costs too much."""
    if len(line) > _LOOKED_AT:
        return None
    try:
        return json.loads(line.decode(errors="replace"), strict=False)
    except (ValueError, RecursionError):
        return None


def _members(meant: object) -> dict[str, Any]:
    return meant if isinstance(meant, dict) else {}


def _number(meant: object) -> str | int | None:
    """The id, if it is one and can be written back."""
    found = _members(meant).get("id")
    if isinstance(found, str):
        return found if found.isprintable() else None
    return found if isinstance(found, int) and not isinstance(found, bool) else None
