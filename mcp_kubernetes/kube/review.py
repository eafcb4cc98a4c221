"""What a caller may do, asked of the API server itself: RBAC cannot be judged from here, and webhooks decide too."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

import msgspec

from mcp_kubernetes.kube.connection import Request, Response
from mcp_kubernetes.kube.decode import decode
from mcp_kubernetes.kube.resources import Resource

_PATH = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
_HEADERS = (("Accept", "application/json"), ("Content-Type", "application/json"))


class _Verdict(msgspec.Struct):
    allowed: bool = False


class _Review(msgspec.Struct):
    status: _Verdict


async def may(
    send: Callable[[Request], Awaitable[Response]], verb: str, resource: Resource, namespace: str | None
) -> bool:
    """Whether the caller behind `send` may do `verb` to `resource` in `namespace`, or everywhere for None.

    Raises what `send` raises.
    """
    asked = {"verb": verb, "group": resource.group, "version": resource.version, "resource": resource.plural}
    if resource.namespaced and namespace is not None:
        asked["namespace"] = namespace
    body = msgspec.json.encode(
        {
            "apiVersion": "authorization.k8s.io/v1",
            "kind": "SelfSubjectAccessReview",
            "spec": {"resourceAttributes": asked},
        }
    )
    response = await send(Request(method="POST", path=_PATH, headers=_HEADERS, body=body))
    return decode(_Review, response.body).status.allowed
