"""Which objects a list holds, page by page, with the tokens of an API server.

Follows the list options of k8s.io/apiserver: a page has `limit` objects that are selected, and its token names the
first key of the next one.
"""

from __future__ import annotations

import base64
import json
from bisect import bisect_left
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mcp_kubernetes_snapshot.api.query import ListOptions, Query, number_of, too_new
from mcp_kubernetes_snapshot.api.selecting import Item, Read, Selection
from mcp_kubernetes_snapshot.api.status import Refusal, bad_request, expired
from mcp_kubernetes_snapshot.contents import Record

_PRESENT = -1
"""In a token: whatever the version of the list is by then."""

_INCONSISTENT = (
    "The provided continue parameter is too old to display a consistent list result. You can start a new list without "
    "the continue parameter, or use the continue token in this response to retrieve the remainder of the results. "
    "Continuing with the provided token results in an inconsistent list - objects that were created, modified, or "
    "deleted between the time the first chunk was returned and now may show up in the list."
)


@dataclass(frozen=True, kw_only=True)
class Page:
    """The objects of one page, and what its metadata say of the next ones."""

    items: Sequence[Item]
    metadata: Mapping[str, Any]


def page(records: Sequence[Record], asked: ListOptions, selection: Selection, read: Read, version: int) -> Page:
    """The objects that are asked for, out of sorted `records`. Raises Refusal, and what `read` raises."""
    start = _start(asked, version)
    items: list[Item] = []
    metadata: dict[str, Any] = {"resourceVersion": str(version)}
    # A list of any version comes out of the API server's memory, which has no pages.
    limit = 0 if asked.version == "0" else asked.limit
    for place, record in within(records, selection, start):
        item = selection.matches(record, read)
        if item is None:
            continue
        if limit and len(items) == limit:
            metadata["continue"] = _token(record.key, version)
            if not selection.selects:
                metadata["remainingItemCount"] = _rest(records, place, selection)
            break
        items.append(item)
    return Page(items=items, metadata=metadata)


def within(records: Sequence[Record], selection: Selection, start: str = "") -> Iterator[tuple[int, Record]]:
    """The records of a namespace from `start` on, each with its place; all keys of a namespace begin with it."""
    prefix = "" if selection.namespace is None else f"{selection.namespace}/"
    first = bisect_left(records, max(start, prefix), key=lambda record: record.key)
    for place in range(first, len(records)):
        if selection.namespace not in {None, records[place].namespace}:
            return
        yield place, records[place]


def _rest(records: Sequence[Record], place: int, selection: Selection) -> int:
    if selection.namespace is None:
        return len(records) - place
    # "0" is the character after "/": the first key behind all of the namespace.
    return bisect_left(records, f"{selection.namespace}0", key=lambda record: record.key) - place


def _token(key: str, version: int) -> str:
    """Names the first key of the next page; an API server names the last one of this page, and what comes after it."""
    value = json.dumps({"v": "meta.k8s.io/v1", "rv": version, "start": key}, separators=(",", ":"))
    return base64.urlsafe_b64encode(value.encode()).rstrip(b"=").decode()


def version_of(query: Query) -> int:
    """The state that a list is to be read in; 0 for the present one."""
    try:
        if token := query.get("continue"):
            return _opened(token)[1]
        return int(query["resourceVersion"]) if query.get("resourceVersionMatch") == "Exact" else 0
    except (Refusal, ValueError, KeyError):
        return 0


def _opened(token: str) -> tuple[str, int]:
    """The first key and the state. Raises Refusal."""
    try:
        value = json.loads(base64.urlsafe_b64decode(token + "=" * (-len(token) % 4)))
        return str(value["start"]), int(value["rv"])
    except (ValueError, KeyError, TypeError):
        raise bad_request("invalid continue token: continue key is not valid: it is no token of this server") from None


def _start(asked: ListOptions, version: int) -> str:
    """The key that a page begins with. Raises Refusal."""
    if not asked.token:
        _check_version(asked, version)
        return ""
    start, of = _opened(asked.token)
    if asked.version not in {"", "0"}:
        raise bad_request("specifying resource version is not allowed when using continue")
    if of not in {version, _PRESENT}:
        raise expired(_INCONSISTENT, _token(start, _PRESENT))
    return start


def _check_version(asked: ListOptions, version: int) -> None:
    """A state has one version of everything."""
    try:
        wanted = number_of(asked.version)
    except ValueError as error:
        raise bad_request(f"invalid resource version: {error}") from None
    if wanted > version:
        raise too_new(asked.version, version)
    if asked.match == "Exact" and wanted != version:
        raise expired("The resourceVersion for the provided list is too old.")
