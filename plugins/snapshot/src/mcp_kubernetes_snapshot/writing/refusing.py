"""What an API server refuses in a change, in its words: names, versions, uids, the namespace that something lies in."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

import msgspec

from mcp_kubernetes_snapshot.api.status import Refusal, bad_request
from mcp_kubernetes_snapshot.printing.values import at
from mcp_kubernetes_snapshot.served import Served

_LABEL = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_SUBDOMAIN = re.compile(rf"{_LABEL}(\.{_LABEL})*\Z")
_WORDS = (
    "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start and "
    "end with an alphanumeric character (e.g. 'example.com', regex used for validation is "
    r"'[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*')"
)
_OTHER_NAMES = frozenset({"rbac.authorization.k8s.io"})
"""Groups whose objects may have any name that is one segment of a path."""

_MODIFIED = "the object has been modified; please apply your changes to the latest version and try again"


def already_exists(served: Served, name: str) -> Refusal:
    """There is one of that name."""
    text = f'{_resource(served)} "{name}" already exists'
    return Refusal(409, "AlreadyExists", text, _details(served, name, served.plural))


def conflict(served: Served, name: str, why: str = _MODIFIED) -> Refusal:
    """The object is not the one, or not in the version, that was meant."""
    text = f'Operation cannot be fulfilled on {_resource(served)} "{name}": {why}'
    return Refusal(409, "Conflict", text, _details(served, name, served.plural))


def check_versions(served: Served, wanted: Mapping[str, Any], present: Mapping[str, Any]) -> None:
    """Raise Refusal where metadata that are sent name another uid or resourceVersion than the object has."""
    name = str(present["name"])
    if wanted.get("uid") and wanted["uid"] != present.get("uid"):
        uids = f"UID in precondition: {wanted['uid']}, UID in object meta: {present.get('uid', '')}"
        raise conflict(served, name, f"Precondition failed: {uids}")
    if wanted.get("resourceVersion") and str(wanted["resourceVersion"]) != present.get("resourceVersion"):
        raise conflict(served, name)


def check_preconditions(served: Served, wanted: Mapping[str, Any], present: Mapping[str, Any]) -> None:
    """Raise Refusal where a deletion is meant for another object, or for another version of it."""
    kind = f"{served.kind}.{served.group}" if served.group else served.kind
    for key, called, happened in _PRECONDITIONS:
        if wanted.get(key) and wanted[key] != present.get(key):
            which = f"the {called} in the precondition ({wanted[key]}) does not match the {called} in record"
            why = f"{which} ({present.get(key, '')}). The object might have been {happened}"
            text = f'Operation cannot be fulfilled on {kind} "{present["name"]}": {why}'
            raise Refusal(409, "Conflict", text, _details(served, str(present["name"]), served.kind))


_PRECONDITIONS = (
    ("uid", "UID", "deleted and then recreated"),
    ("resourceVersion", "ResourceVersion", "modified"),
)


def invalid(served: Served, name: str, field: str, problem: str, reason: str = "FieldValueInvalid") -> Refusal:
    """A field holds what it must not."""
    kind = f"{served.kind}.{served.group}" if served.group else served.kind
    cause = {"reason": reason, "message": problem, "field": field}
    details = {**_details(served, name, served.kind), "causes": [cause]}
    return Refusal(422, "Invalid", f'{kind} "{name}" is invalid: {field}: {problem}', details)


def unprocessable() -> Refusal:
    """A patch that does not fit the object."""
    return Refusal(422, "Invalid", "the server rejected our request due to an error in our request", {})


def unknown_format(*accepted: str) -> Refusal:
    """A body in a form that this kind is not sent in."""
    text = f"the body of the request was in an unknown format - accepted media types include: {', '.join(accepted)}"
    return Refusal(415, "UnsupportedMediaType", text)


def no_namespace(name: str) -> Refusal:
    """There is no such namespace to create something in."""
    return Refusal(404, "NotFound", f'namespaces "{name}" not found', {"name": name, "kind": "namespaces"})


def ending(served: Served, name: str, namespace: str) -> Refusal:
    """The namespace is on its way out."""
    why = f"unable to create new content in namespace {namespace} because it is being terminated"
    text = f'{_resource(served)} "{name}" is forbidden: {why}'
    cause = {
        "reason": "NamespaceTerminating",
        "message": f"namespace {namespace} is being terminated",
        "field": "metadata.namespace",
    }
    return Refusal(403, "Forbidden", text, {**_details(served, name, served.plural), "causes": [cause]})


def check_name(served: Served, name: str) -> None:
    """Raise Refusal for what no object of that kind can be called."""
    if not name:
        needs = "Required value: name or generateName is required"
        raise invalid(served, "", "metadata.name", needs, "FieldValueRequired")
    if served.group not in _OTHER_NAMES and not (_SUBDOMAIN.match(name) and len(name) <= 253):
        raise invalid(served, name, "metadata.name", f'Invalid value: "{name}": {_WORDS}')


class _Metadata(msgspec.Struct, rename="camel"):
    """Of what form metadata have to be, as far as they are looked at."""

    name: str = ""
    generate_name: str = ""
    namespace: str = ""
    uid: str = ""
    resource_version: str = ""
    labels: dict[str, str] | None = None
    annotations: dict[str, str] | None = None
    finalizers: list[str] | None = None


def check_form(found: Any) -> None:
    """Raise Refusal for what is no object, or has metadata of another form."""
    if not isinstance(found, Mapping):
        raise bad_request("the body of the request is no object")
    try:
        msgspec.convert(found.get("metadata") or {}, _Metadata)
    except msgspec.ValidationError as error:
        raise bad_request(f"the metadata are not of the form that they have: {error}") from None


def check_replicas(served: Served, found: Mapping[str, Any]) -> None:
    """Raise Refusal for fewer replicas than none."""
    replicas = at(found, "spec.replicas")
    if isinstance(replicas, int) and replicas < 0 and not served.is_custom:
        problem = f"Invalid value: {replicas}: must be greater than or equal to 0"
        raise invalid(served, str(found["metadata"]["name"]), "spec.replicas", problem)


def check_identity(served: Served, found: Mapping[str, Any], name: str, namespace: str) -> None:
    """Raise Refusal for a body that names another object than the path."""
    metadata = found.get("metadata") or {}
    if found.get("kind", served.kind) != served.kind or found.get("apiVersion", served.api_version) != (
        served.api_version
    ):
        raise bad_request(f"the object provided is unrecognized (must be of type {served.kind})")
    if metadata.get("name", name) != name:
        of = f"the name of the object ({metadata['name']}) does not match the name on the URL ({name})"
        raise bad_request(of)
    if (metadata.get("namespace") or namespace) != namespace:
        raise bad_request("the namespace of the provided object does not match the namespace sent on the request")


def _resource(served: Served) -> str:
    return f"{served.plural}.{served.group}" if served.group else served.plural


def _details(served: Served, name: str, kind: str) -> dict[str, Any]:
    return {"name": name} | ({"group": served.group} if served.group else {}) | {"kind": kind}
