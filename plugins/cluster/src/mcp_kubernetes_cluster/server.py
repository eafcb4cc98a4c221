"""What the API server says of itself: the checks behind /readyz and /livez, as findings of the worst kind."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from mcp_kubernetes import Found, Severity, ToolCall, ToolError, Unread

if TYPE_CHECKING:
    from collections.abc import Sequence

    from mcp_kubernetes import Endpoint

_ENDPOINTS: tuple[tuple[Endpoint, str], ...] = (("readyz", "APIServerNotReady"), ("livez", "APIServerNotLive"))


@dataclass
class SelfReport:
    """What was found, and what could not be read."""

    found: list[Found] = field(default_factory=list)
    unread: list[Unread] = field(default_factory=list)


async def self_report(call: ToolCall, deadline: float) -> SelfReport:
    """Ask both endpoints, until `deadline`. Raises nothing that an API server may do."""
    report = SelfReport()
    for endpoint, cause in _ENDPOINTS:
        try:
            async with asyncio.timeout_at(deadline):
                checks = await call.cluster.server_checks(endpoint)
        except (ToolError, TimeoutError) as error:
            report.unread.append(Unread.of(f"/{endpoint} of the API server", error, essential=True))
        else:
            report.found += _found(endpoint, cause, [check.text for check in checks if not check.passed])
    return report


def _found(endpoint: str, cause: str, failed: Sequence[str]) -> list[Found]:
    if not failed:
        return []
    what = {"object": f"API server /{endpoint}", "count": len(failed), "evidence": "; ".join(failed)}
    return [Found(severity=Severity.CRITICAL, cause=cause, **what)]  # type: ignore[arg-type]
