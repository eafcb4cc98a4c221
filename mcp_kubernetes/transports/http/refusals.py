"""How a request is refused before any tool is asked: a status of HTTP, and an error of the protocol that says why."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from typing import TYPE_CHECKING

from mcp import types as mcp
from starlette.responses import Response

from mcp_kubernetes.transports.messages import refusal

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

_log = logging.getLogger(__name__)


class Refused(Exception):
    """The request goes no further. No sentence repeats what the client sent."""

    def __init__(self, status: int, error: str | mcp.JSONRPCError, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(error if isinstance(error, str) else error.error.message)
        self.status = status
        self.error = refusal(mcp.INVALID_REQUEST, error) if isinstance(error, str) else error
        self.headers = headers

    async def answer(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Send the refusal."""
        client = (scope.get("client") or ("nowhere", 0))[0]
        _log.info("Refused with %d, from %s: %s", self.status, client, self)
        body = self.error.model_dump_json(by_alias=True, exclude_unset=True)
        response = Response(body, self.status, self.headers, "application/json")
        await response(scope, receive, send)
