"""A hidden value stays hidden when its object is changed: nobody moves it to where it would be shown.

Whoever may patch an object could copy a Secret's value into an annotation, or rename the variable whose name is why
its value is masked, and then read it: in the answer to a dry run already.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from mcp_kubernetes.effects import Operation
from mcp_kubernetes.errors import InvalidArguments
from mcp_kubernetes.kube.changes.previewing import NoPreview, previewed
from mcp_kubernetes.kube.secrecy.marks import MARKER

if TYPE_CHECKING:
    from mcp_kubernetes.kube.changes.versions import Version
    from mcp_kubernetes.kube.changes.writes import Write
    from mcp_kubernetes.kube.changes.writing import Mask

_MOVING = frozenset({"copy", "move"})
_HINT = "Leave hidden values where they are; to put one elsewhere, ask the user for it and send it."


async def check_exposed(write: Write, before: Version | None, mask: Mask) -> None:
    """Raise InvalidArguments for a patch that would bring a hidden value into the open. An undo only puts back."""
    if write.undoes or write.operation not in {Operation.APPLY, Operation.PATCH}:
        return
    if before is None:
        _check_unseen(write)
        return
    shown = await mask(before.body, write.path)
    if MARKER.encode() not in shown:
        return
    try:
        after = await asyncio.to_thread(previewed, write.body, before.body)
    except NoPreview:
        raise InvalidArguments("The patch does not fit the object, which holds hidden values.", hint=_HINT) from None
    if await asyncio.to_thread(brings_out, before.body, shown, await mask(after, write.path), write.body):
        raise InvalidArguments("This would put a hidden value where it is shown.", hint=_HINT)


def brings_out(before: bytes, shown: bytes, after: bytes, body: Any) -> bool:
    """Whether a text that is hidden in `shown`, which is `before` masked, stands open in `after` more often.

    What is in the `body` of the change the caller knows already.
    """
    was = json.loads(shown)
    hidden = set(_hidden(json.loads(before), was)) - set(_texts(body)) - {""}
    counts = (Counter(text for text in _texts(value) if text in hidden) for value in (was, json.loads(after)))
    open_before, open_after = counts
    return any(open_after[text] > open_before[text] for text in open_after)


def _check_unseen(write: Write) -> None:
    """Without the object nobody can tell what would be moved."""
    if isinstance(write.body, list) and any(each.get("op") in _MOVING for each in write.body):
        raise InvalidArguments(
            "The object may not be read, so copy and move are refused: they might bring out a hidden value.",
            hint="Use add, replace and remove.",
        )


def _hidden(value: Any, shown: Any) -> Iterator[str]:
    """The texts in whose place a mask is shown."""
    if isinstance(value, str) and value != shown:
        yield value
    elif isinstance(value, dict) and isinstance(shown, dict):
        for key, inner in value.items():
            yield from _hidden(inner, shown.get(key))
    elif isinstance(value, list) and isinstance(shown, list):
        for one, other in zip(value, shown, strict=False):
            yield from _hidden(one, other)
    elif not isinstance(value, str):
        yield from () if value == shown else _texts(value)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    for inner in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
        yield from _texts(inner)
