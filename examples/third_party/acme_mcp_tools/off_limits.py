"""A policy: namespaces that no call may ask about, whatever the cluster would allow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mcp_kubernetes import Answer, Denied, ToolCall
from mcp_kubernetes.spi import Stage

if TYPE_CHECKING:
    from mcp_kubernetes.spi import Proceed


@dataclass(frozen=True)
class OffLimits:
    """Refuses calls that name one of the namespaces. Calls over all namespaces it cannot see into: those too."""

    namespaces: tuple[str, ...]
    stage = Stage.ADMIT

    async def __call__(self, call: ToolCall, proceed: Proceed) -> Answer:
        """Let the call proceed, unless it reaches where it must not."""
        everywhere = call.arguments.get("all_namespaces", False)
        if self.namespaces and (everywhere or call.arguments.get("namespace") in self.namespaces):
            raise Denied("ACME keeps this namespace to itself.", hint="Ask about another namespace.")
        return await proceed(call)
