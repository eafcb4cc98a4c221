"""From an API server's refusal to one of our errors: the Status object, or what stands in its place."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import msgspec

from mcp_kubernetes.errors import (
    APIError,
    BadRequest,
    Conflict,
    Expired,
    Forbidden,
    Invalid,
    MethodNotAllowed,
    NotFound,
    ServerFailure,
    TooManyRequests,
    Unauthorized,
    UnsupportedMediaType,
)
from mcp_kubernetes.redact import redact
from mcp_kubernetes.results import clean

if TYPE_CHECKING:
    from mcp_kubernetes.kube.connection import Response

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


class _Cause(msgspec.Struct, gc=False):
    field: str = ""
    reason: str = ""


class _Details(msgspec.Struct, gc=False):
    name: str = ""
    kind: str = ""
    causes: list[_Cause] | None = None


class _Status(msgspec.Struct, gc=False):
    kind: str = ""
    message: str = ""
    reason: str = ""
    details: _Details | None = None


_decode = msgspec.json.Decoder(_Status).decode


def error_of(response: Response) -> APIError:
    """The error for a response whose HTTP status is 300 or more. Values of the request are never echoed."""
    error = _CLASSES.get(response.status, ServerFailure if response.status >= 500 else APIError)
    try:
        status = _decode(response.body)
    except msgspec.DecodeError:
        status = _Status()
    if status.kind != "Status":
        return error(_without_status(response), status=response.status)
    return error(_sentence(status, response), status=response.status, reason=status.reason)


def _sentence(status: _Status, response: Response) -> str:
    if response.status == 422:
        return _invalid(status)
    message = clean(redact(status.message))[:_MAX_MESSAGE].rstrip(".") or status.reason
    return f"The API server answered {response.status}: {message}."


def _invalid(status: _Status) -> str:
    """Field and reason of each cause: the server's own message would repeat the values that were sent."""
    details = status.details or _Details()
    causes = [f"{cause.field or 'the object'} ({cause.reason})" for cause in details.causes or ()]
    return f"The API server finds {details.kind} {details.name} invalid: {', '.join(causes) or status.reason}."


def _without_status(response: Response) -> str:
    form = response.headers.get("content-type", "no content type").split(";")[0]
    return (
        f"HTTP {response.status} without a Kubernetes Status came back ({form}): "
        "perhaps from a proxy in front of the API server."
    )
