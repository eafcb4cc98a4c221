"""Where in an object of a kind a text may stand, as the API server's own schema (OpenAPI v3) says."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

KEY = "planted"
"""The key under which a map gets its text."""

_REFERENCE = "#/components/schemas/"
_SKIPPED = {"apiVersion", "kind"}
_SKIPPED_METADATA = {"name", "namespace", "generateName", "managedFields"}
_LEAST = {"integer": 1, "number": 1, "boolean": True, "array": [], "object": {}}
_TIME = "2026-01-01T00:00:00Z"

_CORE = "io.k8s.api.core.v1."
_ALSO_NEEDED: dict[str, dict[str, Any]] = {
    f"{_CORE}Container": {"image": "a:1"},
    f"{_CORE}EphemeralContainer": {"image": "a:1"},
    f"{_CORE}PersistentVolumeClaimSpec": {
        "accessModes": ["ReadWriteOnce"],
        "resources": {"requests": {"storage": "1Gi"}},
    },
    f"{_CORE}NodeSelectorRequirement": {"operator": "Exists"},
    "io.k8s.apimachinery.pkg.apis.meta.v1.LabelSelectorRequirement": {"operator": "Exists"},
}
"""What is asked for although the schema does not say so, and what its least value is there."""

Steps = tuple[str | int, ...]


@dataclass(frozen=True, kw_only=True, eq=False)
class Leaf:
    """A place for a text: a value, or the key of one if there is a `key_value` for it.

    `fillers` are what its parents need beside it, `template` its place in a pod's template, if it is in one.
    """

    steps: Steps
    is_bytes: bool = False
    key_value: Any = None
    template: Steps | None = None
    fillers: tuple[tuple[Steps, Any], ...] = ()


class Schemas:
    """The schemas of one group and version."""

    def __init__(self, document: Mapping[str, Any]) -> None:
        self._schemas: Mapping[str, Any] = document["components"]["schemas"]

    def leaves(self, group: str, version: str, kind: str) -> list[Leaf]:
        """Every place in an object of a kind."""
        wanted = {"group": group, "version": version, "kind": kind}
        schema = next(
            each for each in self._schemas.values() if wanted in each.get("x-kubernetes-group-version-kind", ())
        )
        kept = {name: below for name, below in schema["properties"].items() if name not in _SKIPPED}
        return [
            replace(leaf, template=_in_template(leaf.steps))
            for name, below in kept.items()
            for leaf in self._leaves(below, (name,), (), ())
            if not _SKIPPED_METADATA.intersection(leaf.steps[1:2])
        ]

    def _leaves(self, schema: Any, at: Steps, fillers: tuple[Any, ...], above: tuple[str, ...]) -> Iterator[Leaf]:
        name, schema = self._resolved(schema)
        if name in above or name.endswith("resource.Quantity"):
            return
        above = (*above, name) if name else above
        if "properties" in schema:
            yield from self._of_map(schema, at, (*fillers, *self._needs(name, schema, at)), above)
        elif "additionalProperties" in schema:
            yield Leaf(steps=at, key_value=self._least(schema["additionalProperties"]), fillers=fillers)
            yield from self._leaves(schema["additionalProperties"], (*at, KEY), fillers, above)
        elif schema.get("type") == "array":
            yield from self._of_list(schema, at, fillers, above)
        elif schema.get("type") == "object":
            yield Leaf(steps=(*at, KEY), fillers=fillers)
        elif self._is_text(schema):
            yield Leaf(steps=at, is_bytes=schema.get("format") == "byte", fillers=fillers)

    def _of_map(self, schema: Any, at: Steps, fillers: tuple[Any, ...], above: tuple[str, ...]) -> Iterator[Leaf]:
        for key, below in schema["properties"].items():
            yield from self._leaves(below, (*at, key), fillers, above)

    def _of_list(self, schema: Any, at: Steps, fillers: tuple[Any, ...], above: tuple[str, ...]) -> Iterator[Leaf]:
        """An item for each branch below: many items may hold only one of theirs."""
        name, item = self._resolved(schema["items"])
        if "properties" not in item or name in above:
            yield from self._leaves(schema["items"], (*at, 0), fillers, above)
            return
        above = (*above, name)
        number = 0
        for key, below in item["properties"].items():
            _, resolved = self._resolved(below)
            number += "properties" in resolved
            one = {**item, "properties": {key: below}}
            place = (*at, number if "properties" in resolved else 0)
            yield from self._of_map(one, place, (*fillers, *self._needs(name, item, place)), above)

    def _needs(self, name: str, schema: Any, at: Steps) -> Iterator[tuple[Steps, Any]]:
        """What a map has to have, and what it may hold for that."""
        number = str(at[-1]) if isinstance(at[-1], int) else ""
        needed = {key: self._least(schema["properties"][key], number) for key in schema.get("required", ())}
        for key, value in (needed | _ALSO_NEEDED.get(name, {})).items():
            yield (*at, key), value

    def _resolved(self, schema: Any) -> tuple[str, Any]:
        """The name of what a reference leads to, or "", and that itself."""
        (reference,) = schema.get("allOf", [schema])
        name = reference.get("$ref", "").removeprefix(_REFERENCE)
        return name, self._schemas[name] if name else reference

    def _is_text(self, schema: Any) -> bool:
        if schema.get("format") == "date-time":
            return False
        kinds = [schema, *schema.get("oneOf", ()), *schema.get("anyOf", ())]
        return ("type" not in schema and "oneOf" not in schema) or any(each.get("type") == "string" for each in kinds)

    def _least(self, schema: Any, number: str = "") -> Any:
        """The least value, different in each item of a list."""
        name, schema = self._resolved(schema)
        if name.endswith("resource.Quantity"):
            return "1"
        if schema.get("format") == "date-time":
            return _TIME
        if "properties" in schema:
            return {key: self._least(schema["properties"][key]) for key in schema.get("required", ())}
        kind = schema.get("type", "string")
        return schema.get("enum", [f"a{number}"])[0] if kind == "string" else _LEAST[kind]


def _in_template(steps: Steps) -> Steps | None:
    return steps[steps.index("template") :] if "template" in steps else None


def tree(value: Any) -> Any:
    """The value with maps from positions in place of lists, so that a position may be left free."""
    if isinstance(value, dict):
        return {key: tree(item) for key, item in value.items()}
    return dict(enumerate(map(tree, value))) if isinstance(value, list) and value else value


def grown(tree_: Any) -> Any:
    """The value of a tree: positions are those that are taken."""
    if not isinstance(tree_, dict):
        return tree_
    if tree_ and all(isinstance(key, int) for key in tree_):
        return [grown(tree_[key]) for key in sorted(tree_)]
    return {key: grown(item) for key, item in tree_.items()}


def put(tree_: dict[Any, Any], steps: Steps, value: Any, *, replaces: bool) -> None:
    """Put a value at its place, and what is missing above."""
    for step in steps[:-1]:
        below = tree_.get(step)
        if not isinstance(below, dict):
            below = tree_[step] = {}
        tree_ = below
    if replaces or steps[-1] not in tree_:
        tree_[steps[-1]] = tree(value)


def spelled(tree_: Any, steps: Sequence[str | int]) -> str:
    """The place as the API server calls it: `spec.containers[0].image`."""
    text = ""
    for step in steps:
        if isinstance(step, int):
            positions = sorted(key for key in tree_ if isinstance(key, int)) if isinstance(tree_, dict) else []
            text += f"[{positions.index(step) if step in positions else step}]"
        else:
            text += f".{step}"
        tree_ = tree_.get(step) if isinstance(tree_, dict) else None
    return text.removeprefix(".")
