"""Whether a person agreed to what a call destroys: what they are asked, and the slip that makes their yes good once.

The slip lists the operations that were asked about. It travels with the client, sealed for one caller and one call;
here is only noted which slips are open.
"""

from __future__ import annotations

import base64
import hashlib
import os
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Final

from mcp_kubernetes.errors import Denied
from mcp_kubernetes.store import Store

SECONDS: Final = 600.0
"""How long a person may think about it."""

MOST_OPERATIONS = 50
"""In one question: nobody reads more of them before saying yes."""

APPROVE: Final = "approve"
"""Name of the question, and of the only field of its form."""

FORM: Final[Mapping[str, Any]] = {
    "type": "object",
    "properties": {
        APPROVE: {"type": "boolean", "title": "Approve", "description": "Tick this to let it be carried out."}
    },
    "required": [APPROVE],
}
"""One box without a default. Some clients cannot send a form without fields, and some fill in defaults unasked."""

_MOST_QUESTIONS = 100
"""That wait for one identity: the oldest are forgotten, and with them nothing but the asking."""

_FOLDER = "approvals"
_REPEATING = 30.0
"""Seconds on top, in which the call has to be made again after the answer."""

_ID_BYTES = 16


class Slips:
    """The slips of one identity, by its key."""

    def __init__(self, store: Store, owner: str) -> None:
        self._store = store
        # Whose they are, without telling a name to whoever can see the store's keys.
        self._folder = f"{_FOLDER}/{hashlib.sha256(owner.encode()).hexdigest()[:32]}"

    async def issue(self, operations: Iterable[str]) -> dict[str, Any]:
        """What is to be sealed and handed out."""
        number = base64.b32encode(os.urandom(_ID_BYTES)).rstrip(b"=").decode().lower()
        await self._store.put(self._key(number), b"open", ttl=SECONDS + _REPEATING)
        await self._store.trim(self._folder, _MOST_QUESTIONS)
        return {"number": number, "operations": list(operations)}

    async def redeem(self, slip: Mapping[str, Any]) -> set[str]:
        """The operations. Raises Denied a second time, and when it is old."""
        if await self._store.take(self._key(slip["number"])) is None:
            raise Denied(
                f"This approval was used already, is older than {SECONDS / 60:g} minutes, or was asked for by another "
                "replica that shares no store with this one; nothing was changed.",
                hint="Make the call anew, without it.",
            )
        return set(slip["operations"])

    def _key(self, number: str) -> str:
        return f"{self._folder}/{number}"


def together(questions: Sequence[str]) -> str:
    """One question about all of it."""
    if len(questions) == 1:
        return questions[0]
    return "\n".join([f"Approve of all these {len(questions)} operations?", *(f"- {each}" for each in questions)])
