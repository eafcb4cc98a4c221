"""Times as an answer tells them: how long ago, in two units at most; and the way back, for `since`."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

from mcp_kubernetes.errors import InvalidArguments

_UNITS = (("d", 86_400), ("h", 3_600), ("m", 60), ("s", 1))
_SINCE = re.compile(r"(?:(\d{1,5})d)?(?:(\d{1,6})h)?(?:(\d{1,7})m)?(?:(\d{1,8})s)?\Z")


def age(then: datetime | None, now: datetime) -> str:
    """How long ago it was: 12s, 5m30s, 3h, 2d4h; small units are left out where they are no news.

    `now` is this machine's clock; what another clock says is still to come happened 0s ago.
    """
    if then is None:
        return "<unknown>"
    seconds = max(int((now - then).total_seconds()), 0)
    for at, (unit, size) in enumerate(_UNITS):
        if seconds >= size:
            return _told(seconds, unit, size, _UNITS[at + 1 : at + 2])
    return "0s"


def _told(seconds: int, unit: str, size: int, smaller: tuple[tuple[str, int], ...]) -> str:
    count, rest = divmod(seconds, size)
    if not smaller or count >= 10 or not rest // smaller[0][1]:
        return f"{count}{unit}"
    return f"{count}{unit}{rest // smaller[0][1]}{smaller[0][0]}"


def duration(text: str) -> timedelta:
    """What 10m, 2h30m or 1d mean. Raises InvalidArguments."""
    found = _SINCE.match(text.strip())
    if not found or not any(found.groups()):
        raise InvalidArguments("since is no time span.", hint="Write it as 10m, 2h30m or 1d.")
    days, hours, minutes, seconds = (int(part or 0) for part in found.groups())
    return timedelta(days=days, hours=hours, minutes=minutes, seconds=seconds)


def instant(text: object) -> datetime | None:
    """A time of the API server (RFC 3339); None for anything else."""
    try:
        found = datetime.fromisoformat(text) if isinstance(text, str) else None
    except ValueError:
        return None
    return found if found and found.tzinfo else None
