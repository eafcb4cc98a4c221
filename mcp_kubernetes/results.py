"""What a handler answers with: typed parts, so that nobody has to remember to fence what a cluster said.

A part is either our own words (`Text`), words of somebody else (`Foreign`), a table (`Rows`) or an object
(`Object`). Handlers only name what they have; `output` renders, fences, counts and cuts.
"""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

from mcp_kubernetes.jsonpath import parse

if TYPE_CHECKING:
    from mcp_kubernetes.parameters import Page

Cell = object
"""A table cell: text, number, boolean or None. Anything else is rendered as compact JSON."""

Form = Literal["yaml", "json"]
"""How an object is rendered."""


class Text:
    """A sentence of ours. `template` must be a literal; its fields are cleaned before they are filled in.

    >>> str(Text("Pod {name} is gone.", name="web-1"))
    'Pod web-1 is gone.'
    """

    def __init__(self, template: str, /, **fields: object) -> None:
        self.template = template
        self.fields = fields

    def __str__(self) -> str:
        return self.template.format_map({name: clean(str(value)) for name, value in self.fields.items()})


@dataclass(frozen=True)
class Foreign:
    """Text that came from a cluster or a user: logs, messages, command output. It is fenced on the way out."""

    text: str


class Object:
    """One Kubernetes object, as masked JSON bytes that are decoded only when somebody looks inside.

    `form` says how it is rendered: "yaml" or "json".
    """

    def __init__(self, raw: bytes, form: Form = "yaml") -> None:
        self.raw = raw
        self.form = form

    @classmethod
    def of(cls, value: Any, form: Form = "yaml") -> Object:
        """An object made from dicts and lists."""
        return cls(json.dumps(value).encode(), form)

    @cached_property
    def value(self) -> Any:
        """The object as dicts and lists."""
        return json.loads(self.raw)

    def at(self, path: str, default: Any = None) -> Any:
        """The value at a path such as `.spec.containers[0].image` or `.metadata.labels['app']`; else `default`.

        Of several values it is the first. Raises PathError, a ValueError, for text that is no path.
        """
        found = parse(path).values(self.value)
        return found[0] if found else default


Row = Sequence[Cell] | Object


@dataclass(frozen=True)
class Rows:
    """A table. `rows` may be lazy: it is read only as far as the budget reaches, then closed.

    Rows are tuples as long as `columns`; without columns the first row is the header. A row may be a whole
    `Object` instead.
    """

    columns: Sequence[str]
    rows: Iterable[Row] | AsyncIterable[Row]


@dataclass(frozen=True)
class Rendered:
    """Final text of one content block. Only the host makes these."""

    text: str


Part = Text | Foreign | Rows | Object | Rendered


@dataclass(frozen=True)
class Answer:
    """Several parts, and notes: what was assumed, cut, masked or only tried. Notes are `Text`, so they are ours.

    `page` is what the handler was asked for; the host sets it.
    """

    parts: Sequence[Part] = ()
    notes: Sequence[Text] = ()
    page: Page | None = None

    @property
    def size(self) -> int:
        """UTF-8 bytes of what has been rendered so far."""
        return sum(len(part.text.encode()) for part in self.parts if isinstance(part, Rendered))


Returned = str | Part | Answer | Sequence[Part] | None
"""What a handler may return. A plain `str` counts as `Foreign`."""


def answer(returned: Returned) -> Answer:
    """Bring whatever a handler returned into the one form that the pipeline carries."""
    if isinstance(returned, Answer):
        return returned
    if returned is None:
        return Answer((Text("Done."),))
    if isinstance(returned, str):
        return Answer((Foreign(returned),))
    return Answer(tuple(returned) if isinstance(returned, list | tuple) else (returned,))  # type: ignore[arg-type]


NOTE = "note:"
"""How each of our notes begins, and nothing else that stands at the beginning of a line."""

_CONTROL = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u061c\u180e\u200b-\u200f\u2028-\u202e\u2060-\u2069"
    r"\ufeff\ufff9-\ufffb\ud800-\udfff\U000e0000-\U000e007f]"
)
_BREAK = re.compile(r"[\t\r\n]+")


def strip_control(text: str) -> str:
    """Remove control, zero-width and direction-changing characters and lone surrogates; keep newlines and tabs."""
    return _CONTROL.sub("", text)


def clean(text: str) -> str:
    """One line without control characters: fit for a table cell or a field in a sentence."""
    if text.isprintable():
        return text
    return strip_control(_BREAK.sub(" ", text))
