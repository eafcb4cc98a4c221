"""In which form an answer is wanted: what Accept says, as an API server chooses from it, and `pretty`."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass, replace

import msgspec

from mcp_kubernetes.spi import Request, Response
from mcp_kubernetes_snapshot.api.query import first
from mcp_kubernetes_snapshot.api.status import Refusal

_JSON = frozenset({"application/json", "*/*"})
_TRUE = frozenset({"1", "t", "T", "true", "TRUE", "True"})


@dataclass(frozen=True)
class Form:
    """A kind that an answer is converted to; the default is the kind that is there."""

    kind: str = ""
    version: str = ""
    group: str = "meta.k8s.io"

    @property
    def api_version(self) -> str:
        """As in objects."""
        return f"{self.group}/{self.version}"


PLAIN = Form()
OBJECTS = frozenset(
    Form(kind, version)
    for kind in ("Table", "PartialObjectMetadata", "PartialObjectMetadataList")
    for version in ("v1", "v1beta1")
)
"""What objects and lists are converted to."""


def negotiated(request: Request, offered: Collection[Form] = ()) -> Form:
    """The form that is wanted most of those that there are; all are JSON. Raises Refusal."""
    accept = header(request, "accept")
    if not accept.strip():
        return PLAIN
    for media_type, parameters in sorted(_clauses(accept), key=lambda clause: -_quality(clause[1])):
        kind = parameters.get("as", "")
        form = Form(kind, parameters.get("v", ""), parameters.get("g", "")) if kind else PLAIN
        if media_type in _JSON and (not kind or form in offered):
            return form
    raise Refusal(406, "NotAcceptable", "only the following media types are accepted: application/json")


def accepts(request: Request, form: Form) -> bool:
    """Whether that form would do, however much others are wanted."""
    wanted = _clauses(header(request, "accept"))
    return any((p.get("as"), p.get("v"), p.get("g")) == (form.kind, form.version, form.group) for _, p in wanted)


def header(request: Request, name: str) -> str:
    """A header of the request, the first of several; "" where there is none."""
    return next((value for key, value in request.headers if key.lower() == name), "")


def finished(request: Request, response: Response) -> Response:
    """The answer as it is sent: indented where that is wanted, and without its body where only its head is."""
    if request.method == "HEAD":
        return replace(response, body=b"")
    is_json = response.headers.get("content-type", "").startswith("application/json")
    if is_json and response.body and first(request.query).get("pretty") in _TRUE:
        return replace(response, body=msgspec.json.format(response.body, indent=2))
    return response


def _clauses(accept: str) -> Iterator[tuple[str, dict[str, str]]]:
    for clause in accept.split(","):
        media_type, *parameters = (part.strip() for part in clause.split(";"))
        named = (parameter.partition("=") for parameter in parameters)
        yield media_type.lower(), {key.strip(): value.strip() for key, _, value in named}


def _quality(parameters: dict[str, str]) -> float:
    try:
        return float(parameters.get("q", 1))
    except ValueError:
        return 0
