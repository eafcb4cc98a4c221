"""`where`: a CEL expression over `object`, evaluated by this server over masked objects.

https://kubernetes.io/docs/reference/using-api/cel/

The language is the one of ValidatingAdmissionPolicy, without Kubernetes' own function libraries. An expression is
bounded in length and in how deep it may nest loops, for it is run once for each object. It is looked at for the
fields that it names, so that no others are decoded.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import msgspec

from mcp_kubernetes.errors import InvalidArguments
from mcp_kubernetes.jsonpath.steps import Key, Step
from mcp_kubernetes.kube.picking import Wanted
from mcp_kubernetes.loading import load

LONGEST = 1_000
"""Characters of an expression."""

_DEEPEST = 2
_STRING = r'"(?:\\.|[^"\\])*"' + r"|'(?:\\.|[^'\\])*'"
_TOKEN = re.compile(rf"{_STRING}|\.\s*(?P<loop>all|exists|exists_one|map|filter)\s*\(|[()]")
_CHAIN = re.compile(
    rf"""(?P<text>{_STRING})
    |(?<![\w.])object(?P<steps>(?:\s*\.\s*[A-Za-z_]\w*(?!\w|\s*\()|\[\s*(?:{_STRING})\s*\])*)""",
    re.VERBOSE,
)
_STEP = re.compile(rf"\.\s*(?P<name>\w+)|\[\s*(?P<text>{_STRING})\s*\]")
_OTHER_TEXTS = re.compile(r"""(?<!\w)[rRbB]{1,2}["']|\"{3}|'{3}""")
_PLACE = re.compile(r"<input>:(\d+):(\d+): (?:Syntax error: )?([^\n]{1,160})")
_HINT = 'For example: object.status.phase == "Running" && has(object.metadata.labels.app).'


class Expression:
    """A compiled expression. Raises InvalidArguments for text that is none, with the position."""

    def __init__(self, text: str) -> None:
        _check_bounds(text)
        self._program = _compiled(text)
        self._decode = msgspec.json.Decoder(_wanted(text).as_type()).decode

    def matches(self, raw: bytes | msgspec.Raw) -> bool | None:
        """Whether the object matches; None where a field that the expression looks at is absent or of another type.

        Raises InvalidArguments for an expression that is not true or false, or that calls what does not exist.
        """
        try:
            result = self._program.execute({"object": self._decode(raw)})
        except (LookupError, TypeError, ValueError, ArithmeticError):
            return None
        except RuntimeError as error:
            raise _refused(_reason(error)) from None
        if isinstance(result, bool):
            return result
        raise _refused("it is neither true nor false")


def _check_bounds(text: str) -> None:
    if len(text) > LONGEST:
        raise _refused(f"it is longer than {LONGEST} characters")
    # Where such a text ends is not seen here, so neither would be what it hides.
    if _OTHER_TEXTS.search(text):
        raise _refused("raw, bytes and triple-quoted texts are not supported")
    if _depth(text) > _DEEPEST:
        raise _refused(f"its loops (all, exists, map, filter) are nested more than {_DEEPEST} deep")


def _depth(text: str) -> int:
    """How deep loops are nested. Texts in quotes are passed over."""
    deepest, open_loops = 0, []
    for token in _TOKEN.finditer(text):
        if token[0].endswith("("):
            open_loops.append(token["loop"] is not None)
            deepest = max(deepest, sum(open_loops))
        elif token[0] == ")" and open_loops:
            open_loops.pop()
    return deepest


def _compiled(text: str) -> Any:
    try:
        return load("cel").compile(text)
    except ValueError as error:
        raise _refused(_reason(error)) from None


def _reason(error: Exception) -> str:
    """What the library says, without the expression; positions count from 1."""
    message = str(error)
    if found := _PLACE.search(message):
        return f"at character {found[2]} there is a {_lowered(found[3])}"
    return _lowered(message.partition(". Check")[0])[:200]


def _lowered(text: str) -> str:
    return text[:1].lower() + text[1:]


def _refused(reason: str) -> InvalidArguments:
    return InvalidArguments(f"where cannot be used: {reason.rstrip('.')}.", hint=_HINT)


def _wanted(text: str) -> Wanted:
    """What the expression reads of an object: each chain of names that begins with `object`, and all below it."""
    wanted = Wanted()
    for chain in _CHAIN.finditer(text):
        if chain["text"] is None:
            wanted.add(list(_steps(chain["steps"])))
    return wanted


def _steps(chain: str) -> Iterator[Step]:
    for step in _STEP.finditer(chain):
        quoted = step["text"]
        if quoted and "\\" in quoted:
            return  # its parent as a whole: what the escapes mean is the library's to know
        yield Key(quoted[1:-1] if quoted else step["name"])
