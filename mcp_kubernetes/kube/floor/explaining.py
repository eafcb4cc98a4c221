"""Why a request was forbidden: who asked, which rule is missing, and the smallest role that holds it.

It is found out only when the refusal becomes the answer of a call, for most are caught on the way. Not every 403 is
RBAC's: an admission policy answers alike, and no role helps against it. So where the API server does not name what is
missing, it is asked.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING

from mcp_kubernetes.effects import Effect, Operation
from mcp_kubernetes.errors import Forbidden, ToolError
from mcp_kubernetes.kube.catalogue.review import User, is_allowed, who_am_i
from mcp_kubernetes.kube.catalogue.roles import Rule
from mcp_kubernetes.kube.connection import Request, Response
from mcp_kubernetes.kube.guard import attributes
from mcp_kubernetes.results import clean

if TYPE_CHECKING:
    from mcp_kubernetes.kube.guard import RequestAttributes

Send = Callable[[Request], Awaitable[Response]]

_MOST_GROUPS = 20
_TEXT = r'"((?:[^"\\]|\\.)*)"'
_CANNOT = re.compile(
    rf"User {_TEXT} cannot (\S+) (?:path {_TEXT}|resource {_TEXT} in API group {_TEXT} "
    rf"(?:at the cluster scope|in the namespace {_TEXT}))"
)
"""How every API server in Go says that authorization refuses (k8s.io/apiserver, responsewriters)."""

_VERBS = {"POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}


@contextmanager
def explaining(request: Request, send: Send) -> Iterator[None]:
    """Give a Forbidden that is raised inside the means to explain itself; `send` asks what has to be known."""
    try:
        yield
    except Forbidden as error:
        if error.explain is None and error.reason:  # without one it is no API server that refuses
            error.explain = partial(explanation, error, request, send)
        raise


async def explanation(error: Forbidden, request: Request, send: Send) -> str:
    """Who is asking, and what is missing; as much of it as can be found out."""
    known, rule = await asyncio.gather(_who(send), _missing(error, request, send))
    said = _CANNOT.search(error.message)
    user = _plain(said[1]) if said else known.username if known else ""
    lines = [_introduced(user, known)] if user else []
    if rule is None:
        return "\n".join(lines)
    if not rule.verbs:
        return "\n".join([*lines, "RBAC allows this request; an admission policy refuses it, so no role would help."])
    missing = f"Missing is the right to {clean(str(rule))}. This, applied by an administrator, gives just that:"
    return "\n".join([*lines, missing, rule.manifest(user)] if user else [*lines, missing.partition(". ")[0] + "."])


def _introduced(user: str, known: User | None) -> str:
    groups = known.groups if known and known.username == user else ()
    more = f" and {len(groups) - _MOST_GROUPS} more" if len(groups) > _MOST_GROUPS else ""
    listed = f", in the groups {', '.join(groups[:_MOST_GROUPS])}{more}" if groups else ""
    return clean(f"To the API server you are {user}{listed}.")


async def _who(send: Send) -> User | None:
    try:
        return await who_am_i(send)
    except ToolError:
        return None


async def _missing(error: Forbidden, request: Request, send: Send) -> Rule | None:
    """The rule that is missing; one without verbs if none is, and None where that cannot be found out."""
    needed = _needed(request)
    named = _named(error)
    if named and not set(named.verbs) <= set(needed.verbs):
        return named
    rule = replace(named, verbs=needed.verbs) if named else needed
    lacking = await asyncio.gather(*(_lacks(send, rule, verb, named) for verb in rule.verbs))
    if None in lacking:
        return named
    return replace(rule, verbs=tuple(verb for verb, lacks in zip(rule.verbs, lacking, strict=True) if lacks))


async def _lacks(send: Send, rule: Rule, verb: str, named: Rule | None) -> bool | None:
    """Whether the right to do this is missing; None if nobody says."""
    if named and verb in named.verbs:
        return True
    try:
        return not await is_allowed(send, rule.review(verb))
    except ToolError:
        return None


def _named(error: Forbidden) -> Rule | None:
    """The rule as the API server names it, which knows best what it looked for."""
    found = _CANNOT.search(error.message)
    if found is None:
        return None
    _, verb, path, resource, group, namespace = (_plain(text or "") for text in found.groups())
    if path:
        return Rule(verbs=(verb,), path=path)
    return Rule(verbs=(verb,), group=group, resource=resource, name=error.name, namespace=namespace or None)


def _needed(request: Request) -> Rule:
    """What the API server's authorizers are asked about this request."""
    found = attributes(request)
    target = found.target
    if not target.resource:
        return Rule(verbs=("get",), path=target.path)
    resource = "/".join(filter(None, (target.resource, target.subresource)))
    return Rule(
        verbs=_verbs(request, found),
        group=target.group,
        resource=resource,
        name=target.name or "",
        namespace=target.namespace,
    )


def _verbs(request: Request, found: RequestAttributes) -> tuple[str, ...]:
    if found.operation is Operation.APPLY:
        return ("patch", "create")  # it creates what is not there
    if found.effect is Effect.CONNECT and request.upgrades:
        return ("get", "create")  # since 1.35 a WebSocket needs both (KEP-4006), as the POST of older clients did
    if request.method in {"GET", "HEAD"}:
        return (found.operation.value if found.operation in {Operation.LIST, Operation.WATCH} else "get",)
    if found.operation is Operation.DELETECOLLECTION:
        return ("deletecollection",)
    return (_VERBS[request.method],)


def _plain(quoted: str) -> str:
    r"""What stands between Go's quotes, without the backslashes before quotes and backslashes."""
    return re.sub(r'\\(["\\])', r"\1", quoted)
