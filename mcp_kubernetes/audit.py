"""One JSON line for every call: who asked what of which cluster, what was decided, and what came of it.

The record is made before anything can refuse the call, and written when it ends, however it ends.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from mcp_kubernetes import redact
from mcp_kubernetes.conversation import InputRequired
from mcp_kubernetes.errors import Busy, Denied, InvalidArguments, TimedOut, ToolError, TooManyRequests
from mcp_kubernetes.log import AUDIT_LOGGER
from mcp_kubernetes.results import Answer, clean

if TYPE_CHECKING:
    from mcp_kubernetes.calls import ToolCall
    from mcp_kubernetes.pipeline import Proceed


@dataclass(kw_only=True)
class CallRecord:
    """What is known of one call so far. `decision` is "allowed" until something refuses it.

    `reveals` tells whether values of Secrets were read to be shown, `approved` whether something passed that a person
    agreed to. `outcome` is "ok", "partial" (an error after a part of the answer), "asked" (a person has to agree
    first: then the call is made again), "denied", "invalid", "unknown", "busy" (this server had no room for it),
    "throttled" (the API server had none), "error", "timeout" or "cancelled".
    """

    id: str
    tool: str
    identity: str
    session: str
    arguments: Mapping[str, Any]
    effect: str = ""
    cluster: str = ""
    namespace: str = ""
    decision: str = "allowed"
    reason: str = ""
    outcome: str = "ok"
    reveals: bool = False
    approved: bool = False
    bytes: int = 0
    started: float = field(default_factory=time.perf_counter)

    def line(self, **extra: object) -> dict[str, object]:
        """The record as a JSON object."""
        line = {
            "audit": "call",
            "id": self.id,
            "time": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "tool": clean(redact.redact(self.tool))[:128],
            "effect": self.effect,
            "identity": self.identity,
            "session": self.session,
            "cluster": self.cluster,
            "namespace": self.namespace,
            "arguments": redact.arguments(self.arguments),
            "decision": self.decision,
            "reason": self.reason,
            "outcome": self.outcome,
            "bytes": self.bytes,
            **({"secret_values": "shown"} if self.reveals else {}),
            **({"approved": True} if self.approved else {}),
            "ms": round((time.perf_counter() - self.started) * 1_000, 1),
            **extra,
        }
        return {name: redact.deep(value) for name, value in line.items()}

    def refuse(self, outcome: str, reason: str) -> None:
        """The call was not let through."""
        self.decision, self.outcome, self.reason = "denied", outcome, reason

    def fail(self, outcome: str, reason: str) -> None:
        """The call was let through and did not succeed."""
        self.outcome, self.reason = outcome, reason

    def write(self) -> None:
        """Write the line of the call that has ended."""
        _write(self.line())

    def write_unknown(self) -> None:
        """Write that a tool was asked for that is not served."""
        self.refuse("unknown", "no such tool is served")
        self.write()

    def write_started(self, operation: str, resource: str, *, dry_run: bool, command: Sequence[str] = ()) -> None:
        """Write that a request which changes or connects is about to be sent, in case the end is never written.

        `command` is what it starts in a container; it is written whole, as what is not seen in it may be what matters.
        """
        extra = {"operation": operation, "resource": resource, "dry_run": dry_run}
        _write(self.line(audit="started", outcome="started", **extra, **({"command": command} if command else {})))

    def write_ended(self, reason: str, handle: str, figures: Mapping[str, object]) -> None:
        """Write that what the call started has ended, and why; `figures` are what it came to."""
        _write(self.line(**{**figures, "audit": "ended", "reason": reason, "handle": handle}))


def _write(line: Mapping[str, object]) -> None:
    text = json.dumps(line, ensure_ascii=False, default=str)
    # Half a surrogate pair, which no stream would take, becomes the JSON escape that means the same.
    AUDIT_LOGGER.critical(text.encode(errors="backslashreplace").decode())


async def audited(call: ToolCall, proceed: Proceed) -> Answer:
    """Write the call's record, whatever becomes of it; the host's outermost step."""
    try:
        answer = await proceed(call)
        call.record.bytes = answer.size
    except asyncio.CancelledError:
        call.record.fail("cancelled", "the client cancelled the call, or went away")
        raise
    except Exception as error:
        _judge(call.record, error)
        raise
    finally:
        call.record.write()
    return answer


def _judge(record: CallRecord, error: Exception) -> None:
    reason = error.message if isinstance(error, ToolError) else type(error).__name__
    match error:
        case InputRequired():
            record.refuse("asked", error.question.text)
        case Denied():
            record.refuse("denied", reason)
        case InvalidArguments():
            record.refuse("invalid", reason)
        case Busy():
            record.refuse("busy", reason)
        case TooManyRequests():
            record.fail("throttled", reason)
        case TimedOut():
            record.fail("timeout", reason)
        case _:
            record.fail("error", reason)
