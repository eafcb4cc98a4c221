"""What this server may do, decided in one place: for the list of tools, for a call, and for each request."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from mcp_kubernetes.effects import Effect
from mcp_kubernetes.errors import Denied

if TYPE_CHECKING:
    from mcp_kubernetes.kube.guard import RequestAttributes
    from mcp_kubernetes.tools import Tool


@dataclass(frozen=True, kw_only=True)
class SafetyPolicy:
    """The operator's limits. Pure: deciding changes nothing and asks nobody."""

    allowed: frozenset[Effect] = frozenset({Effect.READ})

    def decide(self, subject: Tool | RequestAttributes) -> None:
        """Return if the tool may be listed and called, or the request sent; raise Denied otherwise."""
        if subject.effect not in self.allowed:
            raise Denied(f"This server allows no {subject.effect.value} operations.", hint=_HINT)

    def allows(self, tool: Tool) -> bool:
        """Whether `decide` lets the tool pass."""
        try:
            self.decide(tool)
        except Denied:
            return False
        return True


_HINT = "Tell the user what you wanted to do; they can do it, or start the server with more rights."
