"""Going on with a list whose snapshot the API server has dropped (410): in the present one, by name.

Positions have moved meanwhile, but the order has not: it is that of the keys "namespace/name". So what existed
throughout is still given exactly once; only what was made, changed or deleted in between may be missing or appear.
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import replace
from typing import TYPE_CHECKING

from mcp_kubernetes.kube.reads.places import Chunk, Place

if TYPE_CHECKING:
    from mcp_kubernetes.errors import Expired


def at_present(place: Place, gone: Expired) -> Place | None:
    """Where to go on instead of at `place`; None if the API server, or the kind's table, offers no way."""
    is_pinned = bool(place.token or place.version)
    if not is_pinned or (place.token and not gone.token) or (place.skip and not place.last):
        return None
    return Place(namespace=place.namespace, token=gone.token, last=place.last)


def resumed(chunk: Chunk, last: str) -> Chunk | None:
    """The page from the row after `last` on; None if its rows have no names to go by."""
    if chunk.keys is None:
        return None
    passed = bisect_right(range(len(chunk.rows)), last, key=chunk.keys)
    after = chunk.after
    if after is not None and passed == len(chunk.rows):
        after = replace(after, last=last)
    return replace(chunk, place=replace(chunk.place, skip=passed, last=last), after=after, is_loose=True)
