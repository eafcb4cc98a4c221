"""Whether a person agreed to what a call destroys: found out before anything is sent, and good once.

A call is stopped at each operation that needs approval, so one question covers all of them, and nothing was changed
yet. With the answer the whole call is made again, and exactly the operations that were asked about pass. What they are
travels with the client, sealed; who carries the question to the person is the bridge's business.
"""

from __future__ import annotations

import base64
import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

from mcp_kubernetes.errors import Denied, InvalidArguments, ToolError
from mcp_kubernetes.seal import Seal, Sealer

if TYPE_CHECKING:
    from mcp_kubernetes.audit import CallRecord
    from mcp_kubernetes.calls import ToolCall
    from mcp_kubernetes.identity import Identity
    from mcp_kubernetes.pipeline import Proceed
    from mcp_kubernetes.results import Answer
    from mcp_kubernetes.store import Store

SECONDS: Final = 600.0
"""How long a person may think about it."""

MOST_OPERATIONS = 50
"""In one question: nobody reads more of them before saying yes."""

_MOST_QUESTIONS = 100
"""That wait for one identity: the oldest are forgotten, and with them nothing but the asking."""

_FOLDER = "approvals"
_REPEATING = 30.0
"""Seconds on top, in which the call has to be made again after the answer."""

_ID_BYTES = 16

Reaction = Literal["accept", "decline", "cancel", "silence", "failure"]
"""What came of a question: the three answers of MCP, nothing in time, or a client that could not ask."""

_REFUSALS: Final[Mapping[Reaction, tuple[str, str]]] = {
    "decline": ("The person at the client declined; nothing was changed.", "Do not try again unless they ask for it."),
    "cancel": (
        "The person at the client closed the question without an answer; nothing was changed.",
        "Tell them that approving takes two steps: to tick the box, and to accept.",
    ),
    "silence": (
        f"Nobody answered within {SECONDS / 60:g} minutes; nothing was changed.",
        "Call again when somebody is there to approve.",
    ),
    "failure": (
        "The client was to ask a person, and failed to; nothing was changed.",
        "Tell the user what you wanted to do; they can do it.",
    ),
}


@dataclass(frozen=True, kw_only=True)
class Person:
    """What a request says of the person behind its client: can they be asked, and what did they say to which question?

    `state` came with the question, and is whatever the client says it is.
    """

    reachable: bool = False
    state: str | None = None
    reaction: Reaction | None = None


NOBODY: Final = Person()


@dataclass(frozen=True, kw_only=True)
class Question:
    """What a person is asked, and the sealed state that has to come back with the answer."""

    text: str
    state: str


class ApprovalRequired(Denied):
    """The call has to be made again, with a person's answer to `question`; nothing was sent."""

    def __init__(self, question: Question) -> None:
        super().__init__("A person has to approve of this first; nothing was changed.")
        self.question = question


@dataclass(frozen=True, kw_only=True)
class Approvals:
    """The questions of one server: where it is noted which of them are open."""

    seal: Seal
    store: Store

    def approver(
        self, person: Person, record: CallRecord, identity: Identity, tool: str, arguments: Mapping[str, Any]
    ) -> CallApprover:
        """For one call of `tool` with these arguments, not yet validated."""
        slips = _Slips(seal=self.seal, store=self.store, identity=identity, tool=tool, arguments=arguments)
        return CallApprover(slips, person, record)


@dataclass(frozen=True, kw_only=True)
class _Slips:
    """Lists of operations for the client to carry: for one caller and one call, each good once and for a while."""

    seal: Seal
    store: Store
    identity: Identity
    tool: str
    arguments: Mapping[str, Any]

    async def issue(self, operations: Iterable[str]) -> str:
        number = base64.b32encode(os.urandom(_ID_BYTES)).rstrip(b"=").decode().lower()
        await self.store.put(self._key(number), b"open", ttl=SECONDS + _REPEATING)
        await self.store.trim(self._folder, _MOST_QUESTIONS)
        return self._sealer.seal({"number": number, "operations": list(operations)})

    async def redeem(self, state: str) -> set[str]:
        """The operations. Raises Denied for a state of another call or caller, a second time, and when it is old."""
        try:
            found = self._sealer.open(state)
        except InvalidArguments:
            raise Denied(
                "This approval was given for another call, or asked for by another replica or before the server was "
                "restarted; nothing was changed.",
                hint="Make the call anew, without it.",
            ) from None
        if await self.store.take(self._key(found["number"])) is None:
            raise Denied(
                f"This approval was used already, is older than {SECONDS / 60:g} minutes, or was asked for by another "
                "replica that shares no store with this one; nothing was changed.",
                hint="Make the call anew, without it.",
            )
        return set(found["operations"])

    @property
    def _sealer(self) -> Sealer:
        asked = json.dumps(self.arguments, sort_keys=True)
        return self.seal.bound(_FOLDER, self.identity.key, self.tool, asked)

    @property
    def _folder(self) -> str:
        """Whose they are, without telling a name to whoever can see the store's keys."""
        return f"{_FOLDER}/{hashlib.sha256(self.identity.key.encode()).hexdigest()[:32]}"

    def _key(self, number: str) -> str:
        return f"{self._folder}/{number}"


class CallApprover:
    """Lets pass what a person approved of, and collects what they have to be asked about, for one call.

    Once something is collected the call sends nothing more, and once it has sent something it asks nothing more: what
    was carried out must not be repeated with the call.
    """

    def __init__(self, slips: _Slips, person: Person, record: CallRecord) -> None:
        self._slips = slips
        self._person = person
        self._record = record
        self._approved: set[str] = set()
        self._asked: dict[str, str] = {}
        self._has_sent = False

    async def admit(self) -> None:
        """Take the answer that came with the call, if one did. Raises Denied if it is no yes, or not to this call."""
        state, reaction = self._person.state, self._person.reaction
        if state is None or reaction is None:
            return
        approved = await self._slips.redeem(state)
        if reaction != "accept":
            message, hint = _REFUSALS[reaction]
            raise Denied(message, hint=hint)
        self._approved = approved

    async def ask(self, question: str, operation: str) -> None:
        """Return if a person agreed to this very operation, and that has not been used yet. Raises Denied if not."""
        if operation in self._approved and not self._asked:
            self._approved.remove(operation)
            self._record.approved = True
            return
        if self._has_sent:
            raise Denied("It is not what the person was asked about, and was not sent.", hint="Call again for it.")
        self._asked[operation] = question
        raise _waiting()

    def sending(self) -> None:
        """Something that changes the cluster is about to be sent. Raises Denied if a question comes first."""
        if self._asked:
            raise _waiting()
        self._has_sent = True

    async def settle(self) -> None:
        """The handler is done. Raises ApprovalRequired if there is something to ask, or Denied if nobody can be."""
        if not self._asked or self._has_sent:
            return
        if not self._person.reachable:
            raise Denied(
                "A person has to approve of this first (--confirm), and this client cannot ask one (it declares no "
                "elicitation of forms, or keeps no session in which to ask one); nothing was changed.",
                hint="Tell the user what you wanted to do; they can do it.",
            )
        if len(self._asked) > MOST_OPERATIONS:
            raise Denied(
                f"A person would have to approve of {len(self._asked)} operations at once; {MOST_OPERATIONS} are the "
                "most. Nothing was changed.",
                hint="Ask for fewer in one call.",
            )
        raise ApprovalRequired(Question(text=self._text(), state=await self._slips.issue(self._asked)))

    def _text(self) -> str:
        questions = list(self._asked.values())
        if len(questions) == 1:
            return questions[0]
        return "\n".join([f"Approve of all these {len(questions)} operations?", *(f"- {each}" for each in questions)])


def _waiting() -> Denied:
    return Denied("A person has to approve first, so it was not sent.", hint="Call again for it.")


async def approving(call: ToolCall, proceed: Proceed) -> Answer:
    """Ask a person where one has to be asked; the host's innermost step, around the handler.

    What the handler made of the refusals of a call that is going to be repeated is of no interest.
    """
    if call.approver is None:
        return await proceed(call)
    await call.approver.admit()
    try:
        answer = await proceed(call)
    except ToolError:
        await call.approver.settle()
        raise
    await call.approver.settle()
    return answer
