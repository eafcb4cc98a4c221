"""Refusals in the form of an API server: a Status with the code, the reason and the words that it would use."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import msgspec

from mcp_kubernetes.spi import Response

JSON = {"content-type": "application/json"}


class Refusal(Exception):
    """The request is answered with this Status, and a warning where the kind that it is about deserves one.

    `token` continues a list that is not there any more in the present one.
    """

    def __init__(self, code: int, reason: str, message: str, details: dict[str, Any] | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.reason = reason
        self.details = details
        self.warning = ""
        self.token = ""

    def status(self) -> dict[str, Any]:
        """The Status."""
        metadata = {"continue": self.token} if self.token else {}
        body = {"kind": "Status", "apiVersion": "v1", "metadata": metadata, "status": "Failure", "message": str(self)}
        body |= {"reason": self.reason} if self.reason else {}
        body |= {"details": self.details} if self.details is not None else {}
        return body | {"code": self.code}

    def response(self) -> Response:
        """The answer, byte for byte as `metav1.Status` is encoded."""
        seconds = (self.details or {}).get("retryAfterSeconds")
        headers = {**JSON, "retry-after": str(seconds or ""), "warning": self.warning}
        found = {name: value for name, value in headers.items() if value}
        return Response(status=self.code, headers=found, body=msgspec.json.encode(self.status()))


class NoPage(Refusal):
    """There is nothing at that path, and nobody who could say so in a Status."""

    def __init__(self) -> None:
        super().__init__(404, "NotFound", "404 page not found")

    def response(self) -> Response:
        """The answer, as Go's own server gives it."""
        return Response(status=404, headers={"content-type": "text/plain; charset=utf-8"}, body=f"{self}\n".encode())


class NotAllowed(Refusal):
    """Nobody does this there: whoever would warn of the kind is not even asked."""

    def __init__(self, message: str) -> None:
        super().__init__(405, "MethodNotAllowed", message, {})


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


def not_valid(kind: str, problems: Sequence[Mapping[str, str]]) -> Refusal:
    """Options of this kind hold what they must not; each problem has a field, a reason and a message."""
    told = [f"{each['field']}: {each['message']}" for each in problems]
    causes = [{key: each[key] for key in ("reason", "message", "field")} for each in problems]
    text = told[0] if len(told) == 1 else f"[{', '.join(told)}]"
    details = {"group": "meta.k8s.io", "kind": kind, "causes": causes}
    return Refusal(422, "Invalid", f'{kind}.meta.k8s.io "" is invalid: {text}', details)


@contextmanager
def warned(warning: str) -> Iterator[None]:
    """Refusals that are raised meanwhile carry the warning of their kind, too."""
    try:
        yield
    except NotAllowed:
        raise
    except Refusal as refusal:
        refusal.warning = warning
        raise


def unreadable() -> Refusal:
    """A file is not any more what it was."""
    return Refusal(
        500,
        "InternalError",
        "a file of the snapshot cannot be read as it was when it was opened: open the snapshot again",
    )


def expired(message: str, token: str = "") -> Refusal:
    """The state that is asked for is not there any more; with `token` the present one goes on at the same place."""
    found = Refusal(410, "Expired", message)
    found.token = token
    return found


def not_allowed(message: str = "the server does not allow this method on the requested resource") -> Refusal:
    """Nobody does this there, or a snapshot does not."""
    return NotAllowed(message)
