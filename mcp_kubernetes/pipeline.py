"""Around every call: an onion of async objects, composed once, its order a fact of `Stage`.

    audit, containment (host) > OBSERVE > SHAPE (host) > arguments, safety (host) > ADMIT > handler

OBSERVE sees only what the model will see. ADMIT may refuse a call or change it.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from enum import IntEnum
from typing import TYPE_CHECKING, Protocol

from mcp_kubernetes.errors import ToolError
from mcp_kubernetes.log import report

if TYPE_CHECKING:
    from mcp_kubernetes.calls import ToolCall
    from mcp_kubernetes.results import Answer

Proceed = Callable[["ToolCall"], Awaitable["Answer"]]
"""The rest of the pipeline."""


class Stage(IntEnum):
    """Where a middleware stands, the outermost first."""

    OBSERVE = 1
    """Outside of rendering: measures and reports."""
    ADMIT = 2
    """Inside, after the arguments were validated: may refuse, raising Denied, or replace the call."""


class Middleware(Protocol):
    """Wraps every call of every tool."""

    stage: Stage

    async def __call__(self, call: ToolCall, proceed: Proceed) -> Answer:
        """Do what is to be done before, `await proceed(call)` once, and return its answer or another."""


Step = Callable[["ToolCall", Proceed], Awaitable["Answer"]]
"""What is composed: a middleware, or one of the host's own steps."""


def compose(steps: Iterable[Step], handler: Proceed) -> Proceed:
    """One function that runs the steps around the handler, the first one outermost."""
    proceed = handler
    for step in reversed(list(steps)):
        proceed = _around(step, proceed)
    return proceed


def _around(step: Step, proceed: Proceed) -> Proceed:
    async def run(call: ToolCall) -> Answer:
        return await step(call, proceed)

    return run


async def contained(call: ToolCall, proceed: Proceed) -> Answer:
    """Let nothing that a plugin raises end the server: neither SystemExit nor a cancellation that is not ours."""
    try:
        return await proceed(call)
    except Exception:
        raise
    except BaseException as error:
        if isinstance(error, GeneratorExit) or _is_cancelled(error):
            raise
        raise ToolError(report(error, call.tool.name, call.id)) from None


def _is_cancelled(error: BaseException) -> bool:
    """Whether the call is being cancelled; a plugin may also await something that was cancelled by itself."""
    import asyncio  # the command `plugins` loads this module, and no event loop

    task = asyncio.current_task()
    return isinstance(error, asyncio.CancelledError) and task is not None and task.cancelling() > 0
