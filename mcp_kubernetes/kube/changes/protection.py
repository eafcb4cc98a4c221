"""What is refused before a change is sent, whoever wants it: hidden values as values, and a delete by mistake."""

from __future__ import annotations

import re
from base64 import b64encode
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from mcp_kubernetes.cutting import MARK
from mcp_kubernetes.diff import ABSENT, FieldChange
from mcp_kubernetes.effects import Operation
from mcp_kubernetes.errors import InvalidArguments
from mcp_kubernetes.kube.secrecy.marks import MARKER
from mcp_kubernetes.redact import REDACTED

if TYPE_CHECKING:
    from mcp_kubernetes.kube.changes.writes import Write

_PROTECTED = frozenset(
    {
        ("", "namespaces"),
        ("", "nodes"),
        ("", "persistentvolumes"),
        ("apiextensions.k8s.io", "customresourcedefinitions"),
    }
)
"""Deleting one of these takes along what is in it, or on it."""

_MOST_PATHS = 10


_STANDS_FOR_MORE = re.compile(
    f"{MARKER}|{b64encode(MARKER.encode()).decode()}|{REDACTED}|" + re.escape(MARK) + r"\(\+[0-9,]+ (?:bytes|items)\)$"
)
"""What answers show in the place of a value: a mask, its base64 (as somebody writes it who was told that Secrets hold
that), what text is redacted to, and the end of what was cut."""


def check_marks(body: Any) -> None:
    """Raise InvalidArguments if what an answer shows instead of a value is to be its new value."""
    paths = [FieldChange(path=path, before=ABSENT, after=ABSENT).spelled for path in _marked(body, ())]
    if paths:
        more = f" and {len(paths) - _MOST_PATHS} more" if len(paths) > _MOST_PATHS else ""
        raise InvalidArguments(
            f"These fields hold masks, or what is left of a cut, instead of their values: "
            f"{', '.join(paths[:_MOST_PATHS])}{more}.",
            hint="Leave them out and send only what is to change, with a merge patch: what it does not name stays.",
        )


def check_protected(write: Write, *, is_dry: bool) -> None:
    """Raise InvalidArguments for a delete with far consequences that the caller did not confirm by name."""
    kind = (write.resource.group, write.resource.plural)
    if write.operation is Operation.DELETE and kind in _PROTECTED and not is_dry and write.confirm != write.name:
        raise InvalidArguments(
            f"Deleting a {write.resource.kind} takes along what depends on it, and cannot be undone.",
            hint="If the user wants that, pass the object's name as confirm, too.",
        )


def _marked(value: Any, path: tuple[str | int, ...]) -> Iterator[tuple[str | int, ...]]:
    if isinstance(value, str) and _STANDS_FOR_MORE.search(value):
        yield path
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from [(*path, key)] if key == MARK else _marked(inner, (*path, key))
    elif isinstance(value, list):
        for at, inner in enumerate(value):
            yield from _marked(inner, (*path, at))
