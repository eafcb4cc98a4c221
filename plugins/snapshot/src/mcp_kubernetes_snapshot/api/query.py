"""What a list or a watch is asked for, read from its query as an API server reads it, and refused in its words.

Follows ListOptions of k8s.io/apimachinery: how URL values are converted, defaulted and validated.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from mcp_kubernetes_snapshot.api.status import Refusal, bad_request, not_valid

_NUMBER = re.compile(r"[0-9]+\Z")
_INTEGER = re.compile(r"[+-]?[0-9]+\Z")
_NOT_OLDER = "NotOlderThan"
_MATCHES = ("Exact", _NOT_OLDER)

Query = Mapping[str, str]


def first(query: Sequence[tuple[str, str]]) -> Query:
    """Each parameter once: of several values the first one counts."""
    return dict(reversed(query))


def flag(query: Query, name: str) -> bool | None:
    """Whether it is set; None where it is not there. Only `0` and `false` are no, the empty text is yes."""
    return query[name] not in {"0", "false"} if name in query else None


def integer(query: Query, name: str) -> int | None:
    """Its number; None where it is not there. Raises Refusal."""
    text = query.get(name)
    if text is not None and not _INTEGER.match(text):
        raise bad_request(f'strconv.ParseInt: parsing "{text}": invalid syntax')
    return None if text is None else int(text)


class _Problem(NamedTuple):
    """What is wrong with a field."""

    field: str
    reason: str
    message: str


@dataclass(frozen=True, kw_only=True)
class ListOptions:
    """One query. `seconds` is how long a watch may last, `initial` whether it begins with what is there already."""

    label_selector: str
    field_selector: str
    watch: bool
    bookmarks: bool
    version: str
    match: str
    initial: bool | None
    seconds: int | None
    limit: int
    token: str

    @classmethod
    def of(cls, query: Query) -> ListOptions:
        """Read from a query. Raises Refusal."""
        found = cls(
            label_selector=query.get("labelSelector", ""),
            field_selector=query.get("fieldSelector", ""),
            watch=bool(flag(query, "watch")),
            bookmarks=bool(flag(query, "allowWatchBookmarks")),
            version=query.get("resourceVersion", ""),
            match=query.get("resourceVersionMatch", ""),
            initial=flag(query, "sendInitialEvents"),
            seconds=integer(query, "timeoutSeconds"),
            limit=max(integer(query, "limit") or 0, 0),
            token=query.get("continue", ""),
        )
        problems = [*(found._watch_problems() if found.watch else found._list_problems())]
        if problems:
            raise not_valid("ListOptions", [each._asdict() for each in problems])
        return found

    @property
    def begins_with_what_is_there(self) -> bool:
        """Whether a watch first tells what is there; where nobody says, that is so without a version and with 0."""
        return self.version in {"", "0"} if self.initial is None else self.initial

    def _list_problems(self) -> Iterator[_Problem]:
        if self.match:
            if not self.version:
                yield _forbidden("resourceVersionMatch is forbidden unless resourceVersion is provided")
            if self.token:
                yield _forbidden("resourceVersionMatch is forbidden when continue is provided")
            if self.match not in _MATCHES:
                yield _unsupported(self.match, *_MATCHES, "")
            if (self.match, self.version) == ("Exact", "0"):
                yield _forbidden('resourceVersionMatch "exact" is forbidden for resourceVersion "0"')
        if self.initial is not None:
            yield _forbidden("sendInitialEvents is forbidden for list", "sendInitialEvents")

    def _watch_problems(self) -> Iterator[_Problem]:
        if self.initial is not None and self.match != _NOT_OLDER:
            yield _forbidden(f"sendInitialEvents requires setting resourceVersionMatch to {_NOT_OLDER}")
        if self.match and self.initial is None:
            yield _forbidden("resourceVersionMatch is forbidden for watch unless sendInitialEvents is provided")
        if self.match and self.match != _NOT_OLDER:
            yield _unsupported(self.match, _NOT_OLDER)
        if self.match and self.token:
            yield _forbidden("resourceVersionMatch is forbidden when continue is provided")


def _forbidden(why: str, field: str = "resourceVersionMatch") -> _Problem:
    return _Problem(field, "FieldValueForbidden", f"Forbidden: {why}")


def _unsupported(value: str, *supported: str) -> _Problem:
    values = ", ".join(f'"{each}"' for each in supported)
    message = f'Unsupported value: "{value}": supported values: {values}'
    return _Problem("resourceVersionMatch", "FieldValueNotSupported", message)


def number_of(version: str) -> int:
    """The resourceVersion that was asked for; 0 for any. Raises ValueError in an API server's words."""
    if version and not _NUMBER.match(version):
        problem = f'strconv.ParseUint: parsing "{version}": invalid syntax'
        raise ValueError(f'resourceVersion: Invalid value: "{version}": {problem}')
    return int(version or 0)


def check_single(query: Query, present: int) -> None:
    """Raise Refusal where one object is asked for in a version that is none, or none yet."""
    version = query.get("resourceVersion", "")
    try:
        asked = number_of(version)
    except ValueError as error:
        raise Refusal(500, "", str(error)) from None
    if asked > present:
        raise too_new(version, present)


def too_new(version: str, present: int) -> Refusal:
    """That state is still to come."""
    cause = {"reason": "ResourceVersionTooLarge", "message": "Too large resource version"}
    details = {"causes": [cause], "retryAfterSeconds": 1}
    message = f"Timeout: Too large resource version: {version}, current: {present}"
    return Refusal(504, "Timeout", message, details)
