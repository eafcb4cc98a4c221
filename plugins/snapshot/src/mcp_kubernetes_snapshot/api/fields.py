"""Field selectors: which fields each kind is selected by, and how an API server reads and refuses them.

Follows pkg/fields/selector.go of k8s.io/apimachinery, and the label conversions and field sets of the kinds in
k8s.io/kubernetes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from mcp_kubernetes_snapshot.api.labels import InvalidSelector
from mcp_kubernetes_snapshot.served import Served

_OPERATORS = ("!=", "==", "=")
_METADATA = ("metadata.name", "metadata.namespace")


def _path(path: str) -> Callable[[Mapping[str, Any]], str]:
    def read(value: Any) -> str:
        for key in path.split("."):
            value = value.get(key) if isinstance(value, Mapping) else None
        return _text(value)

    return read


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    return "" if value is None else str(value)


def _flag(path: str) -> Callable[[Mapping[str, Any]], str]:
    return lambda found: _path(path)(found) or "false"


def _count(path: str) -> Callable[[Mapping[str, Any]], str]:
    return lambda found: _path(path)(found) or "0"


def _source(found: Mapping[str, Any]) -> str:
    return _path("source.component")(found) or _path("reportingComponent")(found)


def _first_address(found: Mapping[str, Any]) -> str:
    addresses = (found.get("status") or {}).get("podIPs") or [{}]
    return _text(addresses[0].get("ip"))


def _paths(*paths: str) -> dict[str, Callable[[Mapping[str, Any]], str]]:
    return {path: _path(path) for path in paths}


_OF_REFERENCE = ("kind", "namespace", "name", "uid", "apiVersion", "resourceVersion", "fieldPath")
_FIELDS = {
    ("", "Pod"): _paths(
        *("spec.nodeName", "spec.restartPolicy", "spec.schedulerName", "spec.serviceAccountName"),
        *("status.phase", "status.nominatedNodeName"),
    )
    | {"spec.hostNetwork": _flag("spec.hostNetwork"), "status.podIP": _first_address},
    ("", "Node"): {"spec.unschedulable": _flag("spec.unschedulable")},
    ("", "ReplicationController"): {"status.replicas": _count("status.replicas")},
    ("", "Event"): _paths(*(f"involvedObject.{key}" for key in _OF_REFERENCE), "reason", "reportingComponent", "type")
    | {"source": _source},
    ("events.k8s.io", "Event"): _paths(
        *(f"regarding.{key}" for key in _OF_REFERENCE), "reason", "reportingController", "type"
    ),
    ("", "Namespace"): _paths("status.phase"),
    ("", "Secret"): _paths("type"),
    ("", "Service"): _paths("spec.clusterIP", "spec.type"),
    ("batch", "Job"): {"status.successful": _count("status.succeeded")},
    ("certificates.k8s.io", "CertificateSigningRequest"): _paths("spec.signerName"),
}


@dataclass(frozen=True, kw_only=True)
class Term:
    """One condition on one field."""

    field: str
    equals: bool
    value: str
    read: Callable[[Mapping[str, Any]], str]

    @property
    def keys(self) -> tuple[str, ...]:
        """What of an object it looks at: fields of its own, and not those within them."""
        return ("source", "reportingComponent") if self.field == "source" else (self.field.partition(".")[0],)

    @property
    def is_about_metadata(self) -> bool:
        """Whether name and namespace are all that it looks at."""
        return self.field in _METADATA

    def matches(self, found: Mapping[str, Any]) -> bool:
        """Whether that object is selected."""
        return (self.read(found) == self.value) is self.equals


def parse(text: str, served: Served) -> list[Term]:
    """The terms. Raises InvalidSelector, also for a field that objects of this kind are not selected by."""
    known = _paths(*_METADATA) | _FIELDS.get((served.group, served.kind), {}) | _paths(*served.selectable)
    return [_term(part, text, known, served) for part in sorted(_split(text)) if part]


def _term(part: str, whole: str, known: Mapping[str, Callable[[Mapping[str, Any]], str]], served: Served) -> Term:
    place, operator = min(
        ((part.find(each), each) for each in _OPERATORS if each in part), default=(-1, ""), key=lambda at: at[0]
    )
    if not operator:
        raise InvalidSelector(f"invalid selector: '{whole}'; can't understand '{part}'")
    operator = next(each for each in _OPERATORS if part.startswith(each, place))
    field, value = part[:place], _unescaped(part[place + len(operator) :])
    if field not in known:
        raise InvalidSelector(_unknown(field, served))
    return Term(field=field, equals=operator != "!=", value=value, read=known[field])


def _unknown(field: str, served: Served) -> str:
    if (served.group, served.kind) in _FIELDS or served.is_custom:
        return f"field label not supported: {field}"
    return f'"{field}" is not a known field selector: only "metadata.name", "metadata.namespace"'


def _split(text: str) -> Iterator[str]:
    """At commas that no backslash stands before."""
    start = place = 0
    while place < len(text):
        if text[place] == "\\":
            place += 1
        elif text[place] == ",":
            yield text[start:place]
            start = place + 1
        place += 1
    yield text[start:]


def _unescaped(text: str) -> str:
    found: list[str] = []
    letters = iter(text)
    for letter in letters:
        if letter in ",=":
            raise InvalidSelector(f"invalid field selector: unescaped character in value: {ord(letter)}")
        if letter == "\\" and (letter := next(letters, "")) not in {"\\", ",", "="}:
            raise InvalidSelector(f"invalid field selector: invalid escape sequence: \\{letter}")
        found.append(letter)
    return "".join(found)
