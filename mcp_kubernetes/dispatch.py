"""From a tool's name and raw arguments to an outcome: one call, from its record to its words."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from mcp_kubernetes.audit import CallRecord
from mcp_kubernetes.background import Background, CallersBackground
from mcp_kubernetes.calls import Budget, Session, ToolCall
from mcp_kubernetes.conversation import NOBODY, InputRequired, InvalidState, Person, Question, Unreachable
from mcp_kubernetes.errors import Forbidden, NotFound, ToolError, UnknownCluster, UnknownKind
from mcp_kubernetes.log import report
from mcp_kubernetes.notes import FEWEST_NOTES_BYTES, Notes
from mcp_kubernetes.redact import redact
from mcp_kubernetes.rendering import unposed
from mcp_kubernetes.results import Answer, Rendered, Whole, clean, strip_control
from mcp_kubernetes.watchdog import Watchdog, Work

if TYPE_CHECKING:
    from mcp_kubernetes.clusters import ClusterRegistry
    from mcp_kubernetes.conversation import Conversations
    from mcp_kubernetes.identity import Identity
    from mcp_kubernetes.pipeline import Proceed
    from mcp_kubernetes.tools import Tool

_MAX_ERROR = 4_000
_EXPLAINING_SECONDS = 5.0
"""Beyond the call's own time: a refusal that nobody explains is better than none."""

HOST = "mcp_kubernetes"
"""Whose a tool is that no plugin brought."""


class UnknownTool(LookupError):
    """No tool of that name is listed. Whether it does not exist or is not allowed is not told."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """What a call came to: text and other content for the client, and whether it failed.

    With a `question` it came to nothing yet: a person has to answer it, then the call is to be made again. `missing`
    tells that what was asked for does not exist, `unreachable` that a tool could not ask what it has to.
    """

    parts: Sequence[str | Whole]
    is_error: bool = False
    question: Question | None = None
    missing: bool = False
    unreachable: bool = False

    @property
    def blocks(self) -> tuple[str, ...]:
        """The blocks of text among the parts."""
        return tuple(part for part in self.parts if isinstance(part, str))


@dataclass(frozen=True, kw_only=True)
class Dispatcher:
    """Calls tools. `tools` are the ones that are served, `proceed` is the pipeline around their handlers.

    `plugins` says from which plugin each tool is, for the watchdog, which names what blocks the event loop.

    `timeout` is in seconds and holds for tools that declare none, `max_call` for those that wait; `max_bytes` is the
    budget of an answer.
    """

    tools: Mapping[str, Tool]
    plugins: Mapping[str, str]
    watchdog: Watchdog
    proceed: Proceed
    clusters: ClusterRegistry
    background: Background
    conversations: Conversations
    timeout: float
    max_call: float
    max_bytes: int

    async def call(
        self,
        name: str,
        arguments: Mapping[str, Any],
        identity: Identity,
        session: Session | None,
        person: Person = NOBODY,
    ) -> Outcome:
        """Call a tool. Raises UnknownTool and InvalidState; every other failure is an outcome with a sentence."""
        record = _record(name, arguments, identity, session)
        if name not in self.tools:
            record.write_unknown()
            raise UnknownTool(f"Unknown tool: {clean(redact(name))[:100]}")
        return await self._run(self._call(self.tools[name], record, identity, session, person))

    async def run(
        self,
        hidden: Tool,
        arguments: Mapping[str, Any],
        identity: Identity,
        session: Session | None,
        person: Person = NOBODY,
    ) -> Outcome:
        """Call a tool that is not served by its name, for the host itself. Raises InvalidState."""
        record = _record(hidden.name, arguments, identity, session)
        return await self._run(self._call(hidden, record, identity, session, person))

    async def _run(self, call: ToolCall) -> Outcome:
        name = call.tool.name
        task = asyncio.current_task()
        self.watchdog.begin(task, Work(self.plugins.get(name, HOST), name, call.id))
        try:
            return _outcome(await self.proceed(call))
        except InputRequired as error:
            return replace(_failure(str(error), call), question=error.question)
        except InvalidState:
            raise
        except ToolError as error:
            missing = isinstance(error, NotFound | UnknownKind | UnknownCluster)
            unreachable = isinstance(error, Unreachable)
            return replace(_failure(await _explained(error), call), missing=missing, unreachable=unreachable)
        except Exception as error:  # noqa: BLE001 - reported with its traceback, answered in general words
            return _failure(report(error, name, call.id), call)
        finally:
            self.watchdog.end(task)

    def _call(
        self, tool: Tool, record: CallRecord, identity: Identity, session: Session | None, person: Person
    ) -> ToolCall:
        record.effect = tool.effect.value
        timeout = tool.seconds(record.arguments, self.timeout, self.max_call)
        deadline = asyncio.get_running_loop().time() + timeout
        conversation = self.conversations.conversation(person, record, identity, tool.name, record.arguments)
        return ToolCall(
            id=record.id,
            tool=tool,
            arguments=record.arguments,
            identity=identity,
            session=session,
            budget=Budget(self.max_bytes),
            notes=Notes(),
            now=datetime.now(UTC),
            timeout=timeout,
            deadline=deadline,
            clusters=self.clusters.view(identity, session, deadline, conversation.report),
            background=self._background(tool, identity),
            record=record,
            conversation=conversation,
            approver=conversation if self.conversations.confirm else None,
        )

    def _background(self, tool: Tool, identity: Identity) -> CallersBackground:
        plugin = self.plugins.get(tool.name, HOST)
        return CallersBackground(background=self.background, owner=identity.key, plugin=plugin)


def _record(tool: str, arguments: Mapping[str, Any], identity: Identity, session: Session | None) -> CallRecord:
    return CallRecord(
        id=uuid.uuid4().hex[:12],
        tool=tool,
        identity=identity.username or identity.subject,
        session=session.key if session else "",
        arguments=arguments,
    )


async def _explained(error: ToolError) -> str:
    """The sentence; one about a refusal by the API server goes on to tell who was refused, and what is missing."""
    refusal = error if isinstance(error, Forbidden) else error.__cause__
    if not isinstance(refusal, Forbidden) or refusal.explain is None:
        return str(error)
    try:
        async with asyncio.timeout(_EXPLAINING_SECONDS):
            return f"{error}\n{await refusal.explain()}".rstrip()
    except (ToolError, TimeoutError):
        return str(error)


def _outcome(answer: Answer) -> Outcome:
    rendered = (part for part in answer.parts if isinstance(part, Rendered | Whole))
    return Outcome(parts=tuple(part.text if isinstance(part, Rendered) else part for part in rendered))


def _failure(sentence: str, call: ToolCall) -> Outcome:
    """The sentence, and the notes so far: what was assumed often explains what went wrong."""
    text = "\n".join(map(unposed, redact(strip_control(sentence))[:_MAX_ERROR].splitlines()))
    notes = call.notes.within(max(call.budget.max_bytes - len(text.encode()), FEWEST_NOTES_BYTES))
    return Outcome(parts=tuple(block for block in (text, notes) if block), is_error=True)
