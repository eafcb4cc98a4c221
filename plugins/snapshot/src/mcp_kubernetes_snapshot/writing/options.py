"""How a change is to be made: in which form it is sent, whether it is only tried, how something is deleted."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

import msgspec

from mcp_kubernetes.spi import Request
from mcp_kubernetes_snapshot.api.negotiating import header
from mcp_kubernetes_snapshot.api.query import first, integer
from mcp_kubernetes_snapshot.api.status import bad_request, not_valid
from mcp_kubernetes_snapshot.writing.refusing import unknown_format

_KINDS = {"POST": "CreateOptions", "PUT": "UpdateOptions", "PATCH": "PatchOptions", "DELETE": "DeleteOptions"}
_POLICIES = ("Foreground", "Background", "Orphan")
_JSON = "application/json"


class _DeleteOptions(msgspec.Struct, rename="camel"):
    preconditions: dict[str, str | None] | None = None
    propagation_policy: str | None = None
    grace_period_seconds: int | None = None
    dry_run: list[str] | None = None


def media_type(request: Request) -> str:
    """In which form the body is; "" where nobody says."""
    return header(request, "content-type").partition(";")[0].strip()


def check_object(request: Request) -> None:
    """Raise Refusal where the body is no JSON: nothing else is read here."""
    if media_type(request) not in {"", _JSON}:
        raise unknown_format(_JSON)


def is_dry(request: Request) -> bool:
    """Whether it is only tried, by its query. Raises Refusal for a half."""
    wanted = [value for name, value in request.query if name == "dryRun"]
    _check(_KINDS[request.method], _dry_problems(wanted))
    return bool(wanted)


def deletion(request: Request, body: Any) -> dict[str, Any]:
    """The DeleteOptions: of the body where there is one, else of the query. Raises Refusal."""
    found = _of_body(body) if request.body else _of_query(request)
    policy = found.propagation_policy
    problems = [*_dry_problems(found.dry_run or ())]
    if policy is not None and policy not in _POLICIES:
        supported = ", ".join(f'"{each}"' for each in (*_POLICIES, "nil"))
        problems.append(_unsupported("propagationPolicy", f'"{policy}"', supported))
    _check(_KINDS["DELETE"], problems)
    options: dict[str, Any] = msgspec.to_builtins(found)
    return options


def _of_body(body: Any) -> _DeleteOptions:
    try:
        return msgspec.convert(body, _DeleteOptions)
    except msgspec.ValidationError as error:
        raise bad_request(f"the options are not of the form that they have: {error}") from None


def _of_query(request: Request) -> _DeleteOptions:
    query = first(request.query)
    return _DeleteOptions(
        propagation_policy=query.get("propagationPolicy"),
        grace_period_seconds=integer(query, "gracePeriodSeconds"),
        dry_run=[value for name, value in request.query if name == "dryRun"],
    )


def _dry_problems(wanted: Sequence[str]) -> Iterator[dict[str, str]]:
    if any(each != "All" for each in wanted):
        yield _unsupported("dryRun", msgspec.json.encode(list(wanted)).decode(), '"All"')


def _unsupported(field: str, value: str, supported: str) -> dict[str, str]:
    message = f"Unsupported value: {value}: supported values: {supported}"
    return {"field": field, "reason": "FieldValueNotSupported", "message": message}


def _check(kind: str, problems: Iterator[dict[str, str]] | Sequence[dict[str, str]]) -> None:
    if found := [*problems]:
        raise not_valid(kind, found)
