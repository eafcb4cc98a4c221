"""How a question gets to the person behind a client: by MCP's elicitation, which each era of it carries in its own way.

Since 2026-07-28 the client is told to make the call again, with the answer. Before that the server asks in the middle
of the request, so it is this module that makes the call again, and the rest of the host sees no difference.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any

from mcp import MCPError
from mcp import types as mcp
from mcp_types.version import MODERN_PROTOCOL_VERSIONS
from pydantic import ValidationError

from mcp_kubernetes.approval import SECONDS, Person, Question, Reaction

if TYPE_CHECKING:
    from mcp.server.context import ServerRequestContext

    from mcp_kubernetes.dispatch import Outcome

_APPROVE = "approve"
"""Name of the question among the input requests, and of its only field."""

_FORM = {
    "type": "object",
    "properties": {
        _APPROVE: {"type": "boolean", "title": "Approve", "description": "Tick this to let it be carried out."}
    },
    "required": [_APPROVE],
}
"""One box without a default. Some clients cannot send a form without fields, and some fill in defaults unasked."""

_MOST_QUESTIONS = 3
"""For one request, where what is asked about changes each time before the answer comes."""

Call = Callable[[Person], Awaitable["Outcome"]]


async def conversed(
    ctx: ServerRequestContext[Any], params: mcp.CallToolRequestParams, call: Call
) -> Outcome | mcp.InputRequiredResult:
    """Make a call, and have its questions answered: an outcome, or what the client has to ask before it calls again."""
    if ctx.protocol_version not in MODERN_PROTOCOL_VERSIONS:
        return await _asking(ctx, call)
    outcome = await call(_person(ctx, params))
    return _input_required(outcome.question) if outcome.question else outcome


def _person(ctx: ServerRequestContext[Any], params: mcp.CallToolRequestParams) -> Person:
    """Whom the request speaks for. An answer to nothing that was asked is none."""
    answer = (params.input_responses or {}).get(_APPROVE)
    reaction = _reaction(answer) if isinstance(answer, mcp.ElicitResult) else None
    return Person(reachable=_takes_forms(ctx), state=params.request_state, reaction=reaction)


def _input_required(question: Question) -> mcp.InputRequiredResult:
    form = mcp.ElicitRequestFormParams(message=question.text, requested_schema=_FORM)
    return mcp.InputRequiredResult(
        input_requests={_APPROVE: mcp.ElicitRequest(params=form)}, request_state=question.state
    )


async def _asking(ctx: ServerRequestContext[Any], call: Call) -> Outcome:
    outcome = await call(Person(reachable=_takes_forms(ctx) and ctx.session.can_send_request))
    for _ in range(_MOST_QUESTIONS):
        if outcome.question is None:
            break
        reaction = await _answer(ctx, outcome.question)
        outcome = await call(Person(reachable=True, state=outcome.question.state, reaction=reaction))
    return outcome


async def _answer(ctx: ServerRequestContext[Any], question: Question) -> Reaction:
    """Ask, and wait. A client that goes away cancels this with the request."""
    try:
        async with asyncio.timeout(SECONDS):
            found = await ctx.session.elicit_form(question.text, _FORM, ctx.request_id)
    except TimeoutError:
        return "silence"
    except (MCPError, ValidationError):
        return "failure"
    return _reaction(found)


def _reaction(found: mcp.ElicitResult) -> Reaction:
    """A form that came back without the tick is no yes."""
    if found.action == "accept" and (found.content or {}).get(_APPROVE) is not True:
        return "decline"
    return found.action


def _takes_forms(ctx: ServerRequestContext[Any]) -> bool:
    """Whether the client declared it. An empty declaration is from before there were modes, and means forms."""
    capabilities = ctx.session.client_capabilities
    found = capabilities.elicitation if capabilities else None
    return found is not None and (found.form is not None or found.url is None)
