"""The parameters that recur in many tools, each described once, in one short sentence.

A frozen dataclass used as a parameter's type is a group: its fields become parameters of the tool.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated, Any

from pydantic import BeforeValidator, Field, StringConstraints, WithJsonSchema
from pydantic_core import PydanticCustomError

_SELECTOR_LENGTH = 4_000

ResourceType = Annotated[
    str,
    StringConstraints(min_length=1, max_length=300),
    Field(description="As for kubectl: pods, deploy, apps/v1/Deployment."),
]
APIGroup = Annotated[
    str | None,
    Field(max_length=300, description="Group or group/version, if ambiguous."),
]
Name = Annotated[str, StringConstraints(min_length=1, max_length=253), Field(description="Name of the object.")]
Namespace = Annotated[str | None, Field(max_length=63, description="Default: the context's own.")]
AllNamespaces = Annotated[bool, Field(description="Look in all namespaces.")]


DryRun = Annotated[bool, Field(description="Only try it.")]


def _text_or_value(given: Any) -> Any:
    if isinstance(given, str | dict | list):
        return given
    raise PydanticCustomError("text_or_value", "should be YAML or JSON text")


def _as_text(description: str) -> WithJsonSchema:
    """Declared as text, which every client can send; many send the value that the text stands for, and that will do."""
    return WithJsonSchema({"type": "string", "description": description})


ManifestText = Annotated[
    str | dict[str, Any] | list[Any],
    BeforeValidator(_text_or_value),
    _as_text("YAML or JSON, one or several documents."),
]
PatchText = Annotated[
    str | dict[str, Any] | list[Any],
    BeforeValidator(_text_or_value),
    _as_text("The patch, YAML or JSON."),
]


@dataclass(frozen=True, kw_only=True)
class Selectors:
    """Which objects: label and field selector are evaluated by the API server, `where` by this one."""

    label_selector: Annotated[
        str | None, Field(max_length=_SELECTOR_LENGTH, description="Label selector: app=web,tier!=cache.")
    ] = None
    field_selector: Annotated[
        str | None, Field(max_length=_SELECTOR_LENGTH, description="Field selector: status.phase=Running.")
    ] = None
    where: Annotated[
        str | None,
        Field(max_length=1_000, description="CEL over object: object.spec.replicas > 1 && has(object.status.x)."),
    ] = None


@dataclass(frozen=True, kw_only=True)
class LogOptions:
    """Which lines of which container: the query of the API server's log subresource (v1 PodLogOptions).

    `seconds` is how long reading may take in all. No parameter of a tool, but what one is made into.
    """

    container: str | None = None
    previous: bool = False
    follow: bool = False
    timestamps: bool = False
    tail_lines: int | None = None
    since_seconds: int | None = None
    since_time: str | None = None
    limit_bytes: int | None = None
    seconds: float = 30.0

    @property
    def query(self) -> tuple[tuple[str, str], ...]:
        """As the API server names them; what is not asked for is left out."""
        flags = {"previous": self.previous, "follow": self.follow, "timestamps": self.timestamps}
        values = {
            "container": self.container,
            "tailLines": self.tail_lines,
            "sinceSeconds": self.since_seconds,
            "sinceTime": self.since_time,
            "limitBytes": self.limit_bytes,
        }
        given = {**{name: "true" for name, on in flags.items() if on}, **values}
        return tuple((name, str(value)) for name, value in given.items() if value is not None)


@dataclass(frozen=True, kw_only=True)
class Page:
    """How many rows, and from where. Hand it to `rows` or `table`, and the answer carries a sealed cursor.

    The host binds `position` when a listing starts: called with whether the last row that the listing
    gave was shown, it returns the cursor to go on with, or None at the end of the list.
    """

    limit: Annotated[int | None, Field(ge=1, le=100_000, description="Most rows.")] = None
    continue_: Annotated[str | None, Field(max_length=8_000, description="Cursor of the previous answer.")] = None
    bindings: list[Callable[[bool], str | None]] = field(
        default_factory=list, repr=False, compare=False, metadata={"wire": False}
    )

    def bind(self, position: Callable[[bool], str | None]) -> None:
        """Remember how to make the cursor; the last listing that was started counts."""
        self.bindings[:] = [position]

    def cursor(self, *, shown: bool) -> str | None:
        """The cursor to go on with. `shown`: whether the last row that the listing gave is in the answer."""
        return self.bindings[0](shown) if self.bindings else None
