"""What a handler answers with: typed parts, so that nobody has to remember to fence what a cluster said.

A part is either our own words (`Text`), words of somebody else (`Foreign`), a table (`Rows`) or an object
(`Object`). Handlers only name what they have; `output` renders, fences, counts and cuts.
"""

from __future__ import annotations

import json
import re
from collections.abc import AsyncIterable, Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal, Self

from mcp_kubernetes.jsonpath import parse, placed

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


@dataclass(frozen=True, kw_only=True)
class Ending:
    """Lines from elsewhere, fenced on the way out, of which the last ones are kept where not all fit.

    Each is one line, whatever breaks it holds. `left_out` is told how many lines before those that are shown were not.
    """

    lines: Sequence[str]
    left_out: Callable[[int], None]


class Object:
    """One Kubernetes object, as masked JSON bytes that are decoded only when somebody looks inside.

    `form` says how it is rendered: "yaml" or "json". `raw` is what is shown; where that was made slim, `whole` are
    the bytes with all that was left out, and `lacks_fields` says whether somebody may miss any of it. `revealed` is
    the same object with hidden values, where the operator lets them be shown: it is rendered, and never looked into.
    """

    def __init__(
        self,
        raw: bytes,
        form: Form = "json",
        *,
        whole: bytes | None = None,
        lacks_fields: bool = False,
        revealed: Object | None = None,
    ) -> None:
        self.raw = raw
        self.form = form
        self.lacks_fields = lacks_fields
        self.revealed = revealed
        self._whole = raw if whole is None else whole

    @classmethod
    def of(cls, value: Any, form: Form = "json") -> Object:
        """An object made from dicts and lists."""
        return cls(json.dumps(value).encode(), form)

    @cached_property
    def value(self) -> Any:
        """The object as dicts and lists, as far as it is shown."""
        return json.loads(self.raw)

    def at(self, path: str, default: Any = None) -> Any:
        """The value at a path such as `.spec.containers[0].image` or `.metadata.labels['app']`; else `default`.

        Of several values it is the first; it may be one that is not shown. Raises PathError, a ValueError, for text
        that is no path.
        """
        found = self.all(path)
        return found[0] if found else default

    def all(self, path: str) -> list[Any]:
        """All values at a path, with the rules of `at`."""
        return parse(path).values(self._everything)

    def only(self, paths: Iterable[str]) -> Object:
        """The object with these fields alone, beside what says which object it is.

        A path of keys keeps its place, any other one is itself the key of what it leads to. What is not shown
        appears if a path leads to nothing else. Raises PathError.
        """
        kept: dict[str, Any] = {}
        lacks_fields = False
        for path in ("apiVersion", "kind", "metadata.name", "metadata.namespace", *paths):
            shown, everything = parse(path).values(self.value), self.all(path)
            placed(kept, path, shown or everything)
            lacks_fields = lacks_fields or bool(shown and shown != everything)
        return Object(
            json.dumps(kept).encode(),
            self.form,
            lacks_fields=lacks_fields and self.lacks_fields,
            revealed=self.revealed and self.revealed.only(paths),
        )

    @cached_property
    def _everything(self) -> Any:
        return self.value if self._whole is self.raw else json.loads(self._whole)


Row = Sequence[Cell] | Object


class Header(tuple[str, ...]):  # noqa: SLOT001 - where a tuple is the base there can be none
    """A table's column names. `spare` are the positions that are left out when the rows do not fit otherwise."""

    spare: frozenset[int]

    def __new__(cls, names: Iterable[str], spare: Iterable[int] = ()) -> Self:
        """The names in order, and which of them are the first to go."""
        header = super().__new__(cls, names)
        header.spare = frozenset(spare)
        return header


@dataclass(frozen=True)
class Rows:
    """A table. `rows` may be lazy: it is read only as far as the budget reaches, then closed.

    Rows are tuples as long as `columns`; without columns the first row is the header. Either may be a `Header`,
    which says what can be spared. A row may be a whole `Object` instead.
    """

    columns: Sequence[str]
    rows: Iterable[Row] | AsyncIterable[Row]


@dataclass(frozen=True, kw_only=True)
class Change:
    """What came of a change: which object, what was done to it, and path, before and after of each field that differs.

    `change_id` undoes it; where there is none, `irreversible` may say why. `generation` is that before and after.
    """

    object: str
    namespace: str | None
    outcome: str
    generation: tuple[int | None, int | None] | None = None
    fields: Sequence[tuple[str, str, str]] = ()
    change_id: str = ""
    irreversible: str = ""
    dry_run: bool = False

    @property
    def line(self) -> Text:
        """The whole in one line, without the fields."""
        template = "{object} would be {outcome}" if self.dry_run else "{object} {outcome}"
        template += " in {namespace}" if self.namespace else ""
        before, after = self.generation or (None, None)
        template += ", generation {before} → {after}" if before != after else ""
        template += ", changeId {change_id}" if self.change_id else ""
        template += "; cannot be undone: {irreversible}" if self.irreversible else ""
        return Text(template, **vars(self), before=before, after=after)


@dataclass(frozen=True)
class Rendered:
    """Final text of one content block. Only the host makes these."""

    text: str

    @property
    def size(self) -> int:
        """UTF-8 bytes."""
        return len(self.text.encode())


class Whole:
    """A part that is no text, and comes whole or not at all: the base of what `mcp_kubernetes.spi` has of these."""

    @property
    def size(self) -> int:
        """Bytes on the wire."""
        raise NotImplementedError

    def cleaned(self) -> Self:
        """The same without credentials and what nobody sees, as far as it is text after all."""
        return self


Part = Text | Foreign | Ending | Rows | Object | Change | Whole | Rendered


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
        """Bytes of what has been rendered so far."""
        return sum(part.size for part in self.parts if isinstance(part, Rendered | Whole))


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

UNSEEN = re.compile(
    r"[\x00-\x08\x0b-\x1f\x7f-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u2028-\u202e"
    r"\u2060-\u206f\u3164\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffb\ufffe\uffff\ud800-\udfff\U0001bca0-\U0001bca3"
    r"\U0001d173-\U0001d17a\U000e0000-\U000e0fff]"
)
"""A character that shows nothing and may still say something: a control or a direction, a zero-width or default
ignorable character (Unicode DerivedCoreProperties), a tag, a variation selector, half of a surrogate pair."""

_SEEN = bytes([0x09, 0x0A, *range(0x20, 0x7F)])
_TERMINAL = re.compile(
    r"(?:\x1b\[|\x9b(?=[0-?]))[0-?]*[ -/]*[@-~]"
    r"|(?:\x1b[\]PX^_]|[\x90\x98\x9d-\x9f])[^\x00-\x1f\x7f-\x9f]{0,500}(?:\x07|\x1b\\|\x9c)"
    r"|\x1b(?:[ #%()*+][ -~]|[78=>cDEHM])"
)
"""What a terminal acts on and does not show (ECMA-48): colours and moves; titles and links; character sets."""

_BREAK = re.compile(r"[\t\r\n]+")


def has_unseen(text: str) -> bool:
    """Whether a character is in it that nobody sees; newlines and tabs are seen."""
    return bool(text.encode().translate(None, _SEEN)) if text.isascii() else UNSEEN.search(text) is not None


def strip_control(text: str) -> str:
    """Remove what nobody sees, and a terminal's control sequences as a whole; keep newlines and tabs."""
    return UNSEEN.sub("", _TERMINAL.sub("", text)) if has_unseen(text) else text


def one_line(text: str) -> str:
    """One line of free text: tabs stay, and whatever nobody sees is removed."""
    return strip_control(text.replace("\n", " "))


def clean(text: str) -> str:
    """One line without control characters: fit for a table cell or a field in a sentence."""
    if text.isascii() and text.isprintable():
        return text
    return strip_control(_BREAK.sub(" ", text))
