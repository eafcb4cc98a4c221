"""What the caller may do and who they are, as the API server says: reviews, which read and change nothing."""

from __future__ import annotations

from mcp_kubernetes.kube.catalogue.addressing import Addressing
from mcp_kubernetes.kube.catalogue.discovery import MAX_AGE
from mcp_kubernetes.kube.catalogue.review import Rights, User, Verdict, allowed, may, rights, verdict, who_am_i
from mcp_kubernetes.kube.catalogue.roles import Rule


class Reviews(Addressing):
    """Each method is one request; it raises what any request may."""

    async def may(
        self,
        verb: str,
        kind: str,
        namespace: str | None = None,
        *,
        api_group: str | None = None,
        all_namespaces: bool = False,
    ) -> bool:
        """Whether this user may do `verb` to objects of a kind there, as the API server says."""
        resource = await self.resource(kind, api_group, namespace, all_namespaces=all_namespaces)
        scope = None if all_namespaces or not resource.namespaced else namespace or self._home
        return await may(self._send, verb, resource, scope)

    async def kinds(self, namespace: str | None = None) -> list[str]:
        """Full names (`deployments.apps`) of the kinds that this user may list there.

        For None it is the kinds without namespaces. Raises as `get` does.
        """
        served = (await self._served(MAX_AGE)).resources
        wanted = [each for each in served if "list" in each.verbs and each.namespaced is (namespace is not None)]
        found = await allowed(self._send, "list", wanted, namespace or self._home)
        return list(dict.fromkeys(each.full_name for each in found))

    async def access(
        self,
        verb: str,
        kind: str,
        namespace: str | None = None,
        *,
        name: str = "",
        subresource: str = "",
        all_namespaces: bool = False,
    ) -> Verdict:
        """The API server's word; a `kind` that begins with a slash is a path of the server itself.

        Raises UnknownKind.
        """
        if kind.startswith("/"):
            return await verdict(self._send, {"nonResourceAttributes": {"verb": verb, "path": kind}})
        resource = await self.resource(kind, None, namespace, all_namespaces=all_namespaces)
        everywhere = all_namespaces or not resource.namespaced
        rule = Rule(
            verbs=(verb,),
            group=resource.group,
            resource="/".join(filter(None, (resource.plural, subresource))),
            name=name,
            namespace=None if everywhere else namespace or self._home,
        )
        return await verdict(self._send, rule.review(verb))

    async def rights(self, namespace: str) -> Rights:
        """All that this user may do in a namespace, as far as the cluster's authorizers tell."""
        return await rights(self._send, namespace)

    async def who_am_i(self) -> User:
        """Who this user is to the API server."""
        return await who_am_i(self._send)
