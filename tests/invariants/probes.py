"""What the invariants' tests share: plugins that misbehave on purpose, and a witness at the API server."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import TYPE_CHECKING

from mcp_kubernetes import Tool, hookimpl

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from mcp_kubernetes.spi import Middleware
    from tests.cluster import Cluster, Request

_LOOKS = 200
ADMINISTRATORS = ("system:masters",)


class Toolbox:
    """A plugin that offers the tools and the middleware it is made with."""

    def __init__(self, *tools: Tool, middleware: Sequence[Middleware] = ()) -> None:
        self._tools = list(tools)
        self._middleware = list(middleware)

    @hookimpl
    def register_tools(self) -> list[Tool]:
        return self._tools

    @hookimpl
    def register_middleware(self) -> list[Middleware]:
        return self._middleware


@dataclass(frozen=True)
class Witness:
    """A user whom nobody else signs in as, so that the server's audit log tells what was done as that user."""

    cluster: Cluster
    name: str
    kubeconfig: Path

    @classmethod
    def of(cls, cluster: Cluster, groups: Sequence[str] = ADMINISTRATORS) -> Witness:
        """A new one; an administrator, so that it is never RBAC that holds a request back."""
        name = f"witness-{uuid.uuid4().hex[:12]}"
        return cls(cluster, name, cluster.user(name, groups))

    def seen(self) -> list[Request]:
        """Every request that reached the server as this user so far."""
        return seen_by(self.cluster, self.name)

    def asked(self) -> list[tuple[str, str]]:
        """Verb and URI of what was seen, without the discovery that finds out what a kind is."""
        roots = {"/api", "/apis"}
        return [(request.verb, request.uri) for request in self.seen() if request.uri not in roots]


def seen_by(cluster: Cluster, user: str = "") -> list[Request]:
    """Every request that reached the server so far, whoever sent it or as `user`; who cannot sign in is no user.

    The log is complete up to a request of ours that carries a mark.
    """
    mark = f"/version?mark={uuid.uuid4().hex}"
    cluster.api.get(mark)
    for _ in range(_LOOKS):
        if cluster.is_logged(mark):
            return [request for request in cluster.requests(user=user) if "?mark=" not in request.uri]
        cluster.api.get("/version")
    raise AssertionError("the API server did not log a request that it answered")


def wait_until_allowed(cluster: Cluster, user: str, verb: str, resource: str, namespace: str = "") -> None:
    """Return when the API server has taken note of what RBAC objects that were just made allow."""
    group, _, plural = resource.rpartition("/")
    attributes = {"verb": verb, "group": group, "resource": plural, "namespace": namespace}
    review = {"spec": {"user": user, "resourceAttributes": attributes}}
    for _ in range(_LOOKS):
        if cluster.api.post("/apis/authorization.k8s.io/v1/subjectaccessreviews", review)["status"]["allowed"]:
            return
    raise AssertionError(f"{user} may not {verb} {resource}")
