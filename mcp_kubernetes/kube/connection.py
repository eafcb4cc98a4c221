"""The seam: one request goes down, one response comes up. The network is one implementation, files another."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Protocol


@dataclass(frozen=True, kw_only=True)
class Request:
    """One HTTP request to an API server, before credentials are added.

    `path` is absolute and unescaped; its segments were validated. `upgrade` names the WebSocket protocols
    of a request that leaves HTTP. `timeout` is in seconds, for the whole exchange. `paths`, where there are any, are
    all that the asker looks at in each object of a list: the rest may be left out of what is handed on.
    """

    method: str
    path: str
    query: tuple[tuple[str, str], ...] = ()
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes | None = None
    upgrade: tuple[str, ...] = ()
    timeout: float = 30.0
    paths: tuple[str, ...] = ()

    @property
    def upgrades(self) -> bool:
        """Whether the request asks to leave HTTP, in whatever way."""
        return bool(self.upgrade) or any(name.lower() in {"upgrade", "connection"} for name, _ in self.headers)


def digest(request: Request, *target: str) -> str:
    """What tells this very request from any other; `target` is the cluster, and whatever else it is meant for."""
    said = [target, request.method, request.path, request.query, request.headers, (request.body or b"").decode()]
    return hashlib.sha256(json.dumps(said).encode()).hexdigest()


@dataclass(frozen=True, kw_only=True)
class Response:
    """What came back. `headers` has lower-case names; `body` is complete.

    Where `body` was masked and the operator lets values be shown, `revealed` is what it was before.
    """

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""
    revealed: bytes | None = None


class Connection(Protocol):
    """A way to one cluster, for one TLS identity. Shared by all callers with that identity."""

    async def request(self, request: Request, max_bytes: int) -> Response:
        """Send once, read at most `max_bytes`. Raises ClusterUnreachable, TimedOut, AnswerTooLarge."""

    async def aclose(self) -> None:
        """Close what is open. Requests that still run fail."""
