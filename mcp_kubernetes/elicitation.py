"""How a question gets to the person behind a client: by MCP's elicitation, which each era of it carries in its own way.

Since 2026-07-28 the client is told to make the call again, with the reply. Before that the server asks in the middle
of the request, so it is this module that makes the call again, and the rest of the host sees no difference.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from mcp import MCPError
from mcp import types as mcp
from mcp_types.version import MODERN_PROTOCOL_VERSIONS
from pydantic import ValidationError

from mcp_kubernetes.approval import SECONDS
from mcp_kubernetes.conversation import Person, Question, Reply, Report

if TYPE_CHECKING:
    from mcp.server.context import ServerRequestContext

    from mcp_kubernetes.dispatch import Outcome

_MOST_QUESTIONS = 10
"""For one request: there is no end to what could be asked, but to anybody's patience."""

_FORMS: Final[dict[str, Any]] = {"requiredCapabilities": {"elicitation": {"form": {}}}}
"""What a client has to declare, as the error says it (2026-07-28)."""

_PAUSE = 0.02
"""Seconds between two words about progress, the last one aside: nobody sees more of them."""

Call = Callable[[Person], Awaitable["Outcome"]]


async def conversed(
    ctx: ServerRequestContext[Any], params: mcp.InputResponseRequestParams, call: Call
) -> Outcome | mcp.InputRequiredResult:
    """Make a call, and have its questions answered: an outcome, or what the client has to ask before it calls again."""
    if ctx.protocol_version not in MODERN_PROTOCOL_VERSIONS:
        return await _asking(ctx, call)
    outcome = await call(_person(ctx, params))
    if outcome.unreachable:
        raise MCPError(mcp.MISSING_REQUIRED_CLIENT_CAPABILITY, "\n".join(outcome.blocks), _FORMS)
    return _input_required(outcome.question) if outcome.question else outcome


def _person(ctx: ServerRequestContext[Any], params: mcp.InputResponseRequestParams) -> Person:
    """Whom the request speaks for. Replies to nothing that was asked are none."""
    given = (params.input_responses or {}).items()
    replies = {name: _reply(found) for name, found in given if isinstance(found, mcp.ElicitResult)}
    return Person(reachable=_takes_forms(ctx), state=params.request_state, replies=replies, report=_reporting(ctx))


def _input_required(question: Question) -> mcp.InputRequiredResult:
    form = mcp.ElicitRequestFormParams(message=question.text, requested_schema=dict(question.form))
    return mcp.InputRequiredResult(
        input_requests={question.name: mcp.ElicitRequest(params=form)}, request_state=question.state
    )


async def _asking(ctx: ServerRequestContext[Any], call: Call) -> Outcome:
    reachable = _takes_forms(ctx) and ctx.session.can_send_request
    person = Person(reachable=reachable, report=_reporting(ctx))
    outcome = await call(person)
    for _ in range(_MOST_QUESTIONS):
        if (question := outcome.question) is None:
            break
        replies = {question.name: await _answer(ctx, question)}
        outcome = await call(replace(person, state=question.state, replies=replies))
    return outcome


async def _answer(ctx: ServerRequestContext[Any], question: Question) -> Reply:
    """Ask, and wait. A client that goes away cancels this with the request."""
    try:
        async with asyncio.timeout(SECONDS):
            return _reply(await ctx.session.elicit_form(question.text, dict(question.form), ctx.request_id))
    except TimeoutError:
        return Reply(reaction="silence")
    except (MCPError, ValidationError):
        return Reply(reaction="failure")


def _reply(found: mcp.ElicitResult) -> Reply:
    return Reply(reaction=found.action, content=found.content or {})


def _takes_forms(ctx: ServerRequestContext[Any]) -> bool:
    """Whether the client declared it. An empty declaration is from before there were modes, and means forms."""
    capabilities = ctx.session.client_capabilities
    found = capabilities.elicitation if capabilities else None
    return found is not None and (found.form is not None or found.url is None)


def _reporting(ctx: ServerRequestContext[Any]) -> Report:
    """Progress of one request, which only ever grows: a call that is made again begins anew. No client is flooded.

    The SDK sends nothing to a client that gave no token.
    """
    now = asyncio.get_running_loop().time
    most, last = -math.inf, -math.inf

    async def report(done: float, total: float | None, message: str) -> None:
        nonlocal most, last
        if done > most and (done == total or now() - last >= _PAUSE):
            most, last = done, now()
            await ctx.session.report_progress(done, total, message or None)

    return report
