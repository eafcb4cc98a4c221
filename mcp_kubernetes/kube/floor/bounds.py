"""What the operator's limits add to a request: a dry run, and only the namespaces that may be looked at.

A list over all namespaces cannot be decided with yes or no, so it is narrowed here, in the request: no handler, no
expression and no cursor gets to see what was left out.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from mcp_kubernetes.effects import Effect, Operation
from mcp_kubernetes.errors import Denied, Forbidden, NotFound
from mcp_kubernetes.kube.connection import Request
from mcp_kubernetes.kube.decoding.decode import APIService, decode

if TYPE_CHECKING:
    from mcp_kubernetes.kube.connection import Response
    from mcp_kubernetes.kube.guard import Policy, RequestAttributes
    from mcp_kubernetes.kube.paths import APIPath

_NAMESPACES = ("", "namespaces")
_NAME_LABEL = "kubernetes.io/metadata.name"
"""The label that every Namespace has, with its name; the API server keeps it so (KEP-2161)."""

_BUILT_IN = frozenset(
    {"", "apps", "autoscaling", "batch", "policy", "apiextensions.k8s.io", "apiregistration.k8s.io"}
    | {f"{name}.k8s.io" for name in ("admissionregistration", "authentication", "authorization", "certificates")}
    | {f"{name}.k8s.io" for name in ("coordination", "discovery", "events", "networking", "node", "resource")}
    | {f"{name}.k8s.io" for name in ("rbac.authorization", "scheduling", "storage", "flowcontrol.apiserver")}
)
"""Groups that kube-apiserver serves itself; an APIService cannot take them over while it does."""

_ALL = (("dryRun", "All"),)


def dry(request: Request) -> Request:
    """The request as one that the API server only tries.

    Where a delete has a body, the API server takes its options from there and passes over the query.
    """
    query = tuple(pair for pair in request.query if pair[0] != "dryRun") + _ALL
    if request.method == "DELETE" and request.body:
        options = json.loads(request.body) | {"dryRun": ["All"]}
        return replace(request, query=query, body=json.dumps(options).encode())
    return replace(request, query=query)


def is_dry(request: Request) -> bool:
    """Whether the API server is asked to only try it."""
    return [pair for pair in request.query if pair[0] == "dryRun"] == [*_ALL]


@dataclass(frozen=True, kw_only=True)
class Bounds:
    """Keeps requests within the policy's limits. `send` asks what else has to be known, `namespaced` of a resource."""

    policy: Policy
    send: Callable[[Request], Awaitable[Response]]
    namespaced: Callable[[APIPath], Awaitable[bool]]

    async def kept(self, request: Request, found: RequestAttributes) -> Request:
        """The request as it may be sent. Raises Denied for what cannot be kept within the limits."""
        if found.effect is Effect.WRITE:
            return await self._tried(request, found)
        spans = found.operation in {Operation.LIST, Operation.WATCH} and found.target.namespace is None
        return await self._narrowed(request, found.target) if spans and self._limited else request

    @property
    def _limited(self) -> bool:
        return bool(self.policy.allowed_namespaces or self.policy.restricted_namespaces)

    async def _tried(self, request: Request, found: RequestAttributes) -> Request:
        # One that is only said to be a dry run, in a way that the API server passes over, becomes a real one.
        request = dry(request) if self.policy.dry_run or is_dry(request) else request
        group = found.target.group
        if is_dry(request) and group not in self.policy.dry_run_groups and await self._is_elsewhere(found.target):
            raise Denied(
                f"Nothing was sent: {group} is served by a server of its own, which may not honour a dry run.",
                hint="The operator can name it in safety.dry_run_groups if it does.",
            )
        return request

    async def _narrowed(self, request: Request, target: APIPath) -> Request:
        allowed, restricted = self.policy.allowed_namespaces, self.policy.restricted_namespaces
        if target.kind == _NAMESPACES:
            ours = [_is_in("in", allowed - restricted)] if allowed else [_is_in("notin", restricted)]
            return _with(request, "labelSelector", ours)
        if not await self.namespaced(target):
            return request
        if allowed:
            raise Denied("A list over all namespaces is withheld by --allowed-namespaces.", hint="Name a namespace.")
        if await self._is_elsewhere(target):
            raise Denied(
                "A list over all namespaces is withheld by --restricted-namespaces: this API has a server of its own, "
                "which may not leave namespaces out.",
                hint="Name a namespace.",
            )
        return _with(request, "fieldSelector", [f"metadata.namespace!={name}" for name in sorted(restricted)])

    async def _is_elsewhere(self, target: APIPath) -> bool:
        """Whether another server than kube-apiserver answers for this group, or that cannot be found out."""
        if target.group in _BUILT_IN:
            return False
        path = f"/apis/apiregistration.k8s.io/v1/apiservices/{target.version}.{target.group}"
        try:
            found = decode(APIService, (await self.send(Request(method="GET", path=path))).body)
        except NotFound:
            return False
        except Forbidden:
            return True
        return found.spec.service is not None


def _is_in(operator: str, names: Iterable[str]) -> str:
    return f"{_NAME_LABEL} {operator} ({','.join(sorted(names))})"


def _with(request: Request, name: str, ours: list[str]) -> Request:
    """The request with our selectors before those that it has: what stands behind them cannot undo them."""
    theirs = [value for key, value in request.query if key == name and value]
    rest = tuple(pair for pair in request.query if pair[0] != name)
    return replace(request, query=(*rest, (name, ",".join([*ours, *theirs]))))
