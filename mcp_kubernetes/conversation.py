"""What a call and the person behind its client say to each other before there is an answer.

A question ends the call, which is made again with the reply: nothing has to wait in this process, and whichever replica
the client reaches next can go on. What was said before travels with the client, sealed. So whatever asks must not have
changed anything yet; that is seen to here. Who carries a question to the person is the bridge's business.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal, TypeVar

from pydantic import BaseModel, ValidationError

from mcp_kubernetes.approval import APPROVE, FORM, MOST_OPERATIONS, SECONDS, Slips, together
from mcp_kubernetes.errors import Denied, InvalidArguments, ToolError
from mcp_kubernetes.redact import redact
from mcp_kubernetes.results import clean, strip_control
from mcp_kubernetes.seal import Seal, Sealer

if TYPE_CHECKING:
    from mcp_kubernetes.audit import CallRecord
    from mcp_kubernetes.calls import ToolCall
    from mcp_kubernetes.identity import Identity
    from mcp_kubernetes.pipeline import Proceed
    from mcp_kubernetes.results import Answer
    from mcp_kubernetes.store import Store

F = TypeVar("F", bound=BaseModel)

Reaction = Literal["accept", "decline", "cancel", "silence", "failure"]
"""What came of a question: the three answers of MCP, nothing in time, or a client that could not ask."""

Report = Callable[[float, "float | None", str], Awaitable[None]]
"""Tells a client how far a call is."""

_REFUSALS: Final[Mapping[Reaction, tuple[str, str]]] = {
    "decline": ("The person at the client declined; nothing was changed.", "Do not try again unless they ask for it."),
    "cancel": (
        "The person at the client closed the question without an answer; nothing was changed.",
        "Tell them that approving takes two steps: to tick the box, and to accept.",
    ),
    "silence": (
        f"Nobody answered within {SECONDS / 60:g} minutes; nothing was changed.",
        "Call again when somebody is there to answer.",
    ),
    "failure": (
        "The client was to ask a person, and failed to; nothing was changed.",
        "Tell the user what you wanted to do; they can do it.",
    ),
}


@dataclass(frozen=True, kw_only=True)
class Reply:
    """What came of one question, and the form's fields where it was accepted."""

    reaction: Reaction
    content: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class Person:
    """What a request says of the person behind its client: can they be asked, and what did they reply to what?

    `state` came with the questions, and is whatever the client says it is. `report` shows them how far the call is.
    """

    reachable: bool = False
    state: str | None = None
    replies: Mapping[str, Reply] = field(default_factory=dict)
    report: Report | None = None


NOBODY: Final = Person()


@dataclass(frozen=True, kw_only=True)
class Question:
    """What a person is asked: the reply comes back under `name`, with the form's fields and the sealed `state`."""

    name: str
    text: str
    form: Mapping[str, Any]
    state: str


class InputRequired(Denied):
    """The call has to be made again, with a person's reply to `question`; nothing was sent."""

    def __init__(self, question: Question) -> None:
        super().__init__("A person has to be asked first; nothing was changed.")
        self.question = question


class Unreachable(Denied):
    """A tool cannot do without asking, and there is no way to ask."""


class InvalidState(Denied):
    """What a client sent back is not what it was given for this call."""


@dataclass(frozen=True, kw_only=True)
class Conversations:
    """Those of one server. With `confirm`, a person has to approve of what destroys."""

    seal: Seal
    store: Store
    confirm: bool

    def conversation(
        self, person: Person, record: CallRecord, identity: Identity, tool: str, arguments: Mapping[str, Any]
    ) -> CallConversation:
        """For one call of `tool` with these arguments, not yet validated."""

        def sealer() -> Sealer:
            return self.seal.bound("conversation", identity.key, tool, json.dumps(arguments, sort_keys=True))

        return CallConversation(person, record, sealer, lambda: Slips(self.store, identity.key))


class CallConversation:
    """The conversation of one call, which is the way to approvals as well.

    Once something is to be asked the call sends nothing more, and once it has sent something it asks nothing more: what
    was carried out must not be repeated with the call.
    """

    def __init__(
        self, person: Person, record: CallRecord, sealer: Callable[[], Sealer], slips: Callable[[], Slips]
    ) -> None:
        self._person = person
        self._record = record
        self._sealer = sealer
        self._slips = slips
        self._replies: dict[str, Reply] = {}
        self._question: Question | None = None
        self._approved: set[str] = set()
        self._to_approve: dict[str, str] = {}
        self._has_sent = False

    async def report(self, done: float, total: float | None, message: str) -> None:
        """Show how far the call is, if somebody wants to know."""
        if self._person.report:
            await self._person.report(done, total, clean(redact(message)))

    async def admit(self) -> None:
        """Take the replies that came with the call. Raises InvalidState, and Denied if one is no yes to this call."""
        kept = self._opened(self._person.state) if self._person.state is not None else {}
        self._replies = {name: Reply(**reply) for name, reply in kept.get("replies", {}).items()}
        self._replies.update(self._person.replies)
        approval = self._replies.pop(APPROVE, None)
        if approval is None or "slip" not in kept:
            return
        approved = await self._slips().redeem(kept["slip"])
        if (reaction := _ticked(approval)) != "accept":
            raise _refused(reaction)
        self._approved = approved

    async def elicit(self, name: str, question: str, form: type[F]) -> F | None:
        """See `ToolCall.elicit`."""
        if (reply := self._replies.get(name)) is not None:
            if reply.reaction in ("silence", "failure"):
                raise _refused(reply.reaction)
            if reply.reaction != "accept":
                return None
            with suppress(ValidationError):
                return form.model_validate(dict(reply.content))
        if not self._person.reachable:
            raise Unreachable(
                "The user has to be asked something, and there is no way to: the client declares no elicitation of "
                "forms, or the server sends it no streams (--disable-streaming, --stateless).",
                hint=f"Tell the user what is wanted: {question}",
            )
        if self._has_sent:
            raise Denied("Something was changed already, so the user cannot be asked any more.")
        text = strip_control(redact(question))
        self._question = self._question or Question(name=name, text=text, form=_fields(form), state=self._state())
        raise _waiting()

    async def ask(self, question: str, operation: str) -> None:
        """Return if a person agreed to this very operation, and that has not been used yet. Raises Denied if not."""
        if operation in self._approved and not self._is_waiting:
            self._approved.remove(operation)
            self._record.approved = True
            return
        if self._has_sent:
            raise Denied("It is not what the person was asked about, and was not sent.", hint="Call again for it.")
        self._to_approve[operation] = question
        raise _waiting()

    def sending(self) -> None:
        """Something that changes the cluster is about to be sent. Raises Denied if a question comes first."""
        if self._is_waiting:
            raise _waiting()
        self._has_sent = True

    async def settle(self) -> None:
        """The handler is done. Raises InputRequired if there is something to ask, or Denied if nobody can be."""
        if not self._is_waiting or self._has_sent:
            return
        if self._question:
            raise InputRequired(self._question)
        self._check_approvable()
        state = self._state(slip=await self._slips().issue(self._to_approve))
        text = together(list(self._to_approve.values()))
        raise InputRequired(Question(name=APPROVE, text=text, form=FORM, state=state))

    @property
    def _is_waiting(self) -> bool:
        return bool(self._question or self._to_approve)

    def _check_approvable(self) -> None:
        if not self._person.reachable:
            raise Denied(
                "A person has to approve of this first (--confirm), and this client cannot ask one (it declares no "
                "elicitation of forms, or keeps no session in which to ask one); nothing was changed.",
                hint="Tell the user what you wanted to do; they can do it.",
            )
        if len(self._to_approve) > MOST_OPERATIONS:
            raise Denied(
                f"A person would have to approve of {len(self._to_approve)} operations at once; {MOST_OPERATIONS} are "
                "the most. Nothing was changed.",
                hint="Ask for fewer in one call.",
            )

    def _state(self, **more: Any) -> str:
        return self._sealer().seal({"replies": {name: asdict(reply) for name, reply in self._replies.items()}, **more})

    def _opened(self, state: str) -> dict[str, Any]:
        try:
            return self._sealer().open(state)
        except InvalidArguments:
            raise InvalidState(
                "This requestState is of another call, of another replica, or from before the server was restarted; "
                "nothing was changed.",
                hint="Make the call anew, without it.",
            ) from None


def _fields(form: type[BaseModel]) -> Mapping[str, Any]:
    """The form as a client is shown it: a flat object, without what Python calls it."""
    schema = form.model_json_schema()
    return {key: schema[key] for key in ("type", "properties", "required") if key in schema}


def _ticked(approval: Reply) -> Reaction:
    """A form that came back without the tick is no yes."""
    if approval.reaction == "accept" and approval.content.get(APPROVE) is not True:
        return "decline"
    return approval.reaction


def _refused(reaction: Reaction) -> Denied:
    message, hint = _REFUSALS[reaction]
    return Denied(message, hint=hint)


def _waiting() -> Denied:
    return Denied("A person has to be asked first, so it was not sent.", hint="Call again for it.")


async def conversing(call: ToolCall, proceed: Proceed) -> Answer:
    """Ask where something has to be asked; the host's innermost step, around the handler.

    What the handler made of the refusals of a call that is going to be repeated is of no interest.
    """
    if call.conversation is None:
        return await proceed(call)
    await call.conversation.admit()
    try:
        answer = await proceed(call)
    except ToolError:
        await call.conversation.settle()
        raise
    await call.conversation.settle()
    return answer
