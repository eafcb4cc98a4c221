"""What of a snapshot was not taken in, and why: nothing is left out without a word."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field

_MOST_NAMES = 20
_LONGEST_NAME = 200


@dataclass
class _Reason:
    lost: bool
    count: int = 0
    names: list[str] = field(default_factory=list)


class Report:
    """Counts what was left out by its reason, with the first names of each."""

    def __init__(self) -> None:
        self._reasons: dict[str, _Reason] = {}

    def add(self, reason: str, name: str, *, lost: bool = True) -> None:
        """Note that `name` was left out; `reason` ends a sentence about it, such as "is no YAML".

        It is `lost` unless it was none of the cluster's.
        """
        found = self._reasons.setdefault(reason, _Reason(lost))
        found.count += 1
        if len(found.names) < _MOST_NAMES:
            found.names.append(_printable(name))

    def lines(self) -> Iterator[str]:
        """A line for each reason: how many, why, and the first names."""
        for reason, found in self._reasons.items():
            more = f" and {found.count - len(found.names)} more" if found.count > len(found.names) else ""
            yield f"{found.count} left out ({reason}): {', '.join(found.names)}{more}"

    def warning(self) -> str:
        """What a reader of any answer has to know, as the end of a sentence; "" where nothing is missing."""
        lost = [f"{found.count} {reason}" for reason, found in self._reasons.items() if found.lost]
        return f"the snapshot is not complete ({'; '.join(lost)}; the log of this server names them)" if lost else ""


def _printable(name: str) -> str:
    """File names are others' text: no line breaks, nothing that a terminal obeys, bounded."""
    return "".join(c if c.isprintable() else "?" for c in name)[:_LONGEST_NAME]
