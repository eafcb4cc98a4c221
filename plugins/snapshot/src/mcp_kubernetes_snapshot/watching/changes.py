"""The changes of a snapshot, one for each version, as far back as they are kept."""

from __future__ import annotations

from collections.abc import Sequence

from mcp_kubernetes_snapshot.api.status import expired
from mcp_kubernetes_snapshot.contents import Change

_MOST = 2_000
"""Older changes are forgotten: a watcher that is further behind is told 410. Each is two records: 200 bytes."""


class Changes:
    """Written under the lock of the states, read without one: what is there stays as it is until it is forgotten."""

    def __init__(self) -> None:
        self._by_version: dict[int, Change] = {}

    def add(self, change: Change) -> None:
        """Keep the next one."""
        self._by_version[change.version] = change
        self._by_version.pop(change.version - _MOST, None)

    def between(self, version: int, present: int) -> Sequence[Change]:
        """Those that lead from the one version to the other. Raises Refusal where they are forgotten."""
        try:
            return [self._by_version[each] for each in range(version + 1, present + 1)]
        except KeyError:
            raise expired(f"too old resource version: {version} ({self._oldest(present)})") from None

    def _oldest(self, present: int) -> int:
        """The oldest version from which everything is known."""
        return min(tuple(self._by_version), default=present + 1) - 1
