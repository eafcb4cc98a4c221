"""What a caller may do, asked of the API server itself: RBAC cannot be judged from here, and webhooks decide too."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, TypeVar

import msgspec

from mcp_kubernetes.kube.catalogue.resources import Resource
from mcp_kubernetes.kube.connection import Request, Response
from mcp_kubernetes.kube.decoding.decode import decode

Send = Callable[[Request], Awaitable[Response]]

_AUTHORIZATION = "authorization.k8s.io/v1"
_AUTHENTICATION = "authentication.k8s.io/v1"
_HEADERS = (("Accept", "application/json"), ("Content-Type", "application/json"))

T = TypeVar("T")


class Verdict(msgspec.Struct, rename="camel"):
    """A SelfSubjectAccessReview's status; `reason` is the authorizer's own word."""

    allowed: bool = False
    denied: bool = False
    reason: str = ""
    evaluation_error: str = ""


class _Review(msgspec.Struct):
    status: Verdict


class RightsRule(msgspec.Struct, rename="camel"):
    """What may be done to which resources, or to which paths of the server itself."""

    verbs: list[str] = []
    api_groups: list[str] = []
    resources: list[str] = []
    resource_names: list[str] = []
    non_resource_urls: list[str] = msgspec.field(name="nonResourceURLs", default=[])

    def allows(self, verb: str, resource: Resource) -> bool:
        """Whether it lets all objects of the resource be treated so."""
        if self.resource_names:
            return False
        named = {"*", resource.plural} & {*self.resources}
        return bool({"*", verb} & {*self.verbs} and {"*", resource.group} & {*self.api_groups} and named)


class Rights(msgspec.Struct, rename="camel"):
    """A SelfSubjectRulesReview's status. `incomplete`: an authorizer took no part, so there may be more rights."""

    resource_rules: list[RightsRule] | None = None
    non_resource_rules: list[RightsRule] | None = None
    incomplete: bool = False
    evaluation_error: str = ""


class _RulesReview(msgspec.Struct):
    status: Rights


class User(msgspec.Struct):
    """Who somebody is to the API server."""

    username: str = ""
    uid: str = ""
    groups: list[str] = []
    extra: dict[str, list[str]] = {}


class _UserInfo(msgspec.Struct, rename="camel"):
    user_info: User


class _SelfReview(msgspec.Struct):
    status: _UserInfo


async def verdict(send: Send, asked: Mapping[str, Any]) -> Verdict:
    """The API server's word on resource or non-resource attributes. Raises what `send` raises."""
    return (await _reviewed(send, _AUTHORIZATION, "SelfSubjectAccessReview", asked, _Review)).status


async def is_allowed(send: Send, asked: Mapping[str, Any]) -> bool:
    """Whether the caller behind `send` may do that. Raises what `send` raises."""
    return (await verdict(send, asked)).allowed


async def rights(send: Send, namespace: str) -> Rights:
    """All that the caller may do in a namespace, as far as authorizers tell. Raises what `send` raises."""
    spec = {"namespace": namespace}
    return (await _reviewed(send, _AUTHORIZATION, "SelfSubjectRulesReview", spec, _RulesReview)).status


async def who_am_i(send: Send) -> User:
    """Who the caller is to the API server. Raises what `send` raises: somebody anonymous may not ask."""
    found = await _reviewed(send, _AUTHENTICATION, "SelfSubjectReview", {}, _SelfReview)
    return found.status.user_info


async def allowed(send: Send, verb: str, resources: Iterable[Resource], namespace: str) -> list[Resource]:
    """Those of the resources to all of which the caller may do `verb` in `namespace`, as far as rules tell.

    An authorizer that knows no rules, such as a webhook, is not heard: then fewer are found. Raises what `send` raises.
    """
    rules = (await rights(send, namespace)).resource_rules or ()
    return [each for each in resources if any(rule.allows(verb, each) for rule in rules)]


async def may(send: Send, verb: str, resource: Resource, namespace: str | None) -> bool:
    """Whether the caller behind `send` may do `verb` to `resource` in `namespace`, or everywhere for None.

    Raises what `send` raises.
    """
    asked = {"verb": verb, "group": resource.group, "version": resource.version, "resource": resource.plural}
    if resource.namespaced and namespace is not None:
        asked["namespace"] = namespace
    return await is_allowed(send, {"resourceAttributes": asked})


async def _reviewed(send: Send, api: str, kind: str, spec: Mapping[str, Any], form: type[T]) -> T:
    review = {"apiVersion": api, "kind": kind, **({"spec": spec} if spec else {})}
    path = f"/apis/{api}/{kind.lower()}s"
    body = msgspec.json.encode(review)
    return decode(form, (await send(Request(method="POST", path=path, headers=_HEADERS, body=body))).body)
