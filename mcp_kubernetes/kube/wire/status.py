"""From an API server's refusal to one of our errors: the Status object, or what stands in its place."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

import msgspec

from mcp_kubernetes.errors import (
    APIError,
    BadRequest,
    Conflict,
    Expired,
    FieldConflict,
    Forbidden,
    Invalid,
    MethodNotAllowed,
    NotFound,
    PatchRefused,
    ServerFailure,
    TooManyRequests,
    Unauthorized,
    UnsupportedMediaType,
)
from mcp_kubernetes.redact import redact
from mcp_kubernetes.results import clean

if TYPE_CHECKING:
    from mcp_kubernetes.kube.connection import Response, Stream

_CLASSES: Mapping[int, type[APIError]] = {
    400: BadRequest,
    401: Unauthorized,
    403: Forbidden,
    404: NotFound,
    405: MethodNotAllowed,
    409: Conflict,
    410: Expired,
    415: UnsupportedMediaType,
    422: Invalid,
    429: TooManyRequests,
}
_MAX_MESSAGE = 1_000
_MAX_CAUSES = 20
_SECONDS = re.compile(r"[0-9]{1,6}\Z", re.ASCII)
_WARNING = re.compile(r'299 [^ ]+ "((?:[^"\\]|\\.)*)"')
_FIELD = r'(?:unknown|duplicate) field "[\w.\[\]/-]{1,200}"'
_VALUELESS = re.compile(
    rf"strict decoding error: {_FIELD}(?:, {_FIELD})*\Z"
    r"|json: cannot unmarshal (?P<what>\w+) into Go struct field (?P<field>[\w.]+) of type [\w.\[\]*]+\Z"
)
"""How the message of a cause may end that says more than its reason, and repeats no value."""

_PLAIN_TO_TLS = b"Client sent an HTTP request to an HTTPS server"
"""How every server in Go, API servers among them, begins its answer to plain HTTP."""

_SOMETHING_BETWEEN = (
    "Check this cluster's server address and proxy, and whether something before the API server wants a sign-in; "
    "else try again later."
)


class _Cause(msgspec.Struct, gc=False):
    field: str = ""
    reason: str = ""
    message: str = ""

    @property
    def why(self) -> str:
        """What is wrong, without the value that is."""
        found = _VALUELESS.search(self.message)
        return found[0].removeprefix("json: ") if found else self.reason


class _Details(msgspec.Struct, gc=False):
    name: str = ""
    kind: str = ""
    causes: list[_Cause] | None = None


class _Metadata(msgspec.Struct, gc=False):
    continue_: str = msgspec.field(name="continue", default="")


class _Status(msgspec.Struct, gc=False):
    kind: str = ""
    metadata: _Metadata = msgspec.field(default_factory=_Metadata)
    message: str = ""
    reason: str = ""
    details: _Details | None = None


_decode = msgspec.json.Decoder(_Status).decode


def error_of(response: Response, hint: str = "") -> APIError:
    """The error for a response whose HTTP status is 300 or more. Values of the request are never echoed.

    `hint` says what to do next where the caller knows better than the error's class does.
    """
    status = _status(response.body)
    error = _class(response.status, status)
    message = _sentence(status, response) if status else _without_status(response)
    hint = hint or _hint(response, is_servers=status is not None)
    name = status.details.name if status and status.details else ""
    reason = status.reason if status else ""
    found = error(message, status=response.status, reason=reason, hint=hint, name=name)
    if status and isinstance(found, Expired):
        found.token = status.metadata.continue_
    return found


def _class(code: int, status: _Status | None) -> type[APIError]:
    causes = (status.details.causes if status and status.details else None) or ()
    if status and _is_about_a_patch(code, status):
        return PatchRefused
    if code == 409 and any(cause.reason == "FieldManagerConflict" for cause in causes):
        return FieldConflict
    return _CLASSES.get(code, ServerFailure if code >= 500 else APIError)


def warnings_of(answer: Response | Stream) -> list[str]:
    """What the API server warns of, such as a deprecated version or a field that it does not know (KEP-1693)."""
    found = _WARNING.findall(answer.headers.get("warning", ""))
    return [_words(text.replace('\\"', '"').replace("\\\\", "\\")) for text in found[:_MAX_CAUSES]]


def seconds_to_wait(response: Response) -> int | None:
    """The seconds that Retry-After asks for. A date, which no API server sends, is not understood, as in client-go."""
    text = response.headers.get("retry-after", "")
    return int(text) if _SECONDS.match(text) else None


def _status(body: bytes) -> _Status | None:
    try:
        status = _decode(body)
    except msgspec.DecodeError:
        return None
    return status if status.kind == "Status" else None


def _sentence(status: _Status, response: Response) -> str:
    if _is_about_a_patch(response.status, status):
        return "The patch does not fit the object: a test in it failed, or a path does not exist."
    if response.status == 422:
        return _invalid(status)
    return f"The API server answered {response.status}: {_words(status.message) or _words(status.reason)}."


def _is_about_a_patch(code: int, status: _Status) -> bool:
    """A JSON patch that cannot be applied is all that the API server finds invalid without saying what of."""
    return code == 422 and status.reason == "Invalid" and (status.details or _Details()) == _Details()


def _words(text: str) -> str:
    """The server's words, as one line of bounded length without credentials."""
    return clean(redact(text))[:_MAX_MESSAGE].rstrip(". ")


def _invalid(status: _Status) -> str:
    """Field and reason of each cause: the server's own message would repeat the values that were sent."""
    details = status.details or _Details()
    what = _words(f"{details.kind} {details.name}".strip()) or "the object"
    causes = [_words(f"{cause.field or 'the object'} ({cause.why})") for cause in details.causes or ()]
    more = f" and {len(causes) - _MAX_CAUSES} more" if len(causes) > _MAX_CAUSES else ""
    return f"The API server finds {what} invalid: {', '.join(causes[:_MAX_CAUSES]) or _words(status.reason)}{more}."


def _without_status(response: Response) -> str:
    if response.status == 407:
        return "The proxy before the API server asks for a user name and a password (HTTP 407)."
    if response.status == 429:
        return "The API server answered 429: too many requests."
    if response.status < 400:
        return f"The server answered with a redirect (HTTP {response.status}), which an API server never does."
    if response.body.startswith(_PLAIN_TO_TLS):
        return "The server speaks https, but its address in the configuration begins with http."
    form = response.headers.get("content-type", "no content type").split(";")[0]
    return (
        f"HTTP {response.status} without a Kubernetes Status came back ({_words(form)}): "
        "perhaps from a proxy in front of the API server."
    )


def _hint(response: Response, *, is_servers: bool) -> str:
    """What to do next, where that depends on the answer; "" where the error's class knows."""
    if response.status == 429:
        seconds = seconds_to_wait(response)
        wait = "a moment" if seconds is None else f"{seconds} s"
        return f"Its API Priority and Fairness sheds load: wait {wait}, then ask for less if possible."
    return "" if is_servers or response.status == 401 else _SOMETHING_BETWEEN
