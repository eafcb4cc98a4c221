"""What all printers need: values out of objects, ages, and the ways in which Kubernetes writes lists and selectors."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

NONE = "<none>"
UNSET = "<unset>"
UNKNOWN = "<unknown>"

_MINUTE, _HOUR, _DAY, _YEAR = 60, 3600, 86_400, 365 * 86_400
_TIME = re.compile(r"(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.\d+)?Z\Z")


def at(value: Any, path: str, default: Any = None) -> Any:
    """The value that the keys of `path` lead to; `default` where there is none, or where it is null."""
    for key in path.split("."):
        value = value.get(key) if isinstance(value, Mapping) else None
    return default if value is None else value


def name(found: Mapping[str, Any]) -> str:
    """metadata.name."""
    return str(found["metadata"].get("name", ""))


def instant(text: object) -> datetime | None:
    """A timestamp; None where there is none."""
    match = _TIME.match(text) if isinstance(text, str) else None
    return datetime.fromisoformat(match[1]).replace(tzinfo=UTC) if match else None


def since(text: object, now: datetime) -> str:
    """How long ago that was, in the words of kubectl."""
    when = instant(text)
    return UNKNOWN if when is None else human((now - when).total_seconds())


def age(found: Mapping[str, Any], now: datetime) -> str:
    """How long ago the object was created."""
    return since(at(found, "metadata.creationTimestamp"), now)


_SPANS = (
    # Up to so many seconds: the large unit, and the small one that is told beside it (0: none is).
    (2 * _MINUTE, 1, "s", 0, ""),
    (10 * _MINUTE, _MINUTE, "m", 1, "s"),
    (3 * _HOUR, _MINUTE, "m", 0, ""),
    (8 * _HOUR, _HOUR, "h", _MINUTE, "m"),
    (2 * _DAY, _HOUR, "h", 0, ""),
    (8 * _DAY, _DAY, "d", _HOUR, "h"),
    (2 * _YEAR, _DAY, "d", 0, ""),
    (8 * _YEAR, _YEAR, "y", _DAY, "d"),
    (float("inf"), _YEAR, "y", 0, ""),
)


def human(elapsed: float) -> str:
    """A length of time in the words of kubectl: follows HumanDuration in k8s.io/apimachinery, pkg/util/duration."""
    seconds = int(elapsed)
    if seconds < -1:
        return "<invalid>"
    seconds = max(seconds, 0)
    _, large, large_unit, small, small_unit = next(span for span in _SPANS if seconds < span[0])
    rest = seconds % large // small if small else 0
    return f"{seconds // large}{large_unit}" + (f"{rest}{small_unit}" if rest else "")


def labels(found: Mapping[str, str] | None) -> str:
    """`a=b,c=d`, sorted."""
    return ",".join(f"{key}={value}" for key, value in sorted((found or {}).items())) or NONE


_OPERATORS = {"In": " in ", "NotIn": " notin "}


def selector(found: Mapping[str, Any] | None) -> str:
    """A LabelSelector as text, sorted by key; "" for one that selects everything, or none."""
    found = found or {}
    equal = [(key, f"{key}={value}") for key, value in (found.get("matchLabels") or {}).items()]
    other = [(each["key"], _expression(each)) for each in found.get("matchExpressions") or ()]
    return ",".join(text for _, text in sorted([*equal, *other], key=lambda pair: pair[0]))


def _expression(found: Mapping[str, Any]) -> str:
    match found["operator"]:
        case "Exists":
            return str(found["key"])
        case "DoesNotExist":
            return f"!{found['key']}"
    return f"{found['key']}{_OPERATORS[found['operator']]}({','.join(sorted(found.get('values') or ()))})"


def containers(found: Sequence[Mapping[str, Any]] | None) -> list[str]:
    """Names and images."""
    return [",".join(str(each.get(key, "")) for each in found or ()) for key in ("name", "image")]


def some(found: Iterable[str], most: int = 3, nothing: str = UNSET) -> str:
    """The first few, and how many more there are."""
    every = list(found)
    text = ",".join(every[:most])
    return f"{text} + {len(every) - most} more..." if len(every) > most else text or nothing


def condition(found: Mapping[str, Any], kind: str) -> Mapping[str, Any]:
    """The first condition of that type; an empty one where there is none."""
    return next((each for each in at(found, "status.conditions", ()) if each.get("type") == kind), {})
