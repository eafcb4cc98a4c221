"""The objects of a manifest: found in documents and lists, checked for what every object needs, put into order.

What is checked here is what must be known before the first request: which object each document is about. All else
is the API server's to say, which knows the kinds.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from mcp_kubernetes.errors import InvalidArguments

_IDENTIFYING = ("name", "generateName", "namespace")


@dataclass(frozen=True, kw_only=True)
class Manifest:
    """One object as it is to be sent: `value`, ready for JSON.

    `position` is what errors and results call it: "document 2", "document 1, item 3"; "" where it is the only one.
    """

    value: dict[str, Any]
    position: str = ""

    @property
    def api_version(self) -> str:
        """Such as apps/v1."""
        return str(self.value["apiVersion"])

    @property
    def group(self) -> str:
        """The API group; "" for the core."""
        return self.api_version.rpartition("/")[0]

    @property
    def kind(self) -> str:
        """Such as Deployment."""
        return str(self.value["kind"])

    @property
    def name(self) -> str | None:
        """metadata.name; None where there is none."""
        return self._metadata("name")

    @property
    def generate_name(self) -> str | None:
        """metadata.generateName, to which the API server adds an ending of its own; None where there is none."""
        return self._metadata("generateName")

    @property
    def namespace(self) -> str | None:
        """metadata.namespace; None where there is none."""
        return self._metadata("namespace")

    def _metadata(self, key: str) -> str | None:
        return self.value["metadata"].get(key) or None


def read_manifests(
    manifest: str | dict[str, Any] | list[Any], *, what: str = "manifest", named: bool = False
) -> tuple[Manifest, ...]:
    """The objects of a YAML or JSON text, of an object, or of a list of objects, in the order they stand there.

    Whatever has `items` counts as a list of them, as for kubectl. `what` is what errors call the whole; with
    `named`, a generateName is not enough (apply finds objects by name). Raises InvalidArguments.
    """
    from mcp_kubernetes.manifest.documents import documents  # what reads YAML is loaded for the first change

    found = [each for place, value in _placed(documents(manifest, what)) for each in _objects(value, place)]
    if not found:
        raise InvalidArguments(f"The {what} holds no object.")
    made = tuple(Manifest(value=value, position=place if len(found) > 1 else "") for place, value in found)
    for each in made:
        _check(each, what, named=named)
    _check_distinct(made)
    return made


def ordered(manifests: Sequence[Manifest]) -> list[Manifest]:
    """The order to apply them in: Namespaces, CRDs, the others as they stand, and at last what stands in the way.

    Webhook configurations and APIServices make the API server ask programs that are among the others. kubectl keeps
    the order it is given; Helm's InstallOrder (pkg/release/v1/util/kind_sorter.go in helm/helm) begins and ends alike.
    """
    return sorted(manifests, key=_rank)


def _rank(manifest: Manifest) -> int:
    match manifest.group, manifest.kind:
        case "", "Namespace":
            return 0
        case "apiextensions.k8s.io", "CustomResourceDefinition":
            return 1
        case "admissionregistration.k8s.io", "MutatingWebhookConfiguration" | "ValidatingWebhookConfiguration":
            return 3
        case "apiregistration.k8s.io", "APIService":
            return 3
    return 2


def _placed(values: Sequence[Any]) -> Iterator[tuple[str, Any]]:
    for count, value in enumerate(values, 1):
        yield f"document {count}" if len(values) > 1 else "", value


def _objects(value: Any, place: str) -> Iterator[tuple[str, Any]]:
    """The value itself, or what it is a list of: a List, a typed list such as PodList, or a plain list."""
    items = _items(value, place)
    if items is None:
        yield place, value
        return
    for count, item in enumerate(items, 1):
        yield from _objects(item, f"{place}, item {count}" if place else f"item {count}")


def _items(value: Any, place: str) -> list[Any] | None:
    if isinstance(value, list):
        return value
    if not isinstance(value, dict) or ("items" not in value and value.get("kind") != "List"):
        return None
    items = value.get("items")
    if not isinstance(items, list | None):
        raise InvalidArguments(f"The items of {place or 'the List'} are no list.")
    return [_typed(item, value) for item in items or ()]


def _typed(item: Any, of: dict[str, Any]) -> Any:
    """In a typed list, items need not say their kind (decodeToList in k8s.io/apimachinery, unstructured/helpers.go)."""
    kind = of.get("kind")
    if not isinstance(item, dict) or item.get("kind") or item.get("apiVersion") or not isinstance(kind, str):
        return item
    typed = {"apiVersion": of.get("apiVersion"), "kind": kind.removesuffix("List")}
    return {key: value for key, value in typed.items() if value} | item


def _check(manifest: Manifest, what: str, *, named: bool) -> None:
    place = manifest.position or f"the {what}"
    if not isinstance(manifest.value, dict):
        raise _wrong(place, "is no object", "An object has apiVersion, kind and metadata.")
    for key in ("apiVersion", "kind"):
        _check_text(manifest.value, key, key, place)
        if not manifest.value.get(key):
            raise _wrong(place, f"has no {key}")
    _check_metadata(manifest.value.get("metadata", {}), place, named=named)


def _check_metadata(metadata: Any, place: str, *, named: bool) -> None:
    if not isinstance(metadata, dict):
        raise _wrong(place, "has a metadata that is no object")
    for key in _IDENTIFYING:
        _check_text(metadata, key, f"metadata.{key}", place)
    if not metadata.get("name") and (named or not metadata.get("generateName")):
        raise _wrong(place, "has no metadata.name", "" if named else "A metadata.generateName would do as well.")


def _check_text(values: dict[str, Any], key: str, called: str, place: str) -> None:
    if not isinstance(values.get(key), str | None):
        raise _wrong(place, f"needs a text as its {called}", "Put it in quotes.")


def _wrong(place: str, problem: str, hint: str = "") -> InvalidArguments:
    return InvalidArguments(f"{place[0].upper()}{place[1:]} {problem}.", hint=hint)


def _check_distinct(manifests: Sequence[Manifest]) -> None:
    seen: dict[tuple[str | None, ...], str] = {}
    for each in manifests:
        if not each.name:
            continue
        identity = (each.group, each.kind, each.namespace, each.name)
        if first := seen.get(identity):
            raise _wrong(f"{first} and {each.position}", "are the same object", "Leave one of them out.")
        seen[identity] = each.position
