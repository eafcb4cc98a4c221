"""The floor: what a request does is read off the request itself, and a tool that lies about itself is stopped.

Each request is parsed as the API server parses it, classified, and held against the effect that the tool
declared and the policy that the operator configured. This stands above the seam, so a cluster from files is
guarded like one on the network.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

from mcp_kubernetes.effects import Effect, Operation
from mcp_kubernetes.errors import Denied
from mcp_kubernetes.kube.paths import APIPath, UnparsablePath, parse

if TYPE_CHECKING:
    from mcp_kubernetes.kube.connection import Request

_READABLE_SUBRESOURCES = frozenset({"status", "scale"})
_CONNECTS = {
    ("", "pods", "exec"): Operation.EXEC,
    ("", "pods", "attach"): Operation.ATTACH,
    ("", "pods", "portforward"): Operation.PORT_FORWARD,
    ("", "pods", "proxy"): Operation.PROXY,
    ("", "services", "proxy"): Operation.PROXY,
    ("", "nodes", "proxy"): Operation.PROXY,
    ("", "pods", "ephemeralcontainers"): Operation.EXEC,
    ("", "serviceaccounts", "token"): Operation.TOKEN,
}
_REVIEWS = frozenset(
    {
        ("authorization.k8s.io", "selfsubjectaccessreviews"),
        ("authorization.k8s.io", "selfsubjectrulesreviews"),
        ("authentication.k8s.io", "selfsubjectreviews"),
    }
)
_SERVER_PATHS = frozenset({"/version", "/api", "/apis"})
_SERVER_TREES = ("/livez", "/readyz", "/openapi/v3")
_NAMESPACES = "/api/v1/namespaces"
_APPLY = "application/apply-patch+yaml"
_WRITES = {
    "POST": Operation.CREATE,
    "PUT": Operation.UPDATE,
    "PATCH": Operation.PATCH,
    "DELETE": Operation.DELETE,
}
_METHODS = frozenset({"GET", "HEAD", *_WRITES})
_HEADERS = frozenset({"accept", "content-type", "if-none-match", "upgrade", "connection"})
"""What a request may say in headers. Who asks (credentials, impersonation) is never the request's to say."""


@dataclass(frozen=True, kw_only=True)
class RequestAttributes:
    """What one request does, in the words that policies decide on. `command` is what it starts in a container."""

    method: str
    target: APIPath
    effect: Effect
    operation: Operation
    command: tuple[str, ...] = ()


Decide = Callable[[RequestAttributes], None]
"""A policy's word on one request: returns, or raises Denied."""


class Policy(Protocol):
    """The operator's limits, as far as they are about requests. Empty namespaces allow all of them."""

    @property
    def dry_run(self) -> bool:
        """Whether every change is only tried."""

    @property
    def allowed_namespaces(self) -> frozenset[str]:
        """The only namespaces that may be looked at."""

    @property
    def restricted_namespaces(self) -> frozenset[str]:
        """Namespaces that may not."""

    @property
    def show_secret_values(self) -> bool:
        """Whether a Secret that is asked for by name is shown with its values."""

    @property
    def dry_run_groups(self) -> frozenset[str]:
        """API groups of external servers that honour a dry run."""

    def decide(self, found: RequestAttributes) -> None:
        """Return if the request may be sent; raise Denied otherwise."""


def attributes(request: Request) -> RequestAttributes:
    """Parse and classify a request. Raises Denied for a path that is not surely understood."""
    try:
        target = parse(request.path)
    except UnparsablePath as reason:
        raise Denied(f"The request was not sent: {reason}.") from None
    effect, operation = _classify(request, target)
    if operation is Operation.CREATE and target.path == _NAMESPACES:
        target = replace(target, namespace=_name_of(request.body))
    return RequestAttributes(
        method=request.method,
        target=target,
        effect=effect,
        operation=operation,
        command=tuple(value for name, value in request.query if name == "command"),
    )


def check(request: Request, allowed: Effect, decide: Decide) -> RequestAttributes:
    """Let a request of a tool with the effect `allowed` pass, or raise Denied."""
    _check_form(request)
    found = attributes(request)
    if not allowed.allows(found.effect):
        raise Denied(
            f"The request was not sent: the tool is declared {allowed.value}, "
            f"but {_spell(found)} is a {found.effect.value} request."
        )
    decide(found)
    return found


def _name_of(body: bytes | None) -> str:
    """The name that a Namespace is to have, which its path does not tell; "" where the API server makes one."""
    try:
        metadata = json.loads(body or b"{}")["metadata"]
        return str(metadata.get("name") or "")
    except (ValueError, KeyError, TypeError, AttributeError):
        return ""


def _check_form(request: Request) -> None:
    if request.method not in _METHODS:
        raise Denied("The request was not sent: it has an unknown method.")
    if any(name.lower() not in _HEADERS for name, _ in request.headers):
        raise Denied("The request was not sent: it carries a header that only the host may set.")


def _classify(request: Request, target: APIPath) -> tuple[Effect, Operation]:
    connect = _CONNECTS.get((*target.kind, target.subresource))
    if connect or request.upgrades:
        return Effect.CONNECT, connect or Operation.EXEC
    if request.method in {"GET", "HEAD"}:
        return _classify_read(request, target)
    if request.method == "POST" and _is_self_review(target):
        return Effect.READ, Operation.REVIEW
    return Effect.WRITE, _write_operation(request, target)


def _classify_read(request: Request, target: APIPath) -> tuple[Effect, Operation]:
    if not target.resource:
        known = request.method == "GET" and _is_known_server_path(target.path)
        return (Effect.READ if known else Effect.WRITE), Operation.GET
    if not target.subresource or target.subresource in _READABLE_SUBRESOURCES:
        return Effect.READ, _read_operation(request, target)
    if (*target.kind, target.subresource) == ("", "pods", "log"):
        return Effect.READ, Operation.LOGS
    return Effect.CONNECT, Operation.PROXY


def _read_operation(request: Request, target: APIPath) -> Operation:
    if any(name == "watch" and value not in {"", "0", "false"} for name, value in request.query):
        return Operation.WATCH
    return Operation.GET if target.name else Operation.LIST


def _is_known_server_path(path: str) -> bool:
    in_tree = any(path == tree or path.startswith(f"{tree}/") for tree in _SERVER_TREES)
    is_group = path.startswith(("/api/", "/apis/"))
    return path in _SERVER_PATHS or in_tree or is_group


def _is_self_review(target: APIPath) -> bool:
    bare = target.namespace is None and target.name is None and not target.subresource
    return bare and target.kind in _REVIEWS


def _write_operation(request: Request, target: APIPath) -> Operation:
    if target.subresource == "scale":
        return Operation.SCALE
    if (*target.kind, target.subresource) == ("", "pods", "eviction"):
        return Operation.EVICT
    if request.method == "PATCH" and any(value.startswith(_APPLY) for _, value in request.headers):
        return Operation.APPLY
    if request.method == "DELETE" and target.name is None:
        return Operation.DELETECOLLECTION
    return _WRITES.get(request.method, Operation.UPDATE)


def _spell(found: RequestAttributes) -> str:
    resource = "/".join(filter(None, (found.target.resource or found.target.path, found.target.subresource)))
    return f"{found.operation.value} on {resource}"
