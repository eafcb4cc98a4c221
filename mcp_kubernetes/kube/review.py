"""What a caller may do, asked of the API server itself: RBAC cannot be judged from here, and webhooks decide too."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable

import msgspec

from mcp_kubernetes.kube.connection import Request, Response
from mcp_kubernetes.kube.decode import decode
from mcp_kubernetes.kube.resources import Resource

Send = Callable[[Request], Awaitable[Response]]

_PATH = "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews"
_HEADERS = (("Accept", "application/json"), ("Content-Type", "application/json"))


_RULES = "/apis/authorization.k8s.io/v1/selfsubjectrulesreviews"


class _Verdict(msgspec.Struct):
    allowed: bool = False


class _Review(msgspec.Struct):
    status: _Verdict


class _Rule(msgspec.Struct, rename="camel"):
    verbs: list[str] = []
    api_groups: list[str] = []
    resources: list[str] = []

    def allows(self, verb: str, resource: Resource) -> bool:
        named = {"*", resource.plural} & {*self.resources}
        return bool({"*", verb} & {*self.verbs} and {"*", resource.group} & {*self.api_groups} and named)


class _Rules(msgspec.Struct, rename="camel"):
    resource_rules: list[_Rule] = []


class _RulesReview(msgspec.Struct):
    status: _Rules


async def allowed(send: Send, verb: str, resources: Iterable[Resource], namespace: str) -> list[Resource]:
    """Those of the resources to all of which the caller may do `verb` in `namespace`, as far as rules tell.

    An authorizer that knows no rules, such as a webhook, is not heard: then fewer are found. Raises what `send` raises.
    """
    review = {
        "apiVersion": "authorization.k8s.io/v1",
        "kind": "SelfSubjectRulesReview",
        "spec": {"namespace": namespace},
    }
    body = msgspec.json.encode(review)
    response = await send(Request(method="POST", path=_RULES, headers=_HEADERS, body=body))
    rules = decode(_RulesReview, response.body).status.resource_rules
    return [each for each in resources if any(rule.allows(verb, each) for rule in rules)]


async def may(send: Send, verb: str, resource: Resource, namespace: str | None) -> bool:
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
