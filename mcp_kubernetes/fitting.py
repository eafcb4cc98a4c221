"""Texts and objects within the budget of a call: what does not fit is cut, and the note says how to get it.

A long object is decoded and rendered in a thread, for the event loop serves others meanwhile.
"""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any

from mcp_kubernetes.cutting import cut_to
from mcp_kubernetes.errors import ToolError
from mcp_kubernetes.redact import deep, redact
from mcp_kubernetes.rendering import as_row, in_form
from mcp_kubernetes.results import Ending, Object, one_line

if TYPE_CHECKING:
    from mcp_kubernetes.calls import ToolCall

_OFF_LOOP = 65_536
"""Bytes of an object that may take more than 5 ms to render."""


def within(call: ToolCall, text: str, what: str) -> str:
    """The text, or as many of its whole lines as the budget allows, with a note."""
    text = redact(text)
    size = len(text.encode())
    if call.budget.take(size):
        return text
    kept = text.encode()[: call.budget.left].decode(errors="ignore")
    kept = kept[: kept.rfind("\n") + 1].rstrip("\n") or kept
    call.budget.take(call.budget.left)
    call.notes.add(
        "The {what} was cut after {kept} of {size} bytes; ask for less of it{how}.",
        what=what, kept=len(kept.encode()), size=size, how=more_bytes(call),
    )  # fmt: skip
    return kept


def end_within(call: ToolCall, part: Ending) -> str:
    """As many of the last lines as the budget allows; of a last one that is too long, its beginning."""
    kept: list[str] = []
    for line in map(one_line, reversed(part.lines)):
        if not call.budget.take(len(line.encode()) + bool(kept)):
            break
        kept.append(line)
    if part.lines and not kept:
        kept.append(within(call, one_line(part.lines[-1]), "last line"))
    call.budget.take(call.budget.left if len(kept) < len(part.lines) else 0)
    part.left_out(len(part.lines) - len(kept))
    return redact("\n".join(reversed(kept)))


def more_bytes(call: ToolCall) -> str:
    """What the caller can do about the budget, where the tool lets callers set it."""
    return ", or for more bytes with maxBytes" if call.tool.max_bytes else ""


async def object_within(call: ToolCall, part: Object, *, is_row: bool = False, may_cut: bool = True) -> str | None:
    """The object as text within the budget, cut field by field; None if it may not be cut and does not fit."""
    is_plain, part = part.revealed is not None, part.revealed or part
    room = call.budget.left - is_row * len(as_row("\n", part.form))
    text, cuts = await _fitted(part, room, may_cut=may_cut, is_plain=is_plain)
    if cuts and not may_cut:
        return None
    if cuts:
        _note_cuts(call, cuts, len(part.raw))
    text = as_row(text, part.form) if is_row else text
    call.budget.take(call.budget.left if cuts else len(text.encode()) + is_row)
    return text


async def _fitted(part: Object, limit: int, *, may_cut: bool, is_plain: bool) -> tuple[str, int]:
    if len(part.raw) > _OFF_LOOP:
        return await asyncio.to_thread(_fit, part, limit, may_cut=may_cut, is_plain=is_plain)
    return _fit(part, limit, may_cut=may_cut, is_plain=is_plain)


def _fit(part: Object, limit: int, *, may_cut: bool, is_plain: bool) -> tuple[str, int]:
    """The text, and how many values were cut for it; without a text where one may not be cut.

    What `is_plain` is to be shown with its credentials.
    """
    try:
        value = part.value if is_plain else _without_credentials(part)
        # No form is a quarter of the other's length: what is that much too long is not rendered to find out.
        text = in_form(value, part.form) if len(part.raw) < 8 * limit else None
        if text is not None and len(text.encode()) <= limit:
            return text, 0
        return cut_to(value, part.form, max(limit, 0)) if may_cut else ("", 1)
    except RecursionError:
        raise ToolError("The object is nested too deeply to be shown.", hint="Ask for a part of it.") from None


def _without_credentials(part: Object) -> Any:
    """The value, each text redacted by itself: in the rendered text a key without an end takes the rest along.

    A code in the raw text may stand for any letter of a credential, so only decoded texts tell then.
    """
    raw = part.raw.decode(errors="replace")
    return deep(part.value) if "\\u" in raw or redact(raw) != raw else part.value


def _note_cuts(call: ToolCall, cuts: int, size: int) -> None:
    names_fields = any(parameter.wire == "fields" for parameter in call.tool.parameters)
    ways = [*["one whole with fields"] * names_fields, *["more bytes with maxBytes"] * call.tool.max_bytes]
    call.notes.add(
        "The object ({size} bytes) was cut in {cuts}, each marked with … and how much is missing; ask for {ways}.",
        size=f"{size:,}",
        cuts="1 place" if cuts == 1 else f"{cuts:,} places",
        ways=", or for ".join(ways) or "less of it",
    )
