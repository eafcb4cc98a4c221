"""The ports of a port-forward, as they are written: `[LOCAL:]REMOTE`, like kubectl's."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from mcp_kubernetes import InvalidArguments

_NAME = r"(?=[a-z0-9-]{1,15}\Z)(?=[0-9-]*[a-z])[a-z0-9](?:-?[a-z0-9])*"
"""A service name of RFC 6335, as Kubernetes has ports called."""

_WRITTEN = re.compile(rf"(?:(?P<local>[0-9]{{0,5}}):)?(?P<remote>[0-9]{{1,5}}|{_NAME})\Z", re.ASCII)
_HIGHEST = 65_535


def _as_text(given: Any) -> Any:
    """A bare number, which many write, means what the same text means."""
    return str(given) if type(given) is int else given


Ports = Annotated[
    list[Annotated[str, BeforeValidator(_as_text)]],
    Field(min_length=1, max_length=16, description="[LOCAL:]REMOTE: 8080:80, 0:http. LOCAL 0: any free one."),
]


@dataclass(frozen=True, kw_only=True)
class PortPair:
    """One port here and one there. `local` is None for the same number as there, 0 for any; `remote` may be a name."""

    local: int | None
    remote: str

    @property
    def number(self) -> int | None:
        """The remote port, where it is no name."""
        return int(self.remote) if self.remote.isdecimal() else None


def pairs(written: Sequence[str]) -> tuple[PortPair, ...]:
    """What was written, in its order. Raises InvalidArguments."""
    found = tuple(_pair(at, text) for at, text in enumerate(written))
    fixed = [pair.local for pair in found if pair.local]
    if len(fixed) != len(set(fixed)):
        raise InvalidArguments("ports names one local port twice.", hint="Use 0 for any free one.")
    return found


def _pair(at: int, text: str) -> PortPair:
    if match := _WRITTEN.match(text):
        local = None if match["local"] is None else int(match["local"] or 0)
        pair = PortPair(local=local, remote=match["remote"])
        if (local or 0) <= _HIGHEST and (pair.number is None or 0 < pair.number <= _HIGHEST):
            return pair
    raise InvalidArguments(f"ports.{at} is no port.", hint="Write [LOCAL:]REMOTE, such as 8080:80, 8080 or 0:http.")
