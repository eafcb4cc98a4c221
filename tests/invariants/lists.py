"""What the server of the fixture `filled` holds, and how its lists can be asked for."""

from __future__ import annotations

import re
from typing import Any

NAMESPACES = {"a": 7, "a-b": 12, "a-b-c": 1, "a0": 5, "ab": 0, "b": 60, "z": 2}
"""Namespaces, some of whose names begin with another's, and how many config maps are in each."""

ROOMY = 4_000_000
BY_NAMESPACE = {"kubernetes": {"qps_limit": 0}}
OVER_ALL = {"kubernetes": {"qps_limit": 1_000, "burst_limit": 1}}
"""Too few free requests to ask namespace by namespace."""

CURSOR = re.compile(r"continue=(\S+)")


def config_map(number: int) -> dict[str, Any]:
    labels = {"parity": "even" if number % 2 == 0 else "odd"}
    data = {"text": "x" * (number * number % 600), **{f"key{n}": "v" for n in range(number % 5)}}
    return {"metadata": {"name": f"cm-{number:02d}{'y' * (number % 40)}", "labels": labels}, "data": data}
