"""Request paths, built from validated segments and parsed as the API server parses them.

Every decision about a request starts from the parse, never from a suffix: `nodes/n1/proxy/status` is a proxy
request, and a custom resource whose plural ends in "reviews" is no review. The parse follows `RequestInfo` of
k8s.io/apiserver, except that the deprecated /watch/ and /proxy/ prefixes are refused.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from mcp_kubernetes.errors import InvalidArguments

_SEGMENT = re.compile(r"[A-Za-z0-9]([-A-Za-z0-9_.:@]{0,251}[A-Za-z0-9])?\Z")
_RESOURCE = re.compile(r"[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?\Z")
_REST = re.compile(r"[^/%\\?#\x00-\x20\x7f]*\Z")
_LEGACY_PREFIXES = frozenset({"watch", "proxy"})
_NAMESPACE_SUBRESOURCES = frozenset({"status", "finalize"})


class UnparsablePath(ValueError):
    """A path that is not one of the API server's; it is never sent."""


@dataclass(frozen=True, kw_only=True)
class APIPath:
    """What a path addresses. Without `resource` it is a path of the server itself, such as /version.

    `rest` is whatever follows the subresource: only proxies have one.
    """

    path: str
    group: str = ""
    version: str = ""
    namespace: str | None = None
    resource: str = ""
    name: str | None = None
    subresource: str = ""
    rest: tuple[str, ...] = ()

    @classmethod
    def of(cls, path: str) -> APIPath:
        """Parse an absolute, unescaped path. Raises UnparsablePath for anything that is not surely understood."""
        return parse(path)

    @property
    def kind(self) -> tuple[str, str]:
        """Group and resource: what the API server's authorization calls the resource."""
        return self.group, self.resource


def segment(value: str, what: str) -> str:
    """A name that may become one segment of a path. Raises InvalidArguments, which never repeats the value."""
    if not _SEGMENT.match(value) or ".." in value:
        raise InvalidArguments(
            f"{what} is not a valid Kubernetes name.",
            hint="Names hold letters, digits, '-', '.', '_', ':' or '@' and begin and end with a letter or digit.",
        )
    return value


def resource_path(
    *,
    group: str,
    version: str,
    resource: str,
    namespace: str | None = None,
    name: str | None = None,
    subresource: str = "",
) -> str:
    """The path of a collection, an object or a subresource; every segment is validated."""
    parts = ["/apis", segment(group, "apiGroup")] if group else ["/api"]
    parts.append(segment(version, "The API version"))
    if namespace is not None:
        parts += ["namespaces", segment(namespace, "namespace")]
    parts.append(segment(resource, "resourceType"))
    if name is not None:
        parts.append(segment(name, "name"))
    if subresource:
        parts.append(segment(subresource, "subresource"))
    return "/".join(parts)


def parse(path: str) -> APIPath:
    """Parse an absolute, unescaped path. Raises UnparsablePath for anything that is not surely understood."""
    if not path.startswith("/"):
        raise UnparsablePath("a path begins with a slash")
    parts = path[1:].split("/")
    if parts[0] == "api" and len(parts) > 2:
        return _resource(path, "", parts[1], parts[2:])
    if parts[0] == "apis" and len(parts) > 3:
        return _resource(path, parts[1], parts[2], parts[3:])
    _check(parts)
    return APIPath(path=path)


def _resource(path: str, group: str, version: str, parts: list[str]) -> APIPath:
    if parts[0] in _LEGACY_PREFIXES:
        raise UnparsablePath("the deprecated /watch/ and /proxy/ prefixes are not used")
    namespace = parts[1] if parts[0] == "namespaces" and len(parts) > 1 else None
    if namespace is not None and len(parts) > 2 and parts[2] not in _NAMESPACE_SUBRESOURCES:
        parts = parts[2:]
    _check([*filter(None, (group, namespace)), version, *parts[:3]])
    name, subresource, *rest = [*parts[1:], None, None] if len(parts) < 3 else parts[1:]
    _check_rest(parts[0], subresource, rest := [part for part in rest if part is not None])
    return APIPath(
        path=path,
        group=group,
        version=version,
        namespace=namespace,
        resource=parts[0],
        name=name,
        subresource=subresource or "",
        rest=tuple(rest),
    )


def _check(parts: list[str]) -> None:
    if not all(_SEGMENT.match(part) and ".." not in part for part in parts):
        raise UnparsablePath("a path segment is not a valid name")


def _check_rest(resource: str, subresource: str | None, rest: list[str]) -> None:
    if not _RESOURCE.match(resource):
        raise UnparsablePath("no such resource can exist")
    if rest and subresource != "proxy":
        raise UnparsablePath("only a proxy has a path of its own")
    if not all(_REST.match(part) and part not in {".", ".."} for part in rest):
        raise UnparsablePath("the proxied path has a segment that would change the path")
