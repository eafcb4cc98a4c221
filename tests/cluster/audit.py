"""What reached the API server: every request, reads too, written by the server itself.

A test that says "this call made two requests, as Alice, and no write" asks here, and not our own client.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# Without RequestReceived each request is one line, written when it is answered; a watch has two
# (ResponseStarted when it opens, ResponseComplete when it ends).
POLICY = """\
apiVersion: audit.k8s.io/v1
kind: Policy
omitStages: [RequestReceived]
rules: [{level: Metadata}]
"""


@dataclass(frozen=True, kw_only=True)
class Request:
    """One line of the audit log."""

    verb: str
    uri: str
    user: str
    groups: tuple[str, ...]
    impersonated: str
    user_agent: str
    stage: str
    code: int


def requests(log: Path, *, user_agent: str = "", user: str = "") -> Iterator[Request]:
    """The requests so far, oldest first, of clients whose agent starts so and of this user (if given)."""
    if not log.exists():
        return
    with log.open(encoding="utf-8") as lines:
        for line in lines:
            if not line.endswith("\n"):  # the server is still writing it
                return
            if user not in line or user_agent not in line:  # cheap: the log of a whole run has a hundred thousand lines
                continue
            request = _request(json.loads(line))
            if request.user_agent.startswith(user_agent) and user in ("", request.user):
                yield request


def is_logged(log: Path, uri: str) -> bool:
    """Whether a request for `uri` is in the log by now."""
    return log.exists() and f'"requestURI":"{uri}"'.encode() in log.read_bytes()


def _request(event: dict[str, object]) -> Request:
    user = _mapping(event.get("user"))
    return Request(
        verb=str(event["verb"]),
        uri=str(event["requestURI"]),
        user=str(user.get("username", "")),
        groups=_strings(user.get("groups")),
        impersonated=str(_mapping(event.get("impersonatedUser")).get("username", "")),
        user_agent=str(event.get("userAgent", "")),
        stage=str(event["stage"]),
        code=int(str(_mapping(event.get("responseStatus")).get("code", 0))),
    )


def _mapping(value: object) -> dict[str, object]:
    return value if isinstance(value, dict) else {}


def _strings(value: object) -> tuple[str, ...]:
    return tuple(map(str, value)) if isinstance(value, list) else ()
