"""Refusals in the form of an API server: a Status with the code, the reason and the words that it would use."""

from __future__ import annotations

from typing import Any

import msgspec

from mcp_kubernetes.spi import Response

JSON = {"content-type": "application/json"}


class Refusal(Exception):
    """The request is answered with this Status."""

    def __init__(self, code: int, reason: str, message: str, details: dict[str, Any] | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.reason = reason
        self.details = details

    def response(self) -> Response:
        """The answer, byte for byte as `metav1.Status` is encoded."""
        body = {"kind": "Status", "apiVersion": "v1", "metadata": {}, "status": "Failure", "message": str(self)}
        body |= {"reason": self.reason} if self.reason else {}
        body |= {"details": self.details} if self.details is not None else {}
        return Response(status=self.code, headers=JSON, body=msgspec.json.encode(body | {"code": self.code}))


def not_found(group: str, plural: str, name: str) -> Refusal:
    """There is no object of that name."""
    resource = f"{plural}.{group}" if group else plural
    details = {"name": name} | ({"group": group} if group else {}) | {"kind": plural}
    return Refusal(404, "NotFound", f'{resource} "{name}" not found', details)


def not_served(why: str = "the server could not find the requested resource") -> Refusal:
    """There is nothing at that path."""
    return Refusal(404, "NotFound", why, {})


def bad_request(message: str) -> Refusal:
    """The request itself is wrong."""
    return Refusal(400, "BadRequest", message)


def unreadable() -> Refusal:
    """A file is not any more what it was."""
    return Refusal(
        500,
        "InternalError",
        "a file of the snapshot cannot be read as it was when it was opened: open the snapshot again",
    )


def expired(message: str) -> Refusal:
    """The state that is asked for is not there any more."""
    return Refusal(410, "Expired", message)


def not_allowed(message: str) -> Refusal:
    """A snapshot does not do this."""
    return Refusal(405, "MethodNotAllowed", message, {})
