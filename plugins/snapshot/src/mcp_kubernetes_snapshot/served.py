"""One resource in one version, as discovery tells of it and as its tables show it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

VERBS = ["delete", "deletecollection", "get", "list", "patch", "create", "update", "watch"]
"""Of everything that is served, in the order of an API server's custom kinds."""


@dataclass(frozen=True, kw_only=True)
class Column:
    """A column of a table. `path` leads to its value in objects of a custom kind."""

    name: str
    type: str
    format: str = ""
    priority: int = 0
    path: str = ""
    description: str = ""

    def definition(self) -> dict[str, Any]:
        """As a Table holds it."""
        return {
            "name": self.name,
            "type": self.type,
            "format": self.format,
            "description": self.description,
            "priority": self.priority,
        }


NAME = Column(name="Name", type="string", format="name")
PLAIN = (NAME, Column(name="Created At", type="date"))
AGE = Column(name="Age", type="date", path=".metadata.creationTimestamp")


@dataclass(frozen=True, kw_only=True)
class Served:
    """One resource in one version. `entry` is what discovery says of it, `warning` a header of all answers.

    `scaled` are the paths to the replicas that are wanted, to those that are there, and to their selector; `empty` is
    what an object has that has nothing, but for its metadata.
    """

    group: str
    version: str
    entry: Mapping[str, Any]
    columns: tuple[Column, ...]
    is_custom: bool
    warning: str = ""
    list_kind: str = ""
    selectable: tuple[str, ...] = ()
    scaled: tuple[str, str, str] = ("spec.replicas", "status.replicas", "spec.selector")
    empty: Mapping[str, Any] = field(default_factory=dict)

    @property
    def plural(self) -> str:
        """As in paths."""
        return str(self.entry["resource"])

    @property
    def kind(self) -> str:
        """As in objects."""
        return str(self.entry["responseKind"]["kind"])

    @property
    def namespaced(self) -> bool:
        """Whether its objects live in namespaces."""
        return bool(self.entry["scope"] == "Namespaced")

    @property
    def place(self) -> str:
        """Its path: `apis/apps/v1/deployments`."""
        return "/".join(filter(None, ("apis" if self.group else "api", self.group, self.version, self.plural)))

    @property
    def subresources(self) -> frozenset[str]:
        """The names of those that discovery tells of."""
        return frozenset(str(each["subresource"]) for each in self.entry.get("subresources") or ())

    def verbs_of(self, subresource: str) -> frozenset[str]:
        """What can be done with a subresource."""
        below = self.entry.get("subresources") or ()
        return frozenset(verb for each in below if each["subresource"] == subresource for verb in each["verbs"])

    def answers_itself(self, subresource: str) -> bool:
        """Whether what is read there is the object itself."""
        below = self.entry.get("subresources") or ()
        kinds = (each.get("responseKind") or {} for each in below if each["subresource"] == subresource)
        return any(kind.get("kind") == self.kind for kind in kinds)

    @property
    def api_version(self) -> str:
        """As in objects."""
        return f"{self.group}/{self.version}" if self.group else self.version
